# Keras 3: SKLearnClassifier around a function that looks at the data.
import keras
import numpy as np
from keras.layers import Dense, Input
from keras.models import Model
from keras.wrappers import SKLearnClassifier
try:
    from sklearn.model_selection import GridSearchCV
except ImportError:
    print("scikit-learn is not installed")
    raise SystemExit(0)

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(150, 4))
y = np.where(X[:, 0] * X[:, 1] > 0, "same", "different")


def dynamic_model(X, y, loss, layers=[10]):
    inp = Input(shape=(X.shape[1],))
    hidden = inp
    for layer_size in layers:
        hidden = Dense(layer_size, activation="relu")(hidden)
    out = Dense(y.shape[1] if len(y.shape) > 1 else 1, activation="softmax")(hidden)
    model = Model(inp, out)
    model.compile(loss=loss, optimizer=keras.optimizers.Adam(0.01))
    return model


est = SKLearnClassifier(dynamic_model, model_kwargs={"loss": "categorical_crossentropy", "layers": [20, 20]},
                        fit_kwargs={"epochs": 40, "verbose": 0})
est.fit(X, y)
print(est.classes_, est.score(X, y))
assert est.score(X, y) > 0.85
kwargs = [{"loss": "categorical_crossentropy", "layers": n} for n in ([1], [20, 20])]
search = GridSearchCV(est, {"model_kwargs": kwargs}, cv=3).fit(X, y)
assert search.best_params_["model_kwargs"]["layers"] == [20, 20]
