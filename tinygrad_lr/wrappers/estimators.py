"""``SKLearnClassifier``, ``SKLearnRegressor``, ``SKLearnTransformer`` of Keras 3.

Each takes a compiled model, or a function that makes one for the data at hand, and
trains a fresh one in every ``fit``: an estimator can be fitted again and again on
different folds without remembering the last.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_lr.models import Model
from tinygrad_lr.wrappers import bases


class SKLBase(bases.BaseEstimator):  # type: ignore[misc]  # known when it runs
    """What the three estimators share.

    Args:
        model: a compiled Model, of which ``fit`` trains a clone; or a function that
            returns one, called with ``X=``, ``y=`` (as the model will see them) and
            ``model_kwargs``.
        warm_start: go on training the given model, or the one of the last ``fit``.
        model_kwargs: further arguments of the function ``model``.
        fit_kwargs: arguments of ``model.fit``; those given to ``fit`` come first.

    Attributes:
        model_: the fitted Model.
        history_: what ``model.fit`` returned.

    Raises:
        ImportError: without scikit-learn.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        bases.require(type(self).__name__)
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self) -> Any:
        """Return an unfitted estimator of the same arguments.

        scikit-learn would compare each argument with its copy, which a Model cannot
        answer.
        """
        settings = self.get_params(deep=False)
        model = settings.pop("model")
        made = model if not isinstance(model, Model) else copy.deepcopy(model)
        clone = type(self)(model=made, **copy.deepcopy(settings))
        if hasattr(self, "_metadata_request"):
            clone._metadata_request = copy.deepcopy(self._metadata_request)
        return clone

    @property
    def epoch_(self) -> list[int]:
        """The numbers of the epochs of the last ``fit``."""
        return self.history_.epoch if hasattr(self, "history_") else []

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Say what ``fit`` wants from scikit-learn's metadata routing; return ``self``.

        Each argument is the name of one, such as ``sample_weight=True`` (or False, or
        None, or the name by which a caller gives it). Raises ``RuntimeError`` unless
        ``sklearn.set_config(enable_metadata_routing=True)``.
        """
        bases.request(self, "fit", kwargs)
        return self

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train a model on ``X`` (rows, columns) and ``y`` (rows); return ``self``.

        Further arguments go to ``model.fit``. Raises ``ValueError`` for data that
        scikit-learn refuses and ``RuntimeError`` for a model that is not compiled.
        """
        X, y = bases.validate(self, X, y)
        y = self._learn_target(y)
        model = self._make_model(X, y)
        if not getattr(model, "compiled", False) or not model.loss:
            raise RuntimeError(
                f"{type(self).__name__}: expected a compiled model. Call "
                "model.compile(optimizer=..., loss=...) before it is handed over."
            )
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _make_model(self, X: Any, y: Any) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        return self.model if self.warm_start else copy.deepcopy(self.model)

    def _outputs(self, X: Any) -> Any:
        """What the fitted model makes of ``X``."""
        bases.check_fitted(self)
        return self.model_.predict(bases.validate(self, X, reset=False))

    def predict(self, X: Any) -> Any:
        """Predict the targets of ``X``, in the form in which ``fit`` was given them."""
        return self._as_target(self._outputs(X))

    def _learn_target(self, y: Any) -> Any:
        """Return ``y`` as the model is to see it: one column."""
        kind_of_target(y)
        return np.reshape(y, (len(y), -1))

    def _as_target(self, outputs: Any) -> Any:
        """Turn outputs of the model back into targets."""
        return np.squeeze(outputs, axis=1)


def kind_of_target(y: Any) -> str:
    """Return scikit-learn's word for the kind of ``y``; refuse what it cannot tell."""
    multiclass = importlib.import_module("sklearn.utils.multiclass")
    kind: str = multiclass.type_of_target(y)
    if kind == "unknown":
        raise ValueError(f"Unknown label type: expected numbers or labels, got {y!r}.")
    return kind


class SKLearnClassifier(bases.ClassifierMixin, SKLBase):  # type: ignore[misc]  # as above
    """A classifier: the model sees the labels one-hot and gives one score per class.

    The arguments are those of the base class :class:`SKLBase`.

    Attributes:
        classes_: the labels that occurred, in order.

    Example:
        >>> import numpy as np
        >>> import tinygrad_lr as keras
        >>> def network(X, y, units=8):
        ...     model = keras.Sequential([
        ...         keras.layers.Dense(units, activation="tanh", input_dim=X.shape[1]),
        ...         keras.layers.Dense(y.shape[1], activation="softmax"),
        ...     ])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> X = np.array([[0.0], [0.1], [0.9], [1.0]])
        >>> classifier = SKLearnClassifier(network, model_kwargs={"units": 4})
        >>> _ = classifier.fit(X, ["low", "low", "high", "high"], epochs=2, verbose=0)
        >>> classifier.classes_
        array(['high', 'low'], dtype='<U4')
    """

    def decision_function(self, X: Any) -> Any:
        """Return the outputs of the model: one score per class.

        For two classes it is the difference of the two, as scikit-learn wants it.
        """
        scores = self._outputs(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def _learn_target(self, y: Any) -> Any:
        kind = kind_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                "Only binary and multiclass target types are supported: expected one "
                f"label per row. Unknown label type: {kind}."
            )
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                "expected at least two labels, got 1: a classifier cannot train when "
                f"only one class is present ({self.classes_[0]!r})."
            )
        return np.eye(len(self.classes_))[numbers]

    def _as_target(self, outputs: Any) -> Any:
        if outputs.shape[1:] != self.classes_.shape:
            raise ValueError(
                f"expected a model with {len(self.classes_)} outputs, one for each "
                f"class, got outputs of shape {outputs.shape}. Use "
                "Dense(y.shape[1], activation='softmax')."
            )
        return self.classes_[np.argmax(outputs, axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(bases.RegressorMixin, SKLBase):  # type: ignore[misc]  # as above
    """A regressor: the model has one output, the prediction.

    The arguments are those of the base class :class:`SKLBase`.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(bases.TransformerMixin, SKLBase):  # type: ignore[misc]  # as above
    """A transformer: what the model gives out are features for the next estimator.

    The arguments are those of the base class :class:`SKLBase`.
    """

    def transform(self, X: Any) -> Any:
        """Return the outputs of the model for ``X``."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
