"""Utilities on arrays, datasets read from fabricated files, and preprocessing."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from cases.common import Case, Keras, is_real, plain

# -- keras.utils -----------------------------------------------------------------------

Call = Callable[[Keras], Any]
RAGGED = [[1], [2, 3], [4, 5, 6], []]
M = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, -2.0]])

UTILS: dict[str, Call] = {
    "to_categorical": lambda k: k.utils.to_categorical([0, 2, 1]),
    "to_categorical-width": lambda k: k.utils.to_categorical([0, 1], num_classes=4),
    "to_categorical-column": lambda k: k.utils.to_categorical([[0], [2]]),
    "to_categorical-table": lambda k: k.utils.to_categorical([[0, 1], [1, 0]]),
    "to_categorical-one": lambda k: k.utils.to_categorical(2),
    "to_categorical-floats": lambda k: k.utils.to_categorical([0.7, 1.2]),
    "to_categorical-objects": lambda k: k.utils.to_categorical(
        np.array([0, 1], dtype=object)
    ),
    "to_categorical-text": lambda k: k.utils.to_categorical(["0", "1"]),
    "to_categorical-width-0": lambda k: k.utils.to_categorical([1], num_classes=0),
    "normalize": lambda k: k.utils.normalize(M),
    "normalize-l1": lambda k: k.utils.normalize(M, order=1),
    "normalize-vector": lambda k: k.utils.normalize(np.array([3.0, 4.0])),
    "normalize-3d": lambda k: k.utils.normalize(
        np.arange(8.0).reshape(2, 2, 2), axis=1
    ),
    "pad": lambda k: k.utils.pad_sequences(RAGGED),
    "pad-post": lambda k: k.utils.pad_sequences(RAGGED, padding="post", value=-1),
    "pad-cut": lambda k: k.utils.pad_sequences(RAGGED, maxlen=2),
    "pad-cut-post": lambda k: k.utils.pad_sequences(
        RAGGED, 2, "float32", truncating="post", value=0.5
    ),
    "pad-rows": lambda k: k.utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]]),
    "pad-text": lambda k: k.utils.pad_sequences(
        [["a"], ["b", "c"]], dtype=object, value="z"
    ),
    "pad-empty": lambda k: k.utils.pad_sequences([[], []]).shape,
    "unpack": lambda k: [
        k.utils.unpack_x_y_sample_weight(d) for d in ("x", ("x",), ["x", "y"], "xyz")
    ],
    "pack": lambda k: [
        k.utils.pack_x_y_sample_weight(*d)
        for d in (("x",), (["x"],), ("x", "y"), ("x", None, "w"), ("x", "y", "w"))
    ],
}


def called(call: Call, keras: Keras) -> Any:
    """The result of a call, and its dtype if it has one."""
    found = call(keras)
    dtype = getattr(found, "dtype", None)
    return {"value": plain(found), "dtype": str(dtype)}


# -- keras.datasets --------------------------------------------------------------------

TEXTS = [
    [1, 5, 2],
    [9],
    [4, 4, 4, 30],
    [7, 8],
    [2, 3, 1],
    [50, 1, 1],
    [6],
    [6, 5, 4, 3],
]
DATASETS: dict[str, tuple[str, dict[str, Any]]] = {
    "boston": ("boston_housing", {}),
    "boston-split": ("boston_housing", {"test_split": 0.5, "seed": 3}),
    "california": ("california_housing", {"version": "small"}),
    **{
        f"{name}{suffix}": (name, arguments)
        for name in ("imdb", "reuters")
        for suffix, arguments in {
            "": {},
            "-words": {"num_words": 8, "skip_top": 5},
            "-short": {"maxlen": 4, "seed": 5},
            "-bare": {"start_char": None, "index_from": 0, "oov_char": None},
            "-no-start": {"start_char": None, "num_words": 9},
            "-dropped": {"oov_char": None, "num_words": 9},
        }.items()
    },
}


def write_files(folder: Path) -> None:
    """Small files in the formats of the real ones."""
    texts = np.empty(len(TEXTS), dtype=object)
    texts[:] = TEXTS
    labels = np.arange(len(TEXTS))
    save: Any = np.savez
    save(folder / "reuters.npz", x=texts, y=labels)
    save(
        folder / "imdb.npz",
        x_train=texts[:5], y_train=labels[:5], x_test=texts[3:], y_test=labels[3:],
    )  # fmt: skip
    for name, n in (("boston_housing", 10), ("california_housing", 650)):
        save(folder / f"{name}.npz", x=np.arange(2.0 * n).reshape(n, 2), y=np.arange(n))


@contextlib.contextmanager
def local_files(keras: Keras, name: str) -> Iterator[None]:
    """Let a dataset find its fabricated file instead of the real one."""
    tables = ("boston_housing", "california_housing")
    if is_real(keras):
        place, function = f"keras.src.datasets.{name}", "get_file"
    else:
        module = "tables" if name in tables else name
        place, function = f"tinygrad_lr.datasets.{module}", "fetch"
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder))
        path = str(Path(folder) / f"{name}.npz")
        with mock.patch.object(import_module(place), function, return_value=path):
            yield


def loaded(name: str, arguments: dict[str, Any], keras: Keras) -> Any:
    """The parts of a dataset: the first ten rows, shapes and dtypes."""
    with local_files(keras, name):
        parts = getattr(keras.datasets, name).load_data(**arguments)
    return [
        {
            "rows": plain(part[:10]),
            "shape": plain(part.shape) if part.ndim < 2 or name != "imdb" else [],
            "dtype": str(part.dtype),
        }
        for pair in parts
        for part in pair
    ]


# -- keras.preprocessing ---------------------------------------------------------------

LINES = [
    "The cat sat on the mat.",
    "The dog ate my homework, the dog!",
    "A cat and\ta dog: friends?",
    "",
]


def legacy(keras: Keras) -> Any:
    """Where Keras 3 keeps what Keras 2 called ``preprocessing``."""
    if not is_real(keras):
        return keras.preprocessing
    import keras.src.legacy.preprocessing as found
    from keras.src.legacy.preprocessing import sequence, text  # noqa: F401  # to be there

    return found


TOKENIZERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "few": {"num_words": 4},
    "oov": {"oov_token": "?", "num_words": 5},
    "case": {"lower": False, "filters": ".,"},
    "letters": {"char_level": True, "num_words": 6},
    "analyzer": {"analyzer": str.split},
    "split": {"split": "a"},
}


def tokenized(arguments: dict[str, Any], keras: Keras) -> Any:
    """Everything a tokenizer can say about a few lines."""
    text = legacy(keras).text
    tokenizer = text.Tokenizer(**arguments)
    tokenizer.fit_on_texts(LINES)
    tokenizer.fit_on_texts([["Cat", "bird"]])
    new = ["my bird ate a fish", ["Cat", "fish"], "zzz"]
    sequences = tokenizer.texts_to_sequences(new)
    config = tokenizer.get_config()
    again = text.tokenizer_from_json(tokenizer.to_json())
    return {
        "word_index": tokenizer.word_index,
        "word_counts": dict(tokenizer.word_counts),
        "word_docs": dict(sorted(tokenizer.word_docs.items())),
        "index_docs": plain(dict(sorted(tokenizer.index_docs.items()))),
        "document_count": tokenizer.document_count,
        "sequences": sequences,
        "texts": tokenizer.sequences_to_texts([*sequences, [1, 99]]),
        "config": {
            key: value
            for key, value in config.items()
            if key not in ("word_docs", "index_docs")  # in the order of a set
        },
        "again": again.word_index == tokenizer.word_index
        and again.index_docs == tokenizer.index_docs,
        **{
            mode: plain(tokenizer.texts_to_matrix(new, mode).round(12))
            for mode in ("binary", "count", "freq", "tfidf")
        },
    }


def words(keras: Keras) -> Any:
    """Cutting and hashing a text."""
    text = legacy(keras).text
    return {
        "words": [text.text_to_word_sequence(line) for line in LINES],
        "split": text.text_to_word_sequence(
            "A,b c", filters=" ", lower=False, split=","
        ),
        "md5": text.hashing_trick(LINES[1], 20, hash_function="md5"),
        "own": text.hashing_trick(LINES[0], 9, hash_function=len),
        "repeat": text.one_hot("a b a", 50)[0] == text.one_hot("c a", 50)[1],
    }


WINDOWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rate": {"sampling_rate": 2, "stride": 3},
    "part": {"start_index": 3, "end_index": 15, "batch_size": 4},
    "reverse": {"reverse": True, "batch_size": 5},
    "shuffle": {"shuffle": True, "batch_size": 3},
}


def windows(arguments: dict[str, Any], keras: Keras) -> Any:
    """All batches of a TimeseriesGenerator."""
    data = np.arange(20.0).reshape(10, 2).repeat(2, axis=0)
    make = legacy(keras).sequence.TimeseriesGenerator
    generator = make(data, np.arange(20), length=4, **arguments)
    np.random.seed(4)
    return {
        "length": len(generator),
        "batches": plain([generator[i] for i in range(len(generator))]),
    }


def skipgrams(keras: Keras) -> Any:
    """Word pairs, drawn from Python's generator."""
    sequence = legacy(keras).sequence
    table = sequence.make_sampling_table(30, 1e-2)
    random.seed(5)
    text = [3, 1, 0, 7, 29, 2, 3]
    return {
        "table": plain(table),
        "plain": plain(sequence.skipgrams(text, 30)),
        "narrow": plain(sequence.skipgrams(text, 30, 1, 2.0, categorical=True, seed=3)),
        "sampled": plain(
            sequence.skipgrams(text, 30, sampling_table=table, shuffle=False)
        ),
        "positive": plain(sequence.skipgrams(text, 30, negative_samples=0)),
    }


IMAGES = np.random.default_rng(7).integers(0, 256, (5, 4, 6, 3)).astype("float32")
GENERATORS: dict[str, dict[str, Any]] = {
    "plain": {"rescale": 1 / 255},
    "feature": {"featurewise_center": True, "featurewise_std_normalization": True},
    "sample": {"samplewise_center": True, "samplewise_std_normalization": True},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "turn": {"rotation_range": 30},
    "shift": {"width_shift_range": 0.4, "height_shift_range": [1, 2]},
    "shift-whole": {"width_shift_range": 3, "fill_mode": "wrap"},
    "shear": {"shear_range": 20, "fill_mode": "reflect"},
    "zoom": {"zoom_range": 0.3, "fill_mode": "constant", "cval": 9.0},
    "nearest": {"zoom_range": [0.5, 0.9], "interpolation_order": 0},
    "channels": {"channel_shift_range": 50.0, "data_format": "channels_first"},
    "all": {
        "rotation_range": 20, "zoom_range": 0.2, "width_shift_range": 0.2,
        "shear_range": 9, "horizontal_flip": True, "preprocessing_function": np.sqrt,
    },
}  # fmt: skip


def images(arguments: dict[str, Any], keras: Keras) -> Any:
    """Sums over changed images, and a few of their pixels."""
    legacy(keras)
    if is_real(keras):
        from keras.src.legacy.preprocessing import image
        from scipy import ndimage

        # Where newer releases of SciPy keep what Keras calls.
        ndimage.interpolation = mock.Mock(affine_transform=ndimage.affine_transform)
    else:
        image = keras.preprocessing.image
    generator = image.ImageDataGenerator(**arguments)
    generator.fit(IMAGES)
    found = []
    np.random.seed(3)
    for seed in (None, 5):
        flow = generator.flow(IMAGES, np.arange(5), batch_size=3, seed=seed)
        batches = [next(flow) for _ in range(3)] + [flow[1]]
        found += [
            [plain(y), plain(x.sum((1, 2, 3))), plain(x[0, 1, :, 1])]
            for x, y in batches
        ]
    halves = image.ImageDataGenerator(validation_split=0.4)
    for subset in ("training", "validation"):
        part = halves.flow(IMAGES, batch_size=2, shuffle=False, subset=subset)
        found.append([len(part), plain(part[0].sum((1, 2, 3))), []])
    return found


DATA: dict[str, Case] = {
    **{f"utils.{name}": partial(called, call) for name, call in UTILS.items()},
    **{
        f"datasets.{name}": partial(loaded, *arguments)
        for name, arguments in DATASETS.items()
    },
    "reuters.get_label_names": lambda k: plain(k.datasets.reuters.get_label_names()),
    "text.words": words,
    **{
        f"text.Tokenizer-{name}": partial(tokenized, arguments)
        for name, arguments in TOKENIZERS.items()
    },
    **{
        f"sequence.TimeseriesGenerator-{name}": partial(windows, arguments)
        for name, arguments in WINDOWS.items()
    },
    "sequence.skipgrams": skipgrams,
    **{
        f"image.ImageDataGenerator-{name}": partial(images, arguments)
        for name, arguments in GENERATORS.items()
    },
}
