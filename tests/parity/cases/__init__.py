"""The same small programs for two libraries: real Keras 3, and the one that follows it.

Every case is a function that is given the ``keras`` module (the real one or its
stand-in) and returns plain figures: numbers, strings, lists and dicts that fit into
JSON. What real Keras returned is recorded once by ``record.py``; the tests compare with
that record.
"""

from __future__ import annotations

from cases.activations import ACTIVATIONS
from cases.callbacks import CALLBACKS
from cases.common import Case
from cases.data import DATA
from cases.facts import FACTS
from cases.fit import FIT
from cases.initializers import INITIALIZERS
from cases.layers import LAYERS
from cases.lookups import LOOKUPS
from cases.losses import LOSSES
from cases.metrics import METRICS
from cases.ops import OPS
from cases.optimizers import OPTIMIZERS
from cases.penalties import PENALTIES
from cases.plots import PLOTS
from cases.public import PUBLIC_NAMES
from cases.trajectories import TRAJECTORIES

GROUPS: dict[str, dict[str, Case]] = {
    "trajectories": TRAJECTORIES,
    "layers": LAYERS,
    "lookups": LOOKUPS,
    "losses": LOSSES,
    "metrics": METRICS,
    "activations": ACTIVATIONS,
    "fit": FIT,
    "facts": FACTS,
    "initializers": INITIALIZERS,
    "data": DATA,
    "callbacks": CALLBACKS,
    "optimizers": OPTIMIZERS,
    "penalties": PENALTIES,
    "plots": PLOTS,
    "public": PUBLIC_NAMES,
    "ops": OPS,
}
