# Keras 2: class weights, weights by layer, a schedule by callback, a summary sent elsewhere.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.callbacks import LambdaCallback, LearningRateScheduler
from keras.optimizers import SGD

np.random.seed(11)
X = np.random.rand(120, 2)
y = (X.sum(axis=1) > 1.6).astype(int)

model = Sequential()
model.add(Dense(8, input_shape=(2,)))
model.add(Activation('sigmoid'))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.5, momentum=0.9))

rates, lines = [], []
schedule = LearningRateScheduler(lambda epoch: 0.5 if epoch < 30 else 0.1)
watch = LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(float(model.optimizer.lr)))
history = model.fit(X, y, batch_size=12, epochs=40, verbose=0, class_weight={0: 1., 1: 4.},
                    callbacks=[schedule, watch])
model.summary(print_fn=lines.append)

print(rates[0], rates[-1], history.history['loss'][-1])
assert rates[:30] == [0.5] * 30
assert np.allclose(rates[30:], 0.1)
assert 'Total params' in '\n'.join(lines)
assert model.layers[0].get_weights()[0].shape == (2, 8)
before = model.get_weights()
model.set_weights([np.zeros_like(w) for w in before])
assert np.allclose(model.predict(X), 0.5)
model.set_weights(before)
recall = model.predict(X)[y == 1].round().mean()
assert recall > 0.9, recall
