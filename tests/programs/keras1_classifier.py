# Keras 1: np_utils, regularized weights, an optimizer with all its arguments spelt out.
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import RMSprop
from keras.regularizers import l2
from keras.utils import np_utils

np.random.seed(7)
n_classes = 3
centres = np.array([[0., 2.], [2., -1.], [-2., -1.]])
labels = np.random.randint(0, n_classes, 300)
X = centres[labels] + 0.5 * np.random.randn(300, 2)
Y = np_utils.to_categorical(labels, n_classes)
X_train, Y_train, X_test, Y_test = X[:240], Y[:240], X[240:], Y[240:]

model = Sequential([
    Dense(16, input_dim=2, init='normal', W_regularizer=l2(0.001)),
    Activation('relu'),
    Dense(n_classes, bias=True, b_regularizer=l2(0.001)),
    Activation('softmax'),
])
rmsprop = RMSprop(lr=0.01, rho=0.9, epsilon=1e-08, decay=0.0)
model.compile(optimizer=rmsprop, loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(X_train, Y_train, nb_epoch=10, batch_size=32)

loss, accuracy = model.evaluate(X_test, Y_test)
print('test loss: ', loss)
print('test accuracy: ', accuracy)
assert accuracy > 0.9
assert loss < 0.6
classes = model.predict_classes(X_test)
assert classes.shape == (60,)
assert abs((classes == labels[240:]).mean() - accuracy) < 1e-6
