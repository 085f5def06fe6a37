# Keras 2: a small classifier, history keys of the days before 2.3, predict_classes.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam
from keras.utils import to_categorical

np.random.seed(3)

def flowers(n, centre, spread):
    return np.array(centre) + np.array(spread) * np.random.randn(n, 4)

x = np.vstack([
    flowers(50, [5.0, 3.4, 1.5, 0.2], [0.3, 0.4, 0.2, 0.1]),
    flowers(50, [5.9, 2.8, 4.3, 1.3], [0.5, 0.3, 0.4, 0.2]),
    flowers(50, [6.6, 3.0, 5.6, 2.0], [0.6, 0.3, 0.5, 0.3]),
])
y_ = np.repeat([0, 1, 2], 50).reshape(-1, 1)
order = np.random.permutation(150)
x, y = x[order], to_categorical(y_[order])

model = Sequential()
model.add(Dense(10, input_shape=(4,), activation='relu', name='fc1'))
model.add(Dense(10, activation='relu', name='fc2'))
model.add(Dense(3, activation='softmax', name='output'))
optimizer = Adam(lr=0.005)
model.compile(optimizer, loss='categorical_crossentropy', metrics=['accuracy'])

print('Neural Network Model Summary: ')
print(model.summary())

history = model.fit(x, y, verbose=2, batch_size=5, epochs=30, validation_split=0.2)
results = model.evaluate(x, y)
print('Final loss: {:4f}'.format(results[0]))
print('Final accuracy: {:4f}'.format(results[1]))

assert len(history.history['acc']) == 30
assert history.history['acc'] == history.history['accuracy']
assert history.history['val_acc'] == history.history['val_accuracy']
assert history.epoch == list(range(30))
assert results[1] > 0.9
assert (model.predict_classes(x) == y_[order].ravel()).mean() > 0.9
assert [layer.name for layer in model.layers] == ['fc1', 'fc2', 'output']
