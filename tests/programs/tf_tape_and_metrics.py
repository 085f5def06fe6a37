# tf.keras: a loop with a tape from the guide, metrics reset by reset_states, datasets, nested tapes.
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(0)
rng = np.random.RandomState(0)
x_train = rng.rand(128, 10).astype('float32')
y_train = (x_train[:, 0] * 3).astype(int)
inputs = keras.Input(shape=(10,), name='digits')
outputs = layers.Dense(3, name='predictions')(layers.Dense(16, activation='relu', kernel_regularizer='l2')(inputs))
model = keras.Model(inputs=inputs, outputs=outputs)
optimizer = keras.optimizers.Adam(learning_rate=0.05)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(128).batch(32)
assert int(tf.data.experimental.cardinality(train_dataset)) == 4
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()


def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits) + 0.01 * tf.add_n(model.losses)
    grads = tape.gradient(loss_value, model.trainable_weights)
    grads = [tf.clip_by_norm(g, 5.0) for g in grads]
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    train_acc_metric.update_state(y, logits)
    return loss_value


for epoch in range(15):
    for step, (x_batch, y_batch) in enumerate(train_dataset):
        loss_value = train_step(x_batch, y_batch)
    train_acc = train_acc_metric.result()
    print('epoch %d: loss %.4f, accuracy %.4f' % (epoch, float(loss_value), float(train_acc)))
    train_acc_metric.reset_states()
assert float(train_acc) > 0.5
assert float(train_acc_metric.result()) == 0
x = tf.Variable(3.0)
with tf.GradientTape() as t2:
    with tf.GradientTape() as t1:
        y = x ** 3
    d = t1.gradient(y, x)
assert t2.gradient(d, x).numpy() == 18
