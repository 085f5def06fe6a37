"""Check every gradient: ``python -m tinygrad_lr check``.

Each row of the rule table is run on samples: its value against NumPy's, its first and
second derivatives against differences of the function itself, its float32 and float16
gradients against float64. A row without a sample fails, so that no gradient goes
unproven.
"""

from __future__ import annotations

import itertools
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff import Tensor, functions, gradcheck
from tinygrad_lr.autodiff.gradcheck import GradientError
from tinygrad_lr.autodiff.rules import COMPOSITIONS, RULES, Function
from tinygrad_lr.autodiff.tensor import Array, plain, pull_back
from tinygrad_lr.autodiff.trees import leaves, transform
from tinygrad_lr.naming import nearest
from tinygrad_lr.samples import (
    NOT_ANALYTIC,
    SYMMETRIC,
    Sample,
    all_samples,
    flat_samples,
)

USAGE = """\
usage: python -m tinygrad_lr check [-v] [name ...]

Checks every gradient of the rule table (or of the functions named): the value against
NumPy, orders 1 and 2 against central differences, analytic functions against the
complex step, float32 and float16 against float64. Exit code 1 if one is wrong.

  -v, --verbose   a line for each row instead of each family
  -h, --help      this text"""

#: How far a low-precision gradient may be from float64's, relative to max(1, |g|).
PRECISION = {"float32": 2e-4, "float16": 2e-2}


class Figures(NamedTuple):
    """What a check found: numbers compared, worst relative errors by both methods."""

    numbers: int = 0
    central: float = 0.0
    complex_step: float = 0.0

    def plus(self, other: Figures) -> Figures:
        """Return the figures of both checks together."""
        return Figures(self.numbers + other.numbers, *map(max, self[1:], other[1:]))


class Row(NamedTuple):
    """One function of the table, and what there is to check about it."""

    family: str
    function: Function
    samples: Sequence[Sample]
    check: Callable[[Function, Sequence[Sample]], Figures]


def rows() -> list[Row]:
    """Return every row of the table; those nobody thought of have no samples."""
    families = all_samples()
    known = {function for family in families.values() for function in family}
    forgotten = [f for f in (*RULES, *COMPOSITIONS) if f not in known and not is_cut(f)]
    listed = [
        Row(family, function, samples, check_row)
        for family, members in families.items()
        for function, samples in members.items()
    ]
    listed += [Row("without sample", function, [], check_row) for function in forgotten]
    flat = sorted(flat_samples().items(), key=lambda item: name_of(item[0]))
    return listed + [
        Row("flat functions", f, samples, check_flat) for f, samples in flat
    ]


def is_cut(function: Function) -> bool:
    """Whether a row says that no gradient flows, whatever the function computes."""
    return function in RULES and not any(RULES[function].vjps)


def name_of(function: Function) -> str:
    """Return the name a row is shown and asked for by: ``np.tanh``, ``softmax``."""
    module = getattr(function, "__module__", None) or "numpy"
    prefix = "np." if module.startswith("numpy") else ""
    return prefix + ("linalg." if "linalg" in module else "") + function.__name__


def check_row(function: Function, samples: Sequence[Sample]) -> Figures:
    """Check a differentiable function at its samples; raise GradientError if wrong."""
    if not samples:
        raise GradientError(
            f"{name_of(function)} has no sample: write calls at which to check it into "
            "tinygrad_lr/samples."
        )
    total = Figures()
    for args, options in samples:

        def call(*inputs: Any, options: dict[str, Any] = options) -> Any:
            if function in SYMMETRIC:
                inputs = tuple(
                    (x + np.conjugate(np.swapaxes(x, -1, -2))) / 2 for x in inputs
                )
            return function(*inputs, **options)

        call.__name__ = name_of(function)
        compare_values(call, args)
        done = gradcheck(call, *args, order=2)
        total = total.plus(Figures(done.numbers, done.worst))
        if function not in NOT_ANALYTIC:
            done = gradcheck(call, *args, method="complex")
            total = total.plus(Figures(done.numbers, complex_step=done.worst))
        for dtype in precisions(function):
            total = total.plus(Figures(compare_precision(call, args, dtype)))
    if isinstance(function, np.ufunc) and not function.signature:
        args = samples[0].args
        if len(args) == 2 and all(map(floating, args)):
            total = total.plus(Figures(compare_scalars(function, *args)))
    return total


def precisions(function: Function) -> list[str]:
    """Return the dtypes to compare with float64: LAPACK knows no float16."""
    home = getattr(function, "__module__", None) or ""  # ufuncs of NumPy 2.0 have none
    own = "decompositions" in home or function is functions.logabsdet
    lapack = own or "linalg" in name_of(function)
    return ["float32"] if lapack else ["float32", "float16"]


def compare_values(call: Function, args: tuple[Any, ...]) -> None:
    """On Tensors a function gives what it gives on arrays: values, shapes, dtypes."""
    for dtype in ("float64", "float32"):
        arrays = cast(args, dtype)
        expected, found = leaves(call(*arrays)), leaves(call(*on_tensors(arrays)))
        tolerance = 1e-12 if dtype == "float64" else 1e-4
        for want, have in zip(expected, found, strict=True):
            want, have = np.asarray(want), np.asarray(plain(have))
            same = want.shape == have.shape and want.dtype == have.dtype
            if not same or not np.allclose(have, want, tolerance, tolerance):
                raise GradientError(
                    f"{call.__name__} on a Tensor of {dtype} is not what NumPy gives: "
                    f"expected {want!r}, got {have!r}."
                )


def compare_precision(call: Function, args: tuple[Any, ...], dtype: str) -> int:
    """Compare gradients in low precision with float64's; return how many numbers."""
    low = cast(args, dtype)
    count = 0
    pairs = zip(
        gradients(call, low), gradients(call, cast(low, "float64")), strict=True
    )
    for place, ((x, g), (_, exact)) in enumerate(pairs):
        if g.dtype != x.dtype or g.shape != x.shape:
            raise GradientError(
                f"{call.__name__}: the gradient with respect to input {place} has "
                f"dtype {g.dtype} and shape {g.shape}, but the input {x.dtype} and "
                f"{x.shape}."
            )
        error = np.abs(g - exact) / np.maximum(1, np.abs(exact))
        if not np.all(error <= PRECISION[dtype]):
            raise GradientError(
                f"{call.__name__}: the {dtype} gradient with respect to input {place} "
                f"is off by {error.max():.3g} relative to float64."
            )
        count += g.size
    return count


def compare_scalars(function: Function, x: Array, y: Array) -> int:
    """A Python number on either side leaves float32 alone, in value and gradient."""
    x, number = x.astype(np.float32), float(y.flat[0])

    def right(t: Any) -> Any:
        return function(t, number)

    def left(t: Any) -> Any:
        return function(number, t)

    right.__name__ = left.__name__ = f"{name_of(function)} with a Python number"
    for call in (right, left):
        compare_values(call, (x,))
    return sum(compare_precision(call, (x,), "float32") for call in (right, left))


def gradients(call: Function, args: tuple[Any, ...]) -> list[tuple[Tensor, Array]]:
    """Return each Tensor made of ``args`` with the gradient of sum(call(...)^2) / 2."""
    inputs = on_tensors(args)
    results = [r for r in leaves(call(*inputs)) if isinstance(r, Tensor)]
    wanted = [x for x in leaves(inputs) if isinstance(x, Tensor)]
    pulled = pull_back(results, [r.data for r in results], wanted)
    found = {id(x): g for x, g in pulled}
    return [(x, found.get(id(x), np.zeros_like(x.data))) for x in wanted]


def on_tensors(args: tuple[Any, ...]) -> Any:
    """Return ``args`` with Tensors in place of arrays of floats and complex numbers."""
    return transform(lambda x: Tensor(x, floating(x)) if numeric(x) else x, args)


def cast(args: tuple[Any, ...], dtype: str) -> Any:
    """Return ``args`` with the arrays of floats in ``dtype``."""
    return transform(lambda x: x.astype(dtype) if floating(x) else x, args)


def floating(x: Any) -> bool:
    """Whether ``x`` is an array of floats, and not an option or an index."""
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f"


def numeric(x: Any) -> bool:
    """Whether ``x`` is an array of real or complex floats."""
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


def check_flat(function: Function, samples: Sequence[Sample]) -> Figures:
    """Check that a function without slope gives plain arrays, NumPy's, on Tensors."""
    for args, options in samples:
        expected = function(*args, **options)
        found = function(*on_tensors(args), **options)
        if function is np.empty_like:  # its values are whatever memory held
            expected, found = np.zeros_like(expected), np.zeros_like(found)
        if repr(found) != repr(expected):
            raise GradientError(
                f"{name_of(function)} has no slope, so on a Tensor it gives an array, "
                f"as on an array: expected {expected!r}, got {found!r}."
            )
    return Figures(len(samples))


def attempt(row: Row) -> tuple[Figures, str]:
    """Check one row; return the figures and, if it failed, a sentence."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # NumPy retires a function
            return row.check(row.function, row.samples), ""
    except GradientError as error:
        return Figures(), str(error)
    except Exception as error:  # a row that cannot even run is a failure like any other
        return (
            Figures(),
            f"{name_of(row.function)} raised {type(error).__name__}: {error}",
        )


def chosen_rows(words: Sequence[str]) -> list[Row]:
    """Return the rows that are named, or all; raise ValueError for an unknown name."""
    listed = rows()
    names = [name_of(row.function) for row in listed]
    wanted = set()
    for word in words:
        hits = {name for name in names if word in (name, name.removeprefix("np."))}
        if not hits:
            plain = {name.removeprefix("np."): name for name in names}
            near = nearest(word.removeprefix("np."), plain, 1)
            hint = f"; did you mean {plain[near[0]]}?" if near else "."
            raise ValueError(f"check: there is no row for {word!r}{hint}")
        wanted |= hits
    return [row for row in listed if not words or name_of(row.function) in wanted]


def main(argv: Sequence[str]) -> int:
    """Run the check with command-line words; return 0, 1 (failure) or 2 (misuse)."""
    flags = [word for word in argv if word.startswith("-")]
    unknown = [
        flag for flag in flags if flag not in ("-h", "--help", "-v", "--verbose")
    ]
    if unknown:
        print(f"check: unknown option {unknown[0]}; see --help.", file=sys.stderr)
        return 2
    if "-h" in flags or "--help" in flags:
        print(USAGE)
        return 0
    try:
        listed = chosen_rows([word for word in argv if word not in flags])
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    verbose = "-v" in flags or "--verbose" in flags
    started = time.perf_counter()
    total, failures = Figures(), 0
    for family, members in itertools.groupby(listed, key=attrgetter("family")):
        part, count = Figures(), 0
        for row in members:
            figures, failure = attempt(row)
            part, count = part.plus(figures), count + 1
            failures += bool(failure)
            if failure:
                print(f"  FAILED {failure}")
            elif verbose:
                print(f"  {name_of(row.function):28}{line(figures)}")
        print(f"{family:18}{count:4} rows{line(part)}", flush=True)
        total = total.plus(part)
    seconds = time.perf_counter() - started
    print(
        f"{'FAILED' if failures else 'ok'}: {len(listed)} rows, {failures} failed, "
        f"{total.numbers} comparisons, worst relative error {total.central:.1e} "
        f"(complex step {total.complex_step:.1e}), {seconds:.1f} s"
    )
    return 1 if failures else 0


def line(figures: Figures) -> str:
    """Return the figures of a row or family as the end of a line."""
    return (
        f"{figures.numbers:7} comparisons   worst {figures.central:.1e}"
        f"   complex step {figures.complex_step:.1e}"
    )
