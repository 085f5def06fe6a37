# Keras 2 with small liberties: metrics as one string, lower-case classes, verbose=True.
import numpy as np
import keras
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import adam
from keras.losses import mse
from keras.engine.topology import Layer
from keras.layers.advanced_activations import *

np.random.seed(0)
X = np.random.randn(200, 3)
y = np.sign(X[:, 0] + 2 * X[:, 1] - X[:, 2]) > 0

model = Sequential()
model.add(Dense(6, input_dim=3, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
assert isinstance(model.layers[0], Layer)
model.compile(loss='binary_crossentropy', optimizer=adam(lr=0.05, epsilon=None), metrics='acc')
history = model.fit(X, y.astype(int), epochs=20, verbose=True, workers=4, use_multiprocessing=False)
print(history.history.keys())
assert history.history['acc'][-1] > 0.9
loss, acc = model.evaluate(X, y.astype(int), verbose=0)
assert acc > 0.9
for layer in model.layers:
    for weights in layer.get_weights():
        print(layer.name, weights.shape)
assert keras.__version__
assert float(mse(np.array([[1.0]]), np.array([[3.0]]))[0]) == 4.0
