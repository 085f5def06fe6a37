# Keras 2: the "first network" of many blogs, with its print of metrics_names and its rounding.
from keras.models import Sequential
from keras.layers import Dense
import numpy

# fix random seed for reproducibility
seed = 7
numpy.random.seed(seed)
# a data set of the same form: eight measurements, an outcome of 0 or 1
X = numpy.random.rand(400, 8) * numpy.array([10, 180, 110, 60, 500, 50, 2, 70])
Y = (X[:, 1] / 180 + X[:, 5] / 50 > 1).astype(int)
X = X / X.max(axis=0)
# create model
model = Sequential()
model.add(Dense(12, input_dim=8, kernel_initializer='uniform', activation='relu'))
model.add(Dense(8, kernel_initializer='uniform', activation='relu'))
model.add(Dense(1, kernel_initializer='uniform', activation='sigmoid'))
# compile model
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
# fit the model
model.fit(X, Y, validation_split=0.33, epochs=60, batch_size=10, verbose=0)
# evaluate the model
scores = model.evaluate(X, Y, verbose=0)
print("%s: %.2f%%" % (model.metrics_names[1], scores[1]*100))
# calculate predictions
predictions = model.predict(X)
rounded = [round(x[0]) for x in predictions]
print(rounded[:10])

assert model.metrics_names[0] == 'loss'
assert len(model.metrics_names) == len(scores) == 2
assert scores[1] > 0.9, scores
assert set(rounded) == {0, 1}
assert abs(numpy.mean(rounded == Y) - scores[1]) < 1e-6
