"""Models as scikit-learn estimators.

With these a model goes wherever scikit-learn expects an estimator: ``cross_val_score``,
``GridSearchCV``, ``Pipeline``. The wrappers that Keras 2 had are in
:mod:`tinygrad_lr.wrappers.scikit_learn`.
"""

from tinygrad_lr.wrappers.estimators import (
    SKLearnClassifier,
    SKLearnRegressor,
    SKLearnTransformer,
)

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
