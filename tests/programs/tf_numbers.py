# TensorFlow 2: the images from the cache, scaled, a dense network, predictions by argmax.
import gzip, os, tempfile
import numpy as np
folder = tempfile.mkdtemp()
os.environ['KERAS_HOME'] = folder
os.makedirs(os.path.join(folder, 'datasets'))
rng = np.random.RandomState(0)
pictures = rng.randint(0, 80, (300, 28, 28)).astype('uint8')
digits = rng.randint(0, 10, 300).astype('uint8')
for picture, digit in zip(pictures, digits):  # a bright bar in the row of the digit
    picture[2 * digit:2 * digit + 2] = 250
np.savez(os.path.join(folder, 'digits.npz'), x=pictures, y=digits)

import tensorflow as tf
with np.load(os.path.join(folder, 'digits.npz')) as data:
    x, y = data['x'], data['y']
x_train, x_test = x[:240] / 255.0, x[240:] / 255.0
y_train, y_test = y[:240], y[240:]

model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(32, activation=tf.nn.relu),
    tf.keras.layers.Dropout(0.2),
    tf.keras.layers.Dense(10, activation=tf.nn.softmax)
])
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.summary()
model.fit(x_train, y_train, epochs=12, verbose=2)
test_loss, test_acc = model.evaluate(x_test, y_test, verbose=0)
print('Test accuracy:', test_acc)
predictions = model.predict(x_test)
assert (np.argmax(predictions, axis=1) == y_test).mean() == np.float32(test_acc) or abs((np.argmax(predictions, axis=1) == y_test).mean() - test_acc) < 1e-6
assert test_acc > 0.8
