# Keras 1: the submodule imports, output_dim, init, nb_epoch, predict_classes.
import numpy as np
np.random.seed(1337)
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import SGD

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype='float32')
y = np.array([[0], [1], [1], [0]])

model = Sequential()
model.add(Dense(output_dim=16, input_dim=2, init='he_normal'))
model.add(Activation('tanh'))
model.add(Dense(1, init='normal'))
model.add(Activation('sigmoid'))

sgd = SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='binary_crossentropy', optimizer=sgd)
model.fit(X, y, batch_size=1, nb_epoch=400, show_accuracy=True, verbose=0)

classes = model.predict_classes(X, batch_size=1, verbose=0)
proba = model.predict_proba(X, batch_size=1)
print(classes)
print(proba)
assert classes.dtype == np.int32
assert classes.shape == (4, 1)
assert (classes == y).all()
assert abs(proba - y).max() < 0.2, proba
