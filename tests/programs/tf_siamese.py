# tf.keras: one network for two inputs, distance in a Lambda, contrastive loss; metrics by position.
import numpy as np
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Dense, Flatten, Input, Lambda
from tensorflow.keras.models import Model


def euclidean_distance(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, K.epsilon()))


def contrastive_loss(y_true, y_pred):
    margin = 1
    margin_square = K.square(K.maximum(margin - y_pred, 0))
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * margin_square)


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


rng = np.random.RandomState(1)
same = rng.randint(0, 2, (120, 1)).astype('float32')
first = rng.rand(120, 4, 3).astype('float32')
second = np.where(same[:, :, None] > 0, first, 1 - first) + 0.05 * rng.randn(120, 4, 3).astype('float32')
input = Input(shape=(4, 3))
base_network = Model(input, Dense(8)(Dense(16, activation='relu')(Flatten()(input))))
input_a, input_b = Input(shape=(4, 3)), Input(shape=(4, 3))
distance = Lambda(euclidean_distance, output_shape=lambda shapes: (shapes[0][0], 1))([base_network(input_a), base_network(input_b)])
model = Model([input_a, input_b], distance)
model.compile('adam', contrastive_loss, [accuracy])
history = model.fit([first, second], same, batch_size=16, epochs=15, verbose=2)
assert history.history['accuracy'][-1] > 0.9
assert len(base_network.trainable_weights) == len(model.trainable_weights) == 4
