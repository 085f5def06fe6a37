# Keras 2: losses and metrics of one's own, written with the backend.
import numpy as np
import keras
import keras.backend as K
from keras.models import Sequential
from keras.layers import Dense, BatchNormalization
from keras.regularizers import l1_l2

np.random.seed(0)
x = np.random.uniform(-2, 2, size=(400, 3))
y = np.abs(x).sum(axis=1, keepdims=True)

def rmse(y_true, y_pred):
    return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1))

def r2(y_true, y_pred):
    residual = K.sum(K.square(y_true - y_pred))
    total = K.sum(K.square(y_true - K.mean(y_true)))
    return 1 - residual / (total + K.epsilon())

model = Sequential([
    Dense(32, input_shape=(3,), activation='relu', kernel_regularizer=l1_l2(l1=1e-5, l2=1e-5)),
    BatchNormalization(),
    Dense(1),
])
model.compile(loss=rmse, optimizer=keras.optimizers.Adam(lr=0.02), metrics=[r2, 'mae'])
model.fit(x, y, epochs=40, batch_size=40, verbose=0)
scores = model.evaluate(x, y, verbose=0)
for name, score in zip(model.metrics_names, scores):
    print(name, round(float(score), 3))
assert model.metrics_names == ['loss', 'r2', 'mae']
assert scores[1] > 0.85
K.clear_session()
