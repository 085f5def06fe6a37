# A much copied course keeps its model on the tensorflow module itself, and its data in lists.
import numpy as np
import tensorflow as tf

x_train = [1, 2, 3, 4]
y_train = [0, -1, -2, -3]

tf.model = tf.keras.Sequential()
# units == output shape, input_dim == input shape
tf.model.add(tf.keras.layers.Dense(units=1, input_dim=1))

sgd = tf.keras.optimizers.SGD(lr=0.1)  # SGD == standard gradient descendent, lr == learning rate
tf.model.compile(loss='mse', optimizer=sgd)  # mse == mean_squared_error, 1/m * sig (y'-y)^2

# prints summary of the model to the terminal
tf.model.summary()

# fit() executes training
history = tf.model.fit(x_train, y_train, epochs=200, verbose=0)

# predict() returns predicted value
y_predict = tf.model.predict(np.array([5, 4]))
print(y_predict)
assert y_predict.shape == (2, 1)
assert np.allclose(y_predict, [[-4], [-3]], atol=0.05)
assert history.history['loss'][-1] < history.history['loss'][0]
assert tf.__version__.split('.')[0] == '2'
