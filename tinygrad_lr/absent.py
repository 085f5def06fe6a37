"""What Keras has and this package has not, and why: said when a program asks for it.

Whether it asks the module itself or the facade of that module (see ``alias``), the
sentence is the same: the reason if there is one, else the names that come near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tinygrad_lr.naming import suggestion

CONVOLUTION = "convolution and pooling are not available"

# What Keras has and this package has not: path under keras -> why.
MISSING: dict[str, str] = {
    f"{home}.{name}": why
    for home, why, names in (
        (
            "ops",
            CONVOLUTION,
            "adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose "
            "depthwise_conv fold max_pool separable_conv unfold",
        ),
        ("models", "a YAML file can run code; use model_from_json", "model_from_yaml"),
        ("ops", "the CTC loss is not available", "ctc_decode ctc_loss"),
        ("ops", "short-time Fourier transforms are not available", "istft stft"),
        ("ops", "write reshape, transpose and reduce instead", "rearrange"),
        ("ops", "image transformations are not available", "image"),
    )
    for name in names.split()
}

# The families of layers of Keras that nothing here answers yet.
LAYERS_TO_COME = {
    "convolutional": r"\w*Conv(olution)?\w*[123]D\w*|LocallyConnected[12]D",
    "pooling": r"(Adaptive)?(Average|Avg|Max)Pool(ing)?[123]D",
    "recurrent": r"(Simple|Stacked|CuDNN)?(LSTM|GRU|RNN)(Cells?)?|Bidirectional",
    "attention": r"\w*Attention",
    "image": r"Random\w+|Resizing|CenterCrop|\w*Spectrogram|CutMix|MixUp|AugMix",
}


def reason(path: str, shown: str) -> str | None:
    """Why ``path``, a path under keras, is not here, if that has a reason.

    >>> reason("layers.LSTM", "keras.layers.LSTM")
    'keras.layers.LSTM: recurrent layers are not there yet in tinygrad_lr.'
    """
    home, _, name = path.rpartition(".")
    for family, names in LAYERS_TO_COME.items():
        if home.split(".")[0] == "layers" and re.fullmatch(names, name):
            return f"{shown}: {family} layers are not there yet in tinygrad_lr."
    return f"{shown}: {MISSING[path]}." if path in MISSING else None


def near(name: str, known: Iterable[str]) -> str:
    """The names that come near, or else some of those that there are."""
    names = sorted(n for n in known if not n.startswith("_"))
    hint = suggestion(name, names)
    if not hint and names:
        hint = f" It has {', '.join(names[:20])}{' ...' if names[20:] else '.'}"
    return hint
