"""Lookups and hashes: forms of texts, what is refused, use in front of a model."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lr as keras
from tinygrad_lr import layers as L
from tinygrad_lr.layers.fingerprints import siphash64
from tinygrad_lr.utils.dataset import Dataset

TEXTS = ["a good film", "a bad film", "good", "bad bad bad"]


def test_siphash_gives_the_numbers_of_its_paper():
    # The test vectors of the reference implementation: of 0, 1 and 8 bytes.
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    vectors = {0: 0x726FDB47DD0E0E31, 1: 0x74F839C593DC67FD, 8: 0x93F5F5799A932462}
    for n, expected in vectors.items():
        assert siphash64(bytes(range(n)), key) == expected


class Column:
    """What a data frame gives for a column."""

    def __init__(self, values):
        self.values = np.array(values, object)

    def to_numpy(self):
        return self.values


@pytest.mark.parametrize(
    "data",
    [
        ["a", "z"], ("a", "z"), np.array(["a", "z"]), np.array([b"a", b"z"]),
        np.array(["a", "z"], object), Column(["a", "z"]),
    ],
    ids=["list", "tuple", "str", "bytes", "objects", "column"],
)  # fmt: skip
def test_texts_in_any_form(data):
    layer = L.StringLookup(vocabulary=["a"])
    assert layer(data).numpy().tolist() == [1, 0]
    assert (
        L.Hashing(97)(data).numpy().tolist()
        == L.Hashing(97)(["a", "z"]).numpy().tolist()
    )
    layer = L.StringLookup()
    layer.adapt(data)
    assert layer.get_vocabulary() == ["[UNK]", "z", "a"]


def test_words_come_back():
    layer = L.StringLookup(vocabulary=["b", "é"], invert=True)
    found = layer(np.array([2, 0]))
    assert found.dtype.kind == "U"
    assert found.tolist() == ["é", "[UNK]"]


def test_functions_standardize_and_split():
    layer = L.TextVectorization(
        standardize=np.char.upper, split=lambda texts: np.char.split(texts, "-"),
        vocabulary=["A", "B"],
    )  # fmt: skip
    assert layer(["a-b", "b"]).numpy().tolist() == [[2, 3], [3, 0]]


def test_texts_in_front_of_a_model():
    words = L.TextVectorization(output_sequence_length=3)
    data = Dataset.from_tensor_slices((TEXTS, [1.0, 0.0, 1.0, 0.0])).batch(2)
    words.adapt(data.map(lambda text, y: text))
    model = keras.Sequential(
        [
            L.Embedding(words.vocabulary_size(), 2),
            L.GlobalAveragePooling1D(),
            L.Dense(1, "sigmoid"),
        ]
    )
    model.compile("sgd", "binary_crossentropy")
    history = model.fit(data.map(lambda text, y: (words(text), y)), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.predict(words(["good"]), verbose=0).shape == (1, 1)


def test_a_new_vocabulary_counts_after_training():
    layer = L.IntegerLookup(vocabulary=[5, 6], output_mode="one_hot")
    model = keras.Sequential([keras.Input((1,), dtype="int64"), layer])
    x = np.array([[5], [6]])
    assert model.predict(x, verbose=0).argmax(-1).tolist() == [1, 2]
    layer.set_vocabulary([6, 5])
    assert model.predict(x, verbose=0).argmax(-1).tolist() == [2, 1]


def test_a_vocabulary_from_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\né\n", "utf-8")
    assert L.StringLookup(vocabulary=path).get_vocabulary() == ["[UNK]", "a", "é"]
    assert L.StringLookup(vocabulary=str(path)).get_config()["vocabulary"] is None
    with pytest.raises(ValueError, match="names the vocabulary file"):
        L.StringLookup.from_config({"vocabulary": str(path)})


V = ["a", "b"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Hashing(0, name="x"), "num_bins, got 0"),
        (lambda: L.Hashing(3, salt="a", name="x"), "two integers as salt, got 'a'"),
        (lambda: L.Hashing(3, dtype="float32", name="x"), "dtype of bins"),
        (lambda: L.HashedCrossing(3, "count", name="x"), "int or one_hot"),
        (lambda: L.HashedCrossing(3, name="x")([V]), "two inputs or more"),
        (lambda: L.HashedCrossing(3, name="x")([V, [0.5, 1]]), "texts or integers"),
        (lambda: L.StringLookup(1, name="x"), "max_tokens, got 1"),
        (lambda: L.StringLookup(pad_to_max_tokens=True, name="x"), "needs max_tokens"),
        (lambda: L.StringLookup(num_oov_indices=-1, name="x"), "num_oov_indices"),
        (lambda: L.StringLookup(output_mode="x", name="x"), "one_hot, multi_hot"),
        (lambda: L.StringLookup(invert=True, output_mode="count", name="x"), "words"),
        (lambda: L.StringLookup(idf_weights=[1], name="x"), "'tf_idf' only"),
        (lambda: L.StringLookup(vocabulary=V, output_mode="tf_idf", name="x"), "idf"),
        (lambda: L.StringLookup(vocabulary=["a", "a"], name="x"), r"once: \['a'\]"),
        (lambda: L.StringLookup(vocabulary=[], name="x"), "a word at least"),
        (lambda: L.StringLookup(vocabulary="no.txt", name="x"), "no vocabulary file"),
        (lambda: L.StringLookup(2, vocabulary=V, name="x"), "larger than max_tokens=2"),
        (
            lambda: L.StringLookup(vocabulary=["a", ""], mask_token="", name="x"),
            "mask_token '' at index 1",
        ),
        (lambda: L.StringLookup(vocabulary=V, name="x").adapt(V), "was given"),
        (lambda: L.StringLookup(None, 0, vocabulary=V, name="x")(["c", "d"]), "'c'"),
        (lambda: L.IntegerLookup(salt=3, name="x"), "oov_method='farmhash'"),
        (lambda: L.IntegerLookup(oov_method="md5", name="x"), "got 'md5'"),
        (lambda: L.IntegerLookup(vocabulary_dtype="int8", name="x"), "got 'int8'"),
        (lambda: L.IntegerLookup(vocabulary=[1], name="x")(V), "use StringLookup"),
        (lambda: L.TextVectorization(split=" ", name="x"), "as split, got ' '"),
        (lambda: L.TextVectorization(standardize=3, name="x"), "standardize, got 3"),
        (lambda: L.TextVectorization(ngrams="2", name="x"), "as ngrams, got '2'"),
        (
            lambda: L.TextVectorization(
                output_mode="count", output_sequence_length=2, name="x"
            ),
            "got 2 with 'count'",
        ),
        (lambda: L.TextVectorization(name="x")([V]), r"shape \(1, 2\)"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=rf"(layer 'x'\): )?.*{message}"):
        make()


def test_what_is_no_text():
    with pytest.raises(TypeError, match="expected texts in a regular grid, got 3"):
        L.StringLookup(vocabulary=V)([["a", 3]])
    with pytest.raises(NotImplementedError, match="ragged"):
        L.TextVectorization(ragged=True)


def test_the_number_of_columns_stays():
    layer = L.StringLookup(output_mode="count")
    with pytest.raises(RuntimeError, match="give it a vocabulary, or call adapt"):
        layer(V)
    layer.adapt(V)
    with pytest.raises(RuntimeError, match="was 3, and would be 4"):
        layer.adapt(["a", "b", "c"])


def test_texts_come_before_a_model():
    words = L.TextVectorization(vocabulary=["a"])
    model = keras.Sequential([words, L.Embedding(3, 2)])
    with pytest.raises(NotImplementedError, match=r"before a model.*layer\(texts\)"):
        keras.Input((1,), dtype="string")
    for number in (keras.Input((1,)), keras.ops.ones((2, 1))):
        with pytest.raises(TypeError, match=r"(?s)expected texts.*before a model"):
            words(number)
    with pytest.raises(TypeError, match="StringLookup or TextVectorization"):
        model.predict(np.array(["a"]), verbose=0)
