"""Without scikit-learn the old wrappers work alone; the new ones say so."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def test_without_scikit_learn():
    code = """
        import sys
        sys.modules["sklearn"] = None  # as if it were not installed
        import numpy as np
        import tinygrad_lr.alias
        from keras.layers import Dense
        from keras.models import Sequential
        from keras.wrappers import SKLearnClassifier
        from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

        def build(activation="sigmoid", loss="binary_crossentropy"):
            model = Sequential([Dense(1, activation=activation, input_dim=2)])
            model.compile("sgd", loss, metrics=["accuracy"])
            return model

        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        found = KerasClassifier(build, epochs=2, verbose=0).fit(x, [0, 1, 1, 1])
        print(found.predict(x).shape, 0 <= found.score(x, [0, 1, 1, 1]) <= 1)
        found = KerasRegressor(build, activation=None, loss="mse", verbose=0)
        print(found.fit(x, x.sum(axis=1)).predict(x).shape)
        try:
            SKLearnClassifier(build())
        except ImportError as error:
            print(error)
        """
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert found.stdout.splitlines() == [
        "(4, 1) True",
        "(4,)",
        "SKLearnClassifier needs scikit-learn: python -m pip install scikit-learn",
    ], found.stderr
