# TensorFlow 2: a functional model with two inputs and two outputs, losses by name.
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers
from tensorflow.keras.models import Model

tf.random.set_seed(3)
rng = np.random.RandomState(3)
a, b = rng.rand(256, 4).astype('float32'), rng.rand(256, 2).astype('float32')
total = a.sum(1, keepdims=True) + b.sum(1, keepdims=True)
larger = (a[:, 0] > b[:, 0]).astype('int32')

first = tf.keras.Input(shape=(4,), name='first')
second = tf.keras.Input(shape=(2,), name='second')
x = layers.concatenate([layers.Dense(16, activation='relu')(first), second])
x = layers.Dense(16, activation=tf.nn.relu)(x)
value = layers.Dense(1, name='value')(x)
label = layers.Dense(2, activation='softmax', name='label')(x)
model = Model(inputs=[first, second], outputs=[value, label])
model.compile(optimizer=tf.keras.optimizers.Adam(0.01),
              loss={'value': 'mse', 'label': 'sparse_categorical_crossentropy'},
              loss_weights={'value': 1.0, 'label': 0.5}, metrics={'label': 'accuracy'})
history = model.fit({'first': a, 'second': b}, {'value': total, 'label': larger},
                    epochs=40, batch_size=32, verbose=0)
value_, label_ = model.predict([a, b], verbose=0)
print(value_.shape, label_.shape, sorted(history.history))
assert np.abs(value_ - total).mean() < 0.2
assert (label_.argmax(1) == larger).mean() > 0.85
assert 'label_accuracy' in history.history
