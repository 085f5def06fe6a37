# Keras 1: fit_generator with numbers of samples, a learning rate set by the backend.
import numpy as np
from keras import backend as K
from keras.callbacks import Callback
from keras.layers.core import Dense
from keras.models import Sequential

np.random.seed(2)
W = np.random.randn(5, 1)

def samples(batch_size=25):
    while 1:
        x = np.random.randn(batch_size, 5)
        yield (x, np.dot(x, W))

class Cooling(Callback):
    def on_epoch_begin(self, epoch, logs={}):
        K.set_value(self.model.optimizer.lr, 0.1 / (1 + epoch))

model = Sequential()
model.add(Dense(1, input_dim=5, init='zero'))
model.compile('sgd', 'mse')
cooling = Cooling()
history = model.fit_generator(samples(), samples_per_epoch=200, nb_epoch=8, verbose=0,
                              callbacks=[cooling], validation_data=samples(), nb_val_samples=50)
print(history.history['loss'])
assert history.history['loss'][-1] < 1e-2 * history.history['loss'][0]
assert abs(K.get_value(model.optimizer.lr) - 0.1 / 8) < 1e-7
assert np.allclose(model.get_weights()[0], W, atol=0.05)
p = model.predict_generator(samples(), val_samples=50)
assert p.shape == (50, 1)
print('image ordering:', K.image_dim_ordering())
