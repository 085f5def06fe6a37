"""No public class or function swallows an argument that it does not know."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from tinygrad_lr.registry import KINDS

MODULES = (
    "activations callbacks config constraints datasets.imdb datasets.mnist "
    "initializers layers losses metrics models optimizers optimizers.schedules "
    "preprocessing.sequence preprocessing.text random regularizers saving utils "
    "wrappers wrappers.scikit_learn"
)
HAND_ON = {"FunctionOperation", "fetch"}  # to a function that may take anything
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def public() -> dict[str, Any]:
    """Everything of ours that can be called, by its place."""
    found: dict[int, tuple[str, Any]] = {}
    for registry in KINDS.values():
        for name, thing in registry.entries.items():
            found.setdefault(id(thing), (f"{registry.kind} {name}", thing))
    for place in MODULES.split():
        module = importlib.import_module(f"tinygrad_lr.{place}")
        home = f"tinygrad_lr.{place.partition('.')[0]}"
        for name in getattr(module, "__all__", dir(module)):
            thing = getattr(module, name, None)
            ours = getattr(thing, "__module__", None) or ""
            if callable(thing) and ours.startswith(home) and name not in HAND_ON:
                found.setdefault(id(thing), (f"{place}.{name}", thing))
    return dict(found.values())


THINGS = public()


def parameters_of(thing: Any) -> dict[str, inspect.Parameter]:
    """Its parameters that go by name; none for what hides them (exceptions)."""
    try:
        listed = inspect.signature(thing).parameters.values()
    except ValueError:
        return {}
    return {p.name: p for p in listed if p.kind in BY_NAME}


def needed_by(thing: Any) -> dict[str, Any]:
    """Something for each of its parameters that must be given."""
    return {
        name: (lambda y_true, y_pred: y_pred) if name in ("fn", "function") else 2
        for name, p in parameters_of(thing).items()
        if p.default is p.empty
    }


def misspelt(name: str) -> str:
    """``name`` with two letters in the other order."""
    return name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else name[:-1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", THINGS)
def test_a_misspelt_argument_is_refused(place: str) -> None:
    thing = THINGS[place]
    known = parameters_of(thing)
    options = [
        name for name, p in known.items() if p.default is not p.empty and len(name) > 3
    ]
    needed = needed_by(thing)
    for name in options:
        if misspelt(name) in known:
            continue
        with pytest.raises(TypeError) as caught:
            thing(**needed, **{misspelt(name): 1})
        assert misspelt(name) in str(caught.value)


@pytest.mark.parametrize(
    ("place", "right"),
    [
        ("activation relu", "negative_slope"),
        ("activation softmax", "axis"),
        ("loss binary_crossentropy", "from_logits"),
        ("loss huber", "delta"),
        ("loss sparse_categorical_crossentropy", "from_logits"),
        ("losses.LossFunctionWrapper", "reduction"),
        ("metric MeanMetricWrapper", "name"),
        ("metric binary_accuracy", "threshold"),
        ("layer Dense", "activation"),
        ("layer Input", "shape"),
        ("optimizer Adam", "learning_rate"),
        ("callback EarlyStopping", "patience"),
        ("utils.to_categorical", "num_classes"),
        ("utils.normalize", "axis"),
        ("utils.Progbar", "width"),
        ("utils.PyDataset", "workers"),
        ("random.uniform", "minval"),
        ("wrappers.scikit_learn.KerasClassifier", "build_fn"),
    ],
)
def test_and_the_right_one_is_named(place: str, right: str) -> None:
    kind, _, name = place.rpartition(" ")
    places = [f"{kind} {name}", f"{kind}s.{name}", place]
    thing = next(THINGS[place] for place in places if place in THINGS)
    needed = needed_by(thing)
    needed.pop(right, None)
    with pytest.raises(TypeError, match=f"Did you mean .*'{right}'"):
        thing(**needed, **{misspelt(right): 1})
