"""``@function``: record any function of Tensors once, then run its NumPy program.

The first call with arguments of new shapes or dtypes runs the function itself,
recording; later ones run the program. What Python did between the calls on arrays is
not repeated, so a function that looks at values is left as it is, with one warning that
says where it looks.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lr.autodiff.tensor import Tensor, default_dtype, mode
from tinygrad_lr.autodiff.trees import leaves, rebuild, transform
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.numpy_source import Names
from tinygrad_lr.compiler.recording import record
from tinygrad_lr.compiler.step import CompiledStep

KEPT = 16


class Recorded:
    """A function with the programs recorded from it, one per signature.

    Arrays and Tensors among the arguments are inputs; everything else, and the shapes
    and dtypes of the inputs, is the signature. At most ``kept`` programs are kept, and
    the one unused for longest goes first. Results of a program are constants: gradients
    are taken inside the function. Where a result needs a history (it depends on
    trainable Variables or on arguments that require a gradient), the function runs
    eagerly instead.

    ``program`` is the latest one, ``obstacle`` says why there is none.
    """

    def __init__(
        self, original: Callable[..., Any], name: str | None = None, kept: int = KEPT
    ) -> None:
        functools.update_wrapper(self, original)
        self.original = original
        self.name: str = name or str(getattr(original, "__name__", "function"))
        self.kept = kept
        self.programs: OrderedDict[Any, CompiledStep] = OrderedDict()
        self.latest: CompiledStep | None = None
        self.obstacle: str | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if mode.recorder is not None or self.obstacle is not None:
            return self.original(*args, **kwargs)
        parts = leaves((args, kwargs))
        if mode.grad and any(isinstance(x, Tensor) and x.requires_grad for x in parts):
            return self.original(*args, **kwargs)
        signature = (mode.grad, signature_of((args, kwargs)))
        program = self.find(signature)
        if program is None:
            return self.record(signature, args, kwargs)
        inputs = tuple(values_of(parts))
        with np.errstate(all="ignore"):
            outputs = program.run([inputs])[-1]
        return transform(lambda x: Tensor.on(np.asarray(x)), outputs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Let a recorded function be a method."""
        return self if instance is None else functools.partial(self, instance)

    def find(self, signature: Any) -> CompiledStep | None:
        """The program for a signature, if there is one that still holds."""
        program = self.programs.get(signature)
        if program is None:
            return None
        if not program.still_holds():
            del self.programs[signature]
            return None
        self.programs.move_to_end(signature)
        self.latest = program
        return program

    def record(self, signature: Any, args: Any, kwargs: Any) -> Any:
        """Run the function itself, and keep its program if it has one."""
        names = parameter_names(self.original, args, kwargs)
        parts = leaves((args, kwargs))
        inputs = [
            (name, Tensor.on(x.copy() if isinstance(x, np.ndarray) else x.data.view()))
            for name, x in zip(names, parts, strict=True)
            if is_input(x)
        ]  # a result may share memory with an input, which the caller may change

        def run(*tensors: Any) -> Any:
            given = iter(tensors)
            filled = [next(given) if is_input(x) else x for x in parts]
            new_args, new_kwargs = rebuild((args, kwargs), filled)
            return self.original(*new_args, **new_kwargs)

        result, program, obstacle = record(run, inputs, Names().take(self.name))
        if program is None:
            self.obstacle = obstacle
            warnings.warn(
                f"{self.name} looks at the value of a Tensor ({obstacle}), so it cannot"
                " be recorded and runs eagerly. np.where chooses between values"
                " without looking.",
                stacklevel=3,
            )
        elif program.assigns or not needs_history(result):
            self.latest = self.programs[signature] = CompiledStep(program)
            if len(self.programs) > self.kept:
                self.programs.popitem(last=False)
        return result

    @property
    def source(self) -> str:
        """The latest program as a NumPy function for people."""
        if self.latest is None:
            raise RuntimeError(
                f"{self.name} has no program yet: "
                + (
                    f"it looks at {self.obstacle}."
                    if self.obstacle
                    else "call it once first."
                )
            )
        return self.latest.source


def function(original: Callable[..., Any] | None = None, *, kept: int = KEPT) -> Any:
    """Record a function of Tensors; from the second call on run it as a NumPy program.

        >>> from tinygrad_lr import Tensor, function
        >>> @function
        ... def norm(x):
        ...     return np.sqrt((x * x).sum())
        >>> norm(Tensor([3.0, 4.0])), norm(Tensor([6.0, 8.0]))
        (Tensor(5., dtype=float32), Tensor(10., dtype=float32))
        >>> print(norm.source.splitlines()[5])
            t = np.sqrt((x * x).sum())  # ()

    Use it bare or as ``@function(kept=n)``; see :class:`Recorded`.
    """
    if original is None:
        return functools.partial(function, kept=kept)
    return Recorded(original, kept=kept)


def is_input(x: Any) -> bool:
    """Whether an argument is data to a program; a Variable is read by name instead."""
    return isinstance(x, (Tensor, np.ndarray)) and not isinstance(x, Variable)


def values_of(parts: list[Any]) -> list[Any]:
    """The arrays of the inputs among the arguments."""
    return [x.data if isinstance(x, Tensor) else x for x in parts if is_input(x)]


def needs_history(result: Any) -> bool:
    """Whether someone could ask for a gradient through a result."""
    return mode.grad and any(
        isinstance(x, Tensor) and x.requires_grad for x in leaves(result)
    )


def signature_of(x: Any) -> Any:
    """What a program depends on: nesting, forms of arrays, and all other arguments."""
    if is_input(x):
        return (x.shape, x.dtype.str, type(x) is np.ndarray)
    if isinstance(x, dict):
        return tuple((key, signature_of(x[key])) for key in sorted(x))
    if isinstance(x, (list, tuple)):
        return (type(x), *(signature_of(part) for part in x))
    if isinstance(x, (int, float, complex, str, bytes, type(None), np.generic)):
        return (type(x), repr(x), default_dtype())  # by repr -0.0 differs from 0.0
    return Same(x)


class Same:
    """An object compared by identity, and kept alive, so that no other gets its id."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


def parameter_names(original: Callable[..., Any], args: Any, kwargs: Any) -> list[str]:
    """A name for every leaf of the arguments, from the function's own parameters."""
    positional = [
        p.name for p in inspect.signature(original).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]  # fmt: skip
    positional += [f"arg_{i}" for i in range(len(positional), len(args))]
    named = [*zip(positional, args, strict=False), *sorted(kwargs.items())]
    names: list[str] = []
    for name, tree in named:
        count = len(leaves(tree))
        names += [name] if count == 1 else [f"{name}_{i}" for i in range(count)]
    return names
