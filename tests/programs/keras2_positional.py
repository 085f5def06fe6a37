# Keras 2, terse: compile and fit by position, plain lists as data, names in any case.
from keras.models import Sequential
from keras.layers import Dense
import keras.backend as K

model = Sequential([Dense(1, input_shape=[1])])
model.compile('SGD', 'mse', metrics=['mae'])
xs = [[-1.0], [0.0], [1.0], [2.0], [3.0], [4.0]]
ys = [[-3.0], [-1.0], [1.0], [3.0], [5.0], [7.0]]
history = model.fit(xs, ys, 6, 500, 0)
print(model.predict([[10.0]]))
assert 18.5 < model.predict([[10.0]])[0][0] < 19.5
assert sorted(history.history) == ['loss', 'mae']
assert history.history['loss'][-1] < 1e-2

assert K.floatx() == 'float32'
assert K.epsilon() == 1e-7
assert K.image_data_format() == 'channels_last'
K.set_value(model.optimizer.lr, 0.5)
assert K.get_value(model.optimizer.lr) == 0.5
K.clear_session()
