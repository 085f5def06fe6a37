# Keras 2: callbacks, the best weights kept, the model in a file, its weights in a twin.
import os
import tempfile
import numpy as np
from keras.callbacks import EarlyStopping, ReduceLROnPlateau, CSVLogger
from keras.layers import Dense, Dropout, LeakyReLU
from keras.models import Sequential, load_model

np.random.seed(5)
X = np.random.randn(300, 8)
y = (X[:, 0] + X[:, 1] ** 2 > 0.8).astype(int)

def build():
    model = Sequential()
    model.add(Dense(24, input_dim=8))
    model.add(LeakyReLU(alpha=0.1))
    model.add(Dropout(0.2))
    model.add(Dense(1, activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['acc'])
    return model

folder = tempfile.mkdtemp()
path = os.path.join(folder, 'best.h5')
log = os.path.join(folder, 'log.csv')
model = build()
history = model.fit(X, y, validation_split=0.25, epochs=200, batch_size=16, verbose=0, callbacks=[
    EarlyStopping(monitor='val_loss', patience=10, verbose=0, mode='min', restore_best_weights=True),
    ReduceLROnPlateau(monitor='val_loss', factor=0.5, patience=5, verbose=0),
    CSVLogger(log),
])
model.save(path)
best = load_model(path)
loss, acc = best.evaluate(X[225:], y[225:], verbose=0)
print('best epoch', int(np.argmin(history.history['val_loss'])) + 1, 'of', len(history.epoch))
assert abs(loss - min(history.history['val_loss'])) < 1e-4
assert len(open(log).readlines()) == len(history.epoch) + 1
twin = build()
best.save_weights(os.path.join(folder, 'w.h5'))
twin.load_weights(os.path.join(folder, 'w.h5'))
assert np.allclose(twin.predict(X), best.predict(X))
