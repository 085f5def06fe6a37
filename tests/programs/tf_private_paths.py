# The import paths that editors offered: tensorflow.python.keras and tensorflow.contrib.keras.
import numpy as np
import tensorflow as tf
from tensorflow.python.keras.layers import Dense, Activation
from tensorflow.python.keras.layers.core import Dense as CoreDense
from tensorflow.python.keras.models import Sequential
from tensorflow.contrib.keras import layers as contrib_layers
from tensorflow.contrib.keras.api.keras.models import Sequential as ContribSequential
from tensorflow.keras.models import Sequential as PublicSequential

tf.set_random_seed(5)
tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)

assert Sequential is ContribSequential is PublicSequential is tf.keras.Sequential
assert Dense is CoreDense is contrib_layers.Dense

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
Y = np.array([[0], [0], [0], [1]], "float32")
model = Sequential()
model.add(Dense(4, input_dim=2))
model.add(Activation('tanh'))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='mean_squared_error', optimizer=tf.keras.optimizers.Adam(0.05), metrics=['binary_accuracy'])
model.fit(X, Y, epochs=300, verbose=0)
print(model.predict(X).round())
assert (model.predict(X).round() == Y).all()
assert model.evaluate(X, Y, verbose=0)[1] == 1.0
