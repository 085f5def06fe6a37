"""``KerasClassifier`` and ``KerasRegressor``: the wrappers of Keras 1 and 2.

They take a function ``build_fn`` that returns a compiled Sequential, and keyword
arguments that are handed on to whoever knows them: to ``build_fn``, ``fit``,
``predict`` or ``evaluate``. ``GridSearchCV`` can therefore search over layers and
epochs alike. They work without scikit-learn, too.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_lr.arguments import OLD_NAMES, parameters
from tinygrad_lr.models import Sequential
from tinygrad_lr.naming import suggestion
from tinygrad_lr.utils.numeric import to_categorical
from tinygrad_lr.wrappers import bases

METHODS = (Sequential.fit, Sequential.predict, Sequential.evaluate)


def names_known_to(function: Callable[..., Any]) -> list[str]:
    """The names that ``function`` takes by keyword, old spellings included."""
    known = getattr(function, "__wrapped__", function)
    if not hasattr(known, "__code__"):  # an object that can be called, or a partial
        return [
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind
            in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ]
    owner = known.__qualname__.replace("Trainer.", "Model.")
    return [*parameters(known).names, *OLD_NAMES.get(owner, {})]


class BaseWrapper(bases.BaseEstimator):  # type: ignore[misc]  # known when it runs
    """What both wrappers share.

    Args:
        build_fn: a function, or an object that can be called, that returns a compiled
            model; None for a subclass that has ``__call__`` itself.
        sk_params: arguments of ``build_fn``, ``fit``, ``predict`` and ``evaluate``.

    Attributes:
        model: the fitted model.
        history, epoch, params: what the History of the last ``fit`` holds.

    Raises:
        ValueError: for an argument that nobody takes.
    """

    def __init__(
        self, build_fn: Callable[..., Sequential] | None = None, **sk_params: Any
    ) -> None:
        self.build_fn = build_fn
        if sk_params:
            self.__dict__["sk_params"] = sk_params
        self.check_params(sk_params)

    @property
    def sk_params(self) -> dict[str, Any]:
        """The arguments that are handed on."""
        given: dict[str, Any] = vars(self).get("sk_params", {})
        return given

    @property
    def builder(self) -> Callable[..., Any]:
        """What makes the model."""
        if self.build_fn is None and callable(self):
            return self.__call__
        if not callable(self.build_fn):
            raise ValueError(
                f"{type(self).__name__}: expected a function that returns a compiled "
                f"model as build_fn, got {self.build_fn!r}."
            )
        return self.build_fn

    def check_params(self, params: Mapping[str, Any]) -> None:
        """Raise ``ValueError`` for a name that nobody takes."""
        for name in params:
            hint = suggestion(name, {"build_fn"})
            if self.build_fn is None and hint:
                owner = type(self).__name__
                raise TypeError(f"{owner}: unknown argument {name!r}.{hint}")
        builder = self if self.build_fn is None else self.build_fn
        if not params or not callable(builder):
            return
        known = {
            name
            for function in (*METHODS, self.builder)
            for name in names_known_to(function)
        }
        for name in params:
            if name not in known:
                raise ValueError(
                    f"{name} is not a legal parameter of {type(self).__name__}: "
                    f"neither build_fn nor fit, predict or evaluate takes it."
                    f"{suggestion(name, known)}"
                )

    def get_params(self, deep: bool = True, **params: Any) -> dict[str, Any]:
        """Return the arguments of the wrapper, ``build_fn`` among them."""
        names = parameters(type(self).__init__).names
        return {name: getattr(self, name) for name in names} | copy.deepcopy(
            self.sk_params
        )

    def set_params(self, **params: Any) -> Any:
        """Change arguments; return ``self``."""
        own = parameters(type(self).__init__).names
        self.check_params({k: v for k, v in params.items() if k not in own})
        for name, value in params.items():
            if name in own:
                setattr(self, name, value)
            else:
                self.__dict__.setdefault("sk_params", {})[name] = value
        return self

    def filter_sk_params(
        self, fn: Callable[..., Any], override: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return those of the arguments that ``fn`` takes, and ``override``."""
        known = names_known_to(fn)
        chosen = {k: v for k, v in self.get_params().items() if k in known}
        return chosen | dict(override or {})

    numeric = False  # whether targets are numbers

    # -- the fitted model, under the names that Keras gave it --------------------------

    @property
    def model(self) -> Any:
        """The fitted model, None before ``fit``."""
        return vars(self).get("model_")

    @model.setter
    def model(self, model: Any) -> None:
        self.model_ = model

    @property
    def history(self) -> dict[str, list[Any]]:
        """The metrics of every epoch: ``fit(...).history["loss"]``."""
        found: dict[str, list[Any]] = self.history_.history
        return found

    @property
    def epoch(self) -> list[int]:
        """The numbers of the epochs."""
        found: list[int] = self.history_.epoch
        return found

    @property
    def params(self) -> dict[str, Any]:
        """The settings of the training."""
        found: dict[str, Any] = self.history_.params
        return found

    # -- learning ----------------------------------------------------------------------

    def fit(self, x: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Make a model and train it; return ``self``, which has a ``history``.

        Further arguments go to the model's ``fit``.
        """
        x, y = bases.validate(
            self, x, y, allow_nd=True, multi_output=True, y_numeric=self.numeric
        )
        y = self._learn_target(as_row(np.asarray(y)))
        if sample_weight is not None:
            if not np.any(np.asarray(sample_weight)):
                raise ValueError(
                    "Sample weights must contain at least one non-zero number."
                )
            kwargs["sample_weight"] = sample_weight
        builder = self.builder
        self.model_ = builder(**self.filter_sk_params(builder))
        settings = copy.deepcopy(self.filter_sk_params(Sequential.fit)) | kwargs
        self.history_ = self.model_.fit(x, self._for_model(y), **settings)
        return self

    def _learn_target(self, y: Any) -> Any:
        return y

    def _for_model(self, y: Any) -> Any:
        """Return ``y`` in the form that the loss of the model takes."""
        return y

    def _outputs(self, x: Any, kwargs: Mapping[str, Any]) -> Any:
        """What the fitted model makes of ``x``."""
        bases.check_fitted(self)
        x = bases.validate(self, x, reset=False, allow_nd=True)
        settings = {"verbose": 0} | self.filter_sk_params(Sequential.predict, kwargs)
        return self.model_.predict(x, **settings)

    def _evaluate(self, x: Any, y: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The loss and the metrics of the fitted model, by name."""
        bases.check_fitted(self)
        x = bases.validate(self, x, reset=False, allow_nd=True)
        settings = self.filter_sk_params(Sequential.evaluate, kwargs)
        settings["return_dict"] = True
        found: dict[str, Any] = self.model_.evaluate(x, y, **settings)
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


def as_row(y: Any) -> Any:
    """Flatten a column; scikit-learn warns of it, as everywhere."""
    if y.ndim != 2 or y.shape[1] != 1:
        return y
    if not bases.AVAILABLE:
        return y.ravel()
    validation = importlib.import_module("sklearn.utils.validation")
    return validation.column_or_1d(y, warn=True)


class KerasClassifier(bases.ClassifierMixin, BaseWrapper):  # type: ignore[misc]  # as above
    """A classifier out of ``build_fn``, as Keras 1 and 2 had it.

    The arguments are those of the base class :class:`BaseWrapper`. Labels may be
    numbers or strings, or rows one-hot.

    Attributes:
        classes_: the labels that occurred, in order; ``n_classes_`` is their number.

    Example:
        >>> import numpy as np
        >>> import tinygrad_lr as keras
        >>> def network(units=4):
        ...     model = keras.Sequential([
        ...         keras.layers.Dense(units, activation="tanh", input_dim=1),
        ...         keras.layers.Dense(1, activation="sigmoid"),
        ...     ])
        ...     model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        ...     return model
        >>> classifier = KerasClassifier(build_fn=network, epochs=2, verbose=0)
        >>> x = np.array([[0.0], [0.1], [0.9], [1.0]])
        >>> _ = classifier.fit(x, [0, 0, 1, 1])
        >>> classifier.predict_proba(x).shape
        (4, 2)
    """

    def _learn_target(self, y: Any) -> Any:
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1:
            check_labels(y)
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(
                "Invalid shape for y: expected (rows,), (rows, 1) or one column for "
                f"each class, got {y.shape}."
            )
        self.n_classes_ = len(self.classes_)
        return y

    def _for_model(self, y: Any) -> Any:
        if self._loss_name() == "categorical_crossentropy" and y.ndim != 2:
            return to_categorical(y, self.n_classes_)
        return y

    def _loss_name(self) -> str:
        loss = self.model_.loss
        return str(
            getattr(loss, "__name__", None) or getattr(loss, "name", None) or loss
        )

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Predict labels; further arguments go to the model's ``predict``."""
        p = self._outputs(x, kwargs)
        numbers = p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32")
        return self.classes_[np.minimum(numbers, self.n_classes_ - 1)]

    def predict_proba(self, x: Any, **kwargs: Any) -> Any:
        """Predict the probability of each class, two columns for a single output."""
        p = self._outputs(x, kwargs)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the accuracy that the model measures on ``x`` and ``y``.

        Raises ``ValueError`` for a model that was compiled without accuracy.
        """
        bases.check_fitted(self)
        y = np.asarray(y)
        if y.ndim == 1 or y.shape[1] == 1:
            y = np.searchsorted(self.classes_, y.ravel())
        found = self._evaluate(x, self._for_model(y), kwargs)
        for name in ("accuracy", "acc"):
            if name in found:
                return float(found[name])
        raise ValueError(
            "The model is not configured to compute accuracy. Pass "
            "metrics=['accuracy'] to model.compile() in build_fn."
        )


def check_labels(y: Any) -> None:
    """Refuse targets that are no labels, such as measured numbers."""
    if bases.AVAILABLE:
        multiclass = importlib.import_module("sklearn.utils.multiclass")
        multiclass.check_classification_targets(y)


class KerasRegressor(bases.RegressorMixin, BaseWrapper):  # type: ignore[misc]  # as above
    """A regressor out of ``build_fn``, as Keras 1 and 2 had it.

    The arguments are those of the base class :class:`BaseWrapper`.
    """

    numeric = True

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Predict; further arguments go to the model's ``predict``."""
        p = self._outputs(x, kwargs)
        return np.squeeze(p, axis=-1) if p.shape[-1] == 1 else p

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return minus the loss of the model on ``x`` and ``y``: more is better."""
        return -float(self._evaluate(x, np.asarray(y), kwargs)["loss"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # it is no R^2
        return tags
