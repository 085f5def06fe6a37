# Keras 1: hidden layers looked at by K.function and K.gradients, the phase given; a session for threads.
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import Dense, Dropout
from keras.models import Sequential

config = tf.ConfigProto(intra_op_parallelism_threads=1)
config.gpu_options.allow_growth = True
K.set_session(tf.Session(graph=tf.get_default_graph(), config=config))

X = np.random.RandomState(1).rand(10, 4)
model = Sequential()
model.add(Dense(output_dim=6, input_dim=4, activation='tanh', init='uniform', name='first'))
model.add(Dropout(0.5))
model.add(Dense(output_dim=2, activation='softmax'))
model.compile('sgd', 'categorical_crossentropy')

get_3rd_layer_output = K.function([model.layers[0].input, K.learning_phase()], [model.layers[2].output])
test, train = (get_3rd_layer_output([X, phase])[0] for phase in (0, 1))
assert np.allclose(test, model.predict(X), atol=1e-6)
assert not np.allclose(test, train)
outputs = [layer.output for layer in model.layers]
functor = K.function([model.input], outputs)
kernel, bias = model.get_layer('first').get_weights()
assert np.allclose(functor([X])[0], np.tanh(X @ kernel + bias), atol=1e-6)

# climbing towards an input that the first class likes
loss = K.mean(model.output[:, 0])
grads = K.gradients(loss, model.input)[0]
grads /= (K.sqrt(K.mean(K.square(grads))) + 1e-5)
iterate = K.function([model.input], [loss, grads])
x = X[:1].copy()
first, _ = iterate([x])
for i in range(20):
    loss_value, grads_value = iterate([x])
    x += grads_value * .1
print('from %.3f to %.3f' % (first, loss_value))
assert loss_value > first
