# Keras 2: the scikit-learn wrapper in k-fold cross-validation, labels as strings.
import numpy
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import np_utils
from keras.wrappers.scikit_learn import KerasClassifier
try:
    from sklearn.model_selection import cross_val_score, KFold
    from sklearn.preprocessing import LabelEncoder
    from sklearn.pipeline import Pipeline
except ImportError:
    print('without scikit-learn there is nothing to validate')
    raise SystemExit(0)

seed = 7
numpy.random.seed(seed)
centres = numpy.array([[0., 3.], [3., -1.], [-3., -1.]])
numbers = numpy.random.randint(0, 3, 150)
X = centres[numbers] + numpy.random.randn(150, 2)
Y = numpy.array(['setosa', 'versicolor', 'virginica'])[numbers]

encoder = LabelEncoder()
encoder.fit(Y)
dummy_y = np_utils.to_categorical(encoder.transform(Y))

def baseline_model():
    model = Sequential()
    model.add(Dense(8, input_dim=2, activation='relu'))
    model.add(Dense(3, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model

estimator = KerasClassifier(build_fn=baseline_model, epochs=60, batch_size=5, verbose=0)
kfold = KFold(n_splits=3, shuffle=True, random_state=seed)
results = cross_val_score(estimator, X, dummy_y, cv=kfold)
print("Baseline: %.2f%% (%.2f%%)" % (results.mean()*100, results.std()*100))
assert results.mean() > 0.8

estimator.fit(X, Y)
assert (estimator.predict(X) == Y).mean() > 0.8
assert estimator.model.layers[0].units == 8
pipeline = Pipeline([('mlp', KerasClassifier(baseline_model, epochs=2, verbose=0))])
assert 0 <= pipeline.fit(X, Y).score(X, Y) <= 1
