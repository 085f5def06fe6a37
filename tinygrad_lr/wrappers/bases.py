"""What an estimator inherits from scikit-learn, and what it is without.

scikit-learn is an extra. A base class is needed when a class is made, so it is looked
for here, when a wrapper is first imported; without it the bases are empty.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


class Empty:
    """A base that adds nothing."""


def found(name: str) -> Any:
    """Return the class of this name in ``sklearn.base``, or an empty one."""
    try:
        return getattr(importlib.import_module("sklearn.base"), name)
    except ImportError:
        return type(name, (Empty,), {})


BaseEstimator = found("BaseEstimator")
ClassifierMixin = found("ClassifierMixin")
RegressorMixin = found("RegressorMixin")
TransformerMixin = found("TransformerMixin")

AVAILABLE = not issubclass(BaseEstimator, Empty)


def require(who: str) -> None:
    """Raise ``ImportError`` if scikit-learn is missing."""
    if not AVAILABLE:
        raise ImportError(
            f"{who} needs scikit-learn: python -m pip install scikit-learn"
        )


def validate(estimator: Any, *data: Any, **options: Any) -> Any:
    """Check X, or X and y, as scikit-learn's own estimators do; return them as arrays.

    The number and names of the columns are remembered in ``fit`` and compared
    afterwards (``reset=False``). Without scikit-learn nothing is checked.
    """
    if not AVAILABLE:
        return data if len(data) > 1 else data[0]
    validation = importlib.import_module("sklearn.utils.validation")
    return validation.validate_data(estimator, *data, **options)


def check_fitted(estimator: Any) -> None:
    """Raise scikit-learn's ``NotFittedError`` before ``fit``, or ours without it."""
    if hasattr(estimator, "model_"):
        return
    message = f"{type(estimator).__name__} is not fitted yet. Call fit(X, y) first."
    if AVAILABLE:
        raise importlib.import_module("sklearn.exceptions").NotFittedError(message)
    raise ValueError(message)


def request(estimator: Any, method: str, aliases: Mapping[str, Any]) -> None:
    """Note what a method wants from scikit-learn's metadata routing."""
    sklearn = importlib.import_module("sklearn")
    if not sklearn.get_config()["enable_metadata_routing"]:
        raise RuntimeError(
            f"{type(estimator).__name__}: requests are for metadata routing. Call "
            "sklearn.set_config(enable_metadata_routing=True) first."
        )
    routing = importlib.import_module("sklearn.utils.metadata_routing")
    requests = routing.get_routing_for_object(estimator)
    for name, alias in aliases.items():
        getattr(requests, method).add_request(param=name, alias=alias)
    estimator._metadata_request = requests
