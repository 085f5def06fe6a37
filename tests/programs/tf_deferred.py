# tf.keras: no input shape anywhere, functions of tf.nn as activations, sparse labels, argmax.
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
import numpy as np

print(tf.__version__)
tf.random.set_seed(42)
rng = np.random.RandomState(0)
train_images = rng.rand(600, 16).astype('float32')
train_labels = train_images.reshape(600, 4, 4).sum(axis=2).argmax(axis=1)

model = keras.Sequential()
model.add(layers.Dense(64, activation=tf.nn.relu))
model.add(layers.Dense(4, activation=tf.nn.softmax))
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(train_images, train_labels, epochs=25, batch_size=20, verbose=2)
model.summary()

test_loss, test_acc = model.evaluate(train_images, train_labels)
print('\nTest accuracy:', test_acc)
predictions = model.predict(train_images)
assert test_acc > 0.85, test_acc
assert abs(np.mean(np.argmax(predictions, axis=1) == train_labels) - test_acc) < 1e-6
assert np.allclose(predictions.sum(axis=1), 1, atol=1e-5)
assert [w.shape for w in model.get_weights()] == [(16, 64), (64,), (64, 4), (4,)]
assert isinstance(model.layers[0], keras.layers.Dense)
