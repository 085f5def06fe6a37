# TensorFlow 2 without a model: Variables, GradientTape, and an optimizer's apply_gradients.
import numpy as np
import tensorflow as tf

tf.random.set_seed(0)
np.random.seed(0)
x = np.random.uniform(-1, 1, (64, 1)).astype(np.float32)
y = 3.0 * x - 1.0

W = tf.Variable(np.zeros((1, 1), np.float32), name="W")
b = tf.Variable(0.0, name="b")
optimizer = tf.keras.optimizers.SGD(learning_rate=0.5)

@tf.function
def loss_of(x, y):
    return tf.reduce_mean(tf.square(tf.matmul(x, W) + b - y))

for step in range(100):
    with tf.GradientTape() as tape:
        loss = loss_of(tf.constant(x), tf.constant(y))
    gradients = tape.gradient(loss, [W, b])
    optimizer.apply_gradients(zip(gradients, [W, b]))
    if step % 20 == 0:
        print(step, loss.numpy())

print(W.numpy(), b.numpy())
assert abs(W.numpy()[0, 0] - 3) < 1e-3
assert abs(b.numpy() + 1) < 1e-3
assert float(loss) < 1e-6
assert tf.config.list_physical_devices('GPU') == []
