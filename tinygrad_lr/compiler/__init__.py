"""From a run to a program: record a step once, read it as NumPy, run it fast.

``recording`` writes down the calls, ``program`` holds them, ``passes`` simplify by the
``rewrites``, ``numpy_source`` prints for people (with ``names``, ``notation``,
``layout``, and the text of ``helpers``), ``standalone`` as a file; ``lowering``,
``families``, ``lifetime``, ``updates``, ``chains`` and ``memory`` prepare what runs,
``step`` runs it over batches, with the help of ``threads``, and ``function`` keeps the
programs of a function by signature.
"""

from tinygrad_lr.compiler.function import Recorded, function
from tinygrad_lr.compiler.memory import LossNotFiniteError
from tinygrad_lr.compiler.program import Program
from tinygrad_lr.compiler.recording import record
from tinygrad_lr.compiler.step import CompiledStep, readable
from tinygrad_lr.compiler.threads import get_num_threads, set_num_threads

__all__ = [
    "CompiledStep",
    "LossNotFiniteError",
    "Program",
    "Recorded",
    "function",
    "get_num_threads",
    "readable",
    "record",
    "set_num_threads",
]
