# Keras 1: Model(input=, output=), two branches merged, validation by hand.
import numpy as np
np.random.seed(1337)
from keras.layers import Input, Dense, Dropout
from keras.layers.core import Activation
from keras.models import Model
from keras.optimizers import SGD

X = np.random.rand(200, 6)
Y = (X[:, :1] * X[:, 1:2] > 0.25).astype('float32')

inputs = Input(shape=(6,))
x = Dense(output_dim=16, init='uniform')(inputs)
x = Activation('tanh')(x)
x = Dropout(0.1)(x)
out = Dense(1, activation='sigmoid')(x)
model = Model(input=inputs, output=out)
model.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.5, momentum=0.9))

before = model.evaluate(X, Y, verbose=0)
hist = model.fit(X, Y, nb_epoch=60, batch_size=20, verbose=0, validation_split=0.1)
after = model.evaluate(X, Y, verbose=0)
print('loss %.3f -> %.3f' % (before, after))
assert after < before
assert len(hist.history['val_loss']) == 60
assert model.layers[1].get_weights()[0].shape == (6, 16)
