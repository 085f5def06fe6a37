# Keras 2: grid search over batch size, epochs and an argument of the building function.
import numpy
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from keras.models import Sequential
from keras.layers import Dense
from keras.wrappers.scikit_learn import KerasClassifier


def create_model(optimizer='rmsprop', units=6):
    model = Sequential()
    model.add(Dense(units, input_dim=4, activation='relu'))
    model.add(Dense(1, activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer=optimizer, metrics=['accuracy'])
    return model


numpy.random.seed(7)
X = numpy.random.rand(60, 4)
Y = (X[:, 0] > .5).astype(int)
model = KerasClassifier(build_fn=create_model, verbose=0)
param_grid = dict(batch_size=[5], epochs=[1, 5], optimizer=['adam'])
grid = GridSearchCV(estimator=model, param_grid=param_grid, cv=2)
grid_result = grid.fit(X, Y)
print('Best: %f using %s' % (grid_result.best_score_, grid_result.best_params_))
means = grid_result.cv_results_['mean_test_score']
for mean, param in zip(means, grid_result.cv_results_['params']):
    print('%f with: %r' % (mean, param))
assert len(means) == 2
assert set(grid_result.best_params_) == {'batch_size', 'epochs', 'optimizer'}
assert grid.predict(X[:3]).shape[0] == 3
pipe = Pipeline([('scale', StandardScaler()), ('net', KerasClassifier(build_fn=create_model, epochs=3, batch_size=5, verbose=0, optimizer='adam'))])
assert 0 <= pipe.fit(X, Y).score(X, Y) <= 1
