# tf.keras: from Celsius to Fahrenheit with one neuron, and its weights read at the end.
import logging
import os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'
import numpy as np
import tensorflow as tf

logger = tf.get_logger()
logger.setLevel(logging.ERROR)
tf.random.set_seed(1)

celsius_q = np.array([-40, -10, 0, 8, 15, 22, 38], dtype=float)
fahrenheit_a = np.array([-40, 14, 32, 46, 59, 72, 100], dtype=float)
for i, c in enumerate(celsius_q):
    print("{} degrees Celsius = {} degrees Fahrenheit".format(c, fahrenheit_a[i]))

l0 = tf.keras.layers.Dense(units=1, input_shape=[1])
model = tf.keras.Sequential([l0])
model.compile(loss='mean_squared_error', optimizer=tf.keras.optimizers.Adam(0.1))
history = model.fit(celsius_q, fahrenheit_a, epochs=500, verbose=False)
print("Finished training the model")
print(model.predict(np.array([100.0])))
print("These are the layer variables: {}".format(l0.get_weights()))

assert abs(model.predict(np.array([100.0]))[0, 0] - 212) < 5
kernel, bias = l0.get_weights()
assert abs(kernel[0, 0] - 1.8) < 0.1
assert abs(bias[0] - 32) < 4
assert len(history.history['loss']) == 500
