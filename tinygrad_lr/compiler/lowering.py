"""Replace functions of our own by the NumPy calls inside them.

For people ``sigmoid(x)`` is one word; for the machine it is a negation, an exponential,
an addition and a division, each of which can write into a buffer. The body of such a
function is NumPy on arrays, so recording it on stand-in values yields exactly these
calls.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from tinygrad_lr.autodiff import functions
from tinygrad_lr.autodiff.decompositions import DECOMPOSITIONS
from tinygrad_lr.autodiff.draws import DRAWS
from tinygrad_lr.autodiff.rules import WHOLE
from tinygrad_lr.autodiff.tensor import no_grad
from tinygrad_lr.compiler.program import Op, Program, Value, substitute
from tinygrad_lr.compiler.recording import record

OPAQUE: set[Callable[..., Any]] = {
    functions.getitem, functions.lookup, functions.scatter_add, functions.scatter_set,
    functions.astype, functions.einsum, functions.erf, functions.erfc, functions.erfinv,
    functions.logabsdet, functions.sign_of_det, *DECOMPOSITIONS, *DRAWS,
}  # fmt: skip


def variance(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """What ``np.var`` does, in calls of which the gradient needs the same."""
    centred = x - np.mean(x, axis=axis, keepdims=True)
    total = np.sum(centred * centred, axis=axis, keepdims=keepdims)
    return total / max(x.size // max(total.size, 1) - ddof, 0)


def deviation(x: Any, **options: Any) -> Any:
    """What ``np.std`` does."""
    return np.sqrt(variance(x, **options))


# Functions of NumPy that are written in other calls of NumPy.
WRITTEN: dict[Callable[..., Any], Callable[..., Any]] = {
    np.var: variance, np.std: deviation,
}  # fmt: skip

NAMED: set[Callable[..., Any]] = {
    np.var, np.std, functions.sigmoid, functions.softmax, functions.log_softmax,
    functions.logsumexp, functions.relu, functions.log_sigmoid, functions.softplus,
}  # fmt: skip


def can_open(op: Op) -> bool:
    """Whether a function is one of this package that is written in calls on arrays."""
    function = op.function
    if function in WRITTEN:
        plain = op.kwargs.keys() <= {"axis", "ddof", "keepdims"} and len(op.args) == 1
        wide = op.out.dtype in (np.float32, np.float64)
        return plain and wide and op.args[0].dtype == op.out.dtype
    home = getattr(function, "__module__", None) or ""
    alone = [x for x in (*op.args, *op.kwargs.values()) if isinstance(x, Value)]
    return (
        hasattr(function, "body")
        and len(alone) == len(op.operands())  # a body does not look into lists
        and home.startswith(__name__.split(".")[0])
        and function not in OPAQUE
        and function not in WHOLE
    )


def lower(program: Program, keep: Container[Callable[..., Any]] = ()) -> Program:
    """Expand every call of a function that can be opened into the calls of its body.

    Functions in ``keep`` stay: :data:`NAMED` are those that people know by name.
    """

    def opens(op: Op) -> bool:
        return can_open(op) and op.function not in keep

    while any(opens(op) for op in program.ops):
        ops: list[Op] = []
        mapping: dict[Value, Value] = {}
        for op in program.ops:
            op.substitute(mapping)
            if not opens(op):
                ops.append(op)
                continue
            inner = body_of(op)
            inner.outputs.stands_for(op.out)
            stand_ins = dict(zip(inner.inputs, op.operands(), strict=True))
            mapping[op.out] = substitute(inner.outputs, stand_ins)
            for call in inner.ops:
                call.substitute(stand_ins)
                call.section = op.section
                ops.append(call)
        program = program.with_calls(ops, mapping)
    return program


def body_of(op: Op) -> Program:
    """Record what one call does inside."""
    operands = list(op.operands())
    body = WRITTEN.get(op.function) or op.function.body  # type: ignore[attr-defined]  # every primitive has one

    def run(*tensors: Any) -> Any:
        given = iter(tensors)
        args = tuple(next(given) if isinstance(a, Value) else a for a in op.args)
        kwargs = {
            k: next(given) if isinstance(v, Value) else v for k, v in op.kwargs.items()
        }
        return body(*args, **kwargs)

    stand_ins = []
    for v in operands:  # integers are often indices: only 0 is always one
        make = np.zeros if v.dtype.kind in "iu" else np.ones
        stand_ins.append((v.name or "x", make(v.shape, v.dtype)))
    with no_grad():
        _, program, obstacle = record(run, stand_ins, op.function.__name__)
    if program is None:
        raise RuntimeError(f"{op.function.__name__} cannot be expanded: {obstacle}")
    return program
