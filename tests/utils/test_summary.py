"""The summary: Keras's columns as plain text, in every width."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr.utils.summary import counted


@pytest.fixture
def model() -> keras.Sequential:
    keras.utils.clear_session()
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)]
    )


def lines(model: keras.Model, **arguments: object) -> list[str]:
    found: list[str] = []
    model.summary(print_fn=found.append, **arguments)
    return found[0].split("\n")


def test_the_default_table(
    model: keras.Sequential, capsys: pytest.CaptureFixture[str]
) -> None:
    model.summary()
    assert capsys.readouterr().out == (
        'Model: "sequential"\n'
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
        "│ dense (Dense)                   │ (None, 2)              │             8 │\n"
        "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
        "│ dense_1 (Dense)                 │ (None, 1)              │             3 │\n"
        "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
        " Total params: 11 (44.00 B)\n"
        " Trainable params: 11 (44.00 B)\n"
        " Non-trainable params: 0 (0.00 B)\n"
    )


@pytest.mark.parametrize("length", [60, 76, 100, 120])
def test_a_table_has_the_width_it_is_given(
    model: keras.Sequential, length: int
) -> None:
    table = [line for line in lines(model, line_length=length) if line[0] in "┏┃│└"]
    assert {len(line) for line in table} == {length}


def test_unbuilt_layers_are_marked() -> None:
    model = keras.Sequential([keras.layers.Dense(2), keras.layers.Activation("relu")])
    rows = lines(model)
    assert "│ ?                      │   0 (unbuilt) │" in rows[4]
    assert "│ ?                      │             0 │" in rows[6]


def test_what_is_built_by_data_shows_the_batch_as_in_keras() -> None:
    model = keras.Sequential([keras.layers.Dense(2)])
    model.predict(np.zeros((5, 3)), verbose=0)
    assert "(5, 2)" in lines(model)[4]


def test_frozen_weights_and_the_optimizer_are_counted(model: keras.Sequential) -> None:
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 3)), np.zeros(4), verbose=0)
    text = "\n".join(lines(model, show_trainable=True))
    assert "Total params: 19 (80.00 B)" in text  # 11 weights, 6 moments, 2 counts
    assert "Trainable params: 3 (12.00 B)" in text
    assert "Non-trainable params: 8 (32.00 B)" in text
    assert "Optimizer params: 8 (36.00 B)" in text
    rows = [line for line in text.split("\n") if "Dense" in line]
    assert [row.rstrip("│ ")[-1] for row in rows] == ["N", "Y"]


def test_long_names_are_cut_and_inner_layers_shown() -> None:
    inner = keras.Sequential([keras.layers.Dense(2, name="n" * 50)], name="inner")
    model = keras.Sequential([keras.Input((3,)), inner])
    text = "\n".join(lines(model, expand_nested=True))
    assert "inner (Sequential)" in text
    assert "│    └ nnnn" in text
    assert "nnnn… │" in text
    assert "(Dense)" in text


def test_a_range_of_layers(model: keras.Sequential) -> None:
    text = "\n".join(lines(model, layer_range=["dense_1", "dense_1"]))
    assert "dense_1 (Dense)" in text
    assert "dense (Dense)" not in text
    with pytest.raises(ValueError, match="layer_range: expected names of layers"):
        model.summary(layer_range=["nothing", "dense"])


def test_a_stream_that_knows_only_ascii_gets_ascii(
    model: keras.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    model.summary()
    stream.flush()
    assert b"| dense (Dense)" in raw.getvalue()


@pytest.mark.parametrize(
    ("size", "text"), [(3, "3 (12.00 B)"), (500_032, "500,032 (1.91 MB)")]
)
def test_sizes_have_the_unit_that_fits(size: int, text: str) -> None:
    assert counted([np.zeros(size, "float32")]) == text
