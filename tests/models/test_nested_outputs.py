"""Outputs in a nesting: losses, weights, metrics and targets are nested like them."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.layers import Dense

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = {"a": X[:, :1], "b": [X[:, 1:2], X[:, :2]]}


def nested() -> Any:
    place = keras.Input((3,))

    def dense(name: str, units: int = 1) -> Any:
        return Dense(units, name=name, kernel_initializer="ones")(place)

    return keras.Model(place, {"b": [dense("p"), dense("q", 2)], "a": dense("r")})


def test_everything_may_be_nested_like_the_outputs_with_the_numbers_of_keras() -> None:
    model = nested()
    model.compile(
        "sgd",
        loss={"a": "mse", "b": ["mae", "mse"]},
        loss_weights={"a": 1.0, "b": [2.0, 3.0]},
        metrics={"a": ["mae"], "b": [["mse"], ["mae", "mse"]]},
    )
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0).history
    recorded = {  # by Keras 3.15.1
        "a_loss": 0.53918, "b/p_loss": 1.18762, "b/q_loss": 1.3786, "loss": 7.05022,
        "p_mse": 2.37058, "q_mae": 0.88429, "q_mse": 1.3786, "r_mae": 0.6201,
    }  # fmt: skip
    last = {name: float(values[-1]) for name, values in history.items()}
    assert last == pytest.approx(recorded, abs=2e-5)
    assert model.evaluate(X, Y, verbose=0, return_dict=True).keys() == recorded.keys()


@pytest.mark.filterwarnings("ignore:no gradient reaches")
def test_one_loss_is_for_all_and_one_may_be_missing() -> None:
    for loss, expected in (("mse", 3), ({"b": [None, "mse"]}, 1), ({"b": "mse"}, 2)):
        model = nested()
        model.compile("sgd", loss=loss)
        history = model.fit(X, Y, verbose=0).history
        assert len(history) == (expected + 1 if expected > 1 else 1)


@pytest.mark.parametrize("loss", [{"c": "mse"}, {"a": "mse", "b": {"p": "mse"}}])
def test_a_loss_in_another_nesting_is_refused_with_both_nestings(loss: Any) -> None:
    with pytest.raises(
        ValueError, match=r"loss.*nesting of the outputs, .*\[\., \.\].*, got"
    ):
        nested().compile("sgd", loss=loss)


def test_outputs_may_be_a_namedtuple() -> None:
    Pair = namedtuple("Pair", ["low", "high"])
    place = keras.Input((3,))
    model = keras.Model(place, Pair(Dense(1)(place), Dense(1)(place)))
    assert type(model(X)) is Pair
    model.compile("sgd", "mse")
    model.fit(X, Pair(X[:, :1], X[:, 1:2]), verbose=0)


def test_an_output_may_have_several_losses() -> None:
    def total(loss: Any, weights: Any = None) -> float:
        model = nested()
        model.compile("sgd", loss=loss, loss_weights=weights)
        return float(model.evaluate(X, Y, verbose=0, return_dict=True)["loss"])

    a, b = (total({"a": name, "b": [None, None]}) for name in ("mse", "mae"))
    assert total({"a": ["mse", "mae"]}) == pytest.approx(a + b, rel=1e-6)
    weighted = total({"a": ["mse", "mae"]}, {"a": [2.0, 3.0]})
    assert weighted == pytest.approx(2 * a + 3 * b, rel=1e-6)
    assert total({"a": ["mse"]}) == a
    with pytest.raises(ValueError, match="expected 2 numbers for the losses"):
        total({"a": ["mse", "mae"]}, {"a": [2.0]})
