"""Tokenizer, windows and images: mistakes, and what parity with Keras does not show."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lr as keras
from tinygrad_lr.preprocessing import image, sequence, text
from tinygrad_lr.preprocessing.text import Tokenizer


@given(st.lists(st.text("abc ,.", max_size=12), min_size=1, max_size=6))
def test_known_words_come_back(texts: list[str]) -> None:
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(texts)
    again = tokenizer.sequences_to_texts(tokenizer.texts_to_sequences(texts))
    assert again == [" ".join(text.text_to_word_sequence(t)) for t in texts]
    assert sorted(tokenizer.index_word) == list(
        range(1, len(tokenizer.word_counts) + 1)
    )
    copy = text.tokenizer_from_json(tokenizer.to_json(indent=1))
    assert copy.get_config() == tokenizer.get_config()


def test_counts_print_as_they_did_in_keras() -> None:
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["Well done!", "Good work"])
    assert repr(tokenizer.word_counts).startswith("OrderedDict(")
    assert repr(tokenizer.word_docs) == (
        "defaultdict(<class 'int'>, {'well': 1, 'done': 1, 'good': 1, 'work': 1})"
    )


def test_sequences_alone_are_enough_for_tfidf() -> None:
    tokenizer = Tokenizer(num_words=4)
    tokenizer.fit_on_sequences([[1, 2], [1]])
    out = tokenizer.sequences_to_matrix([[1, 1]], mode="tfidf")
    assert out.shape == (1, 4)
    np.testing.assert_allclose(out[0, 1], (1 + np.log(2)) * np.log(1 + 2 / 3))


def test_old_name_and_unknown_names() -> None:
    with pytest.warns(DeprecationWarning, match="num_words"):
        assert Tokenizer(nb_words=3).num_words == 3
    with pytest.raises(TypeError, match="Did you mean 'num_words'"):
        Tokenizer(num_word=3)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda t: t.texts_to_matrix(["a"], "tf"), ValueError, "got 'tf'"),
        (lambda t: t.sequences_to_matrix([[1]]), ValueError, "expected num_words="),
        (
            lambda t: Tokenizer(num_words=3).sequences_to_matrix([[1]], "tfidf"),
            ValueError,
            "before mode 'tfidf'",
        ),
        (lambda t: t.fit_on_texts(["a", float("nan")]), TypeError, "got float nan"),
    ],
)
def test_tokenizer_mistakes(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act(Tokenizer())


def test_windows_go_into_fit_and_json() -> None:
    x = np.arange(12.0)
    generator = sequence.TimeseriesGenerator(x, x, length=3, batch_size=4)
    model = keras.Sequential([keras.layers.Dense(1, input_dim=3)])
    model.compile("sgd", "mse")
    model.fit(generator, verbose=0)
    assert int(model.optimizer.iterations) == len(generator) == 3
    assert json.loads(generator.to_json())["config"]["length"] == 3
    with pytest.raises(ValueError, match="same length, got 12 and 11"):
        sequence.TimeseriesGenerator(x, x[1:], 3)
    with pytest.raises(ValueError, match="no window fits"):
        sequence.TimeseriesGenerator(x, x, 12)


def test_images_without_pillow() -> None:
    x = np.arange(12).reshape(3, 4)
    assert image.img_to_array(x).shape == (3, 4, 1)
    assert image.img_to_array(x, "channels_first").shape == (1, 3, 4)
    assert image.img_to_array(x).dtype == np.float32
    assert image.img_to_array(np.zeros((3, 4, 2)), "channels_first").shape == (2, 3, 4)
    with pytest.raises(ValueError, match="rank 2 or 3"):
        image.img_to_array(np.zeros(3))
    with pytest.raises(ValueError, match="got 'middle'"):
        image.img_to_array(x, "middle")
    if importlib.util.find_spec("PIL") is None:
        for act in (lambda: image.load_img("x.png"), lambda: image.array_to_img(x)):
            with pytest.raises(ImportError, match="pip install pillow"):
                act()


IMAGES = np.random.default_rng(0).integers(0, 256, (8, 5, 5, 1))


def test_images_go_into_fit() -> None:
    generator = image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
    flow = generator.flow(IMAGES, np.arange(8) % 2, batch_size=3, seed=1)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(5, 5, 1))])
    model.compile("sgd", lambda y, p: (p**2).mean((1, 2, 3)))
    model.fit(flow, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 2 * len(flow) == 6
    first, labels = next(flow)
    assert first.max() <= 1
    assert (first.shape, labels.shape, first.dtype) == ((3, 5, 5, 1), (3,), np.float32)
    assert next(generator.flow(IMAGES)).shape == (8, 5, 5, 1)


def test_brightness() -> None:
    x = np.full((2, 2, 1), 100.0)
    assert (image.apply_brightness_shift(x, 1.5, scale=False) == 150).all()
    assert (image.apply_brightness_shift(x, 9.0, scale=False) == 255).all()
    generator = image.ImageDataGenerator(brightness_range=(0.5, 0.5))
    assert (generator.random_transform(x) == 50).all()


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda g: g(zoom_range="a"), ValueError, "zoom_range: expected two numbers"),
        (lambda g: g(brightness_range=1), ValueError, "brightness_range: expected two"),
        (lambda g: g(data_format="x"), ValueError, "data_format"),
        (lambda g: g(validation_split=2), ValueError, "between 0 and 1, got 2"),
        (lambda g: g(rotation=2), TypeError, "Did you mean 'rotation_range'"),
        (lambda g: g().fit(IMAGES[0]), ValueError, "rank 4, got shape"),
        (lambda g: g().flow(IMAGES[0]), ValueError, "Add the axis of channels"),
        (lambda g: g().flow(IMAGES, [1]), ValueError, "equally many rows"),
        (lambda g: g().flow(IMAGES, subset="test"), ValueError, "got 'test'"),
        (
            lambda g: g(validation_split=0.5).flow(
                IMAGES, np.arange(8), subset="training"
            ),
            ValueError,
            "different classes",
        ),
        (
            lambda g: g(rotation_range=9, fill_mode="x").random_transform(IMAGES[0]),
            ValueError,
            "fill_mode: expected constant",
        ),
        (lambda g: g().flow_from_directory("x"), NotImplementedError, "load_img"),
        (lambda g: g().flow(IMAGES, save_to_dir="x"), NotImplementedError, "save_img"),
    ],
)
def test_image_mistakes(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act(image.ImageDataGenerator)


def test_a_generator_that_was_not_fitted_says_so() -> None:
    generator = image.ImageDataGenerator(featurewise_center=True)
    with pytest.warns(UserWarning, match=r"call fit\(x\) first"):
        next(generator.flow(IMAGES))


@pytest.mark.parametrize("given", [None, "jpg", "JPG"])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_picture_is_written_as_jpeg(tmp_path, channels, given):
    pytest.importorskip("PIL")
    path = tmp_path / "picture.jpg"
    image.save_img(path, np.zeros((5, 6, channels), "uint8"), file_format=given)
    assert image.img_to_array(image.load_img(path)).shape == (5, 6, 3)
