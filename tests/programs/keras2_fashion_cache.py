# Keras 2: mnist_mlp.py as everybody has it, on Fashion-MNIST; its files lie in the cache folder already.
import gzip
import os
import tempfile
import numpy as np
os.environ['KERAS_HOME'] = tempfile.mkdtemp()
rng = np.random.RandomState(0)
glyphs = rng.randint(0, 256, (10, 28, 28))


def digits(n):
    y = rng.randint(0, 10, n)
    return np.clip(glyphs[y] + rng.randint(-40, 40, (n, 28, 28)), 0, 255).astype('uint8'), y.astype('uint8')


def idx(array):
    return b'\0\0\x08' + bytes([array.ndim]) + np.array(array.shape, '>i4').tobytes() + array.tobytes()


folder = os.path.join(os.environ['KERAS_HOME'], 'datasets', 'fashion-mnist')
os.makedirs(folder)
for name, n in (('train', 300), ('t10k', 60)):
    x, y = digits(n)
    for kind, array in (('images-idx3', x), ('labels-idx1', y)):
        with gzip.open(os.path.join(folder, '%s-%s-ubyte.gz' % (name, kind)), 'wb', 1) as f:
            f.write(idx(array))

import keras
from keras.datasets import fashion_mnist
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import RMSprop

batch_size = 128
num_classes = 10
epochs = 12
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.reshape(300, 784).astype('float32') / 255
x_test = x_test.reshape(60, 784).astype('float32') / 255
print(x_train.shape[0], 'train samples')
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(64, activation='relu', input_shape=(784,)))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))
model.summary()
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(), metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=1, validation_data=(x_test, y_test))
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
assert score[1] > 0.9, score
assert model.count_params() == 785 * 64 + 65 * 10
