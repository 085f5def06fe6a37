# TensorFlow 2: datasets, a subclassed model, and a training loop by hand.
import numpy as np
import tensorflow as tf

tf.random.set_seed(1)
print('TensorFlow', tf.__version__.split('.')[0])
x = tf.random.normal((256, 3), seed=1)
y = tf.cast(tf.reduce_sum(x, axis=1) > 0, tf.int32)
dataset = tf.data.Dataset.from_tensor_slices((x.numpy(), y.numpy())).shuffle(256, seed=1).batch(32)


class Classifier(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(8, activation='tanh')
        self.out = tf.keras.layers.Dense(2)

    def call(self, inputs):
        return self.out(self.hidden(inputs))


model = Classifier()
optimizer = tf.keras.optimizers.Adam(0.05)
mean = tf.keras.metrics.Mean()
accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
for epoch in range(6):
    mean.reset_state()
    accuracy.reset_state()
    for features, labels in dataset:
        with tf.GradientTape() as tape:
            logits = model(features, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        mean.update_state(loss)
        accuracy.update_state(labels, logits)
    print('epoch', epoch, 'loss %.3f accuracy %.3f' % (mean.result(), accuracy.result()))
assert float(accuracy.result()) > 0.95
matrix = tf.math.confusion_matrix(y, tf.argmax(model(x), axis=1)).numpy()
assert matrix.sum() == 256
assert np.trace(matrix) > 240
