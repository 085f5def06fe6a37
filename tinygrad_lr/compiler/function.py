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
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lr.autodiff.lending import undone_on_error
from tinygrad_lr.autodiff.tensor import Tensor, default_dtype, mode
from tinygrad_lr.autodiff.trees import leaves, rebuild, transform
from tinygrad_lr.autodiff.variable import Variable
from tinygrad_lr.compiler.names import Names
from tinygrad_lr.compiler.recording import record
from tinygrad_lr.compiler.step import CompiledStep

KEPT = 16
PLAIN = (Tensor, np.ndarray, np.generic, np.dtype, type,
         bool, int, float, complex, str, bytes)  # fmt: skip


class Kept(NamedTuple):
    """A program, and the types in the nesting of what its function returned."""

    step: CompiledStep
    kinds: Any


class Recorded:
    """A function with the programs recorded from it, one per signature.

    Arrays and Tensors among the arguments are inputs; everything else, and the shapes
    and dtypes of the inputs, is the signature. At most ``kept`` programs are kept, and
    the one unused for longest goes first. Results of a program are constants: gradients
    are taken inside the function. Where a result needs a history (it depends on
    trainable Variables or on arguments that require a gradient), the function runs
    eagerly instead. Inputs are handed over in C order: another layout rounds otherwise.

    ``latest`` is the latest program, ``obstacle`` says why there is none.
    """

    def __init__(
        self, original: Callable[..., Any], name: str | None = None, kept: int = KEPT
    ) -> None:
        if not callable(original):
            raise TypeError(
                f"function: expected a function to record, got {original!r}."
            )
        functools.update_wrapper(self, original)
        self.original = original
        self.name: str = name or str(getattr(original, "__name__", "function"))
        self.kept = kept
        self.programs: OrderedDict[Any, Kept] = OrderedDict()
        self.latest: CompiledStep | None = None
        self.obstacle: str | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if mode.recorder is not None or self.obstacle is not None:
            return self.eagerly(args, kwargs)
        parts = leaves((args, kwargs))
        if mode.grad and any(isinstance(x, Tensor) and x.requires_grad for x in parts):
            return self.eagerly(args, kwargs)
        signature = (
            mode.grad,
            derived(),
            default_dtype(),
            signature_of((args, kwargs)),
        )
        found = self.find(signature)
        if found is None:
            return self.record(signature, args, kwargs)
        inputs = tuple(values_of(parts))
        with np.errstate(all="ignore"):
            outputs = found.step.run([inputs])[-1]
        pairs = zip(leaves(found.kinds), leaves(outputs), strict=True)
        return rebuild(found.kinds, [as_kind(kind, x) for kind, x in pairs])

    def eagerly(self, args: Any, kwargs: Any) -> Any:
        """Call the function itself, with Tensors for arrays as in a recording."""
        args, kwargs = transform(
            lambda x: Tensor(np.asarray(x)) if isinstance(x, np.ndarray) else x,
            (args, kwargs),
        )
        return self.original(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Let a recorded function be a method."""
        return self if instance is None else functools.partial(self, instance)

    def __getstate__(self) -> dict[str, Any]:
        """All but the programs: a copy records its own."""
        return {**self.__dict__, "programs": OrderedDict(), "latest": None}

    def find(self, signature: Any) -> Kept | None:
        """The program for a signature, if there is one that still holds."""
        found = self.programs.get(signature)
        if found is None:
            return None
        if not found.step.still_holds():
            self.programs.pop(signature, None)
            return None
        with suppress(KeyError):  # another thread may just have made room
            self.programs.move_to_end(signature)
        self.latest = found.step
        return found

    def record(self, signature: Any, args: Any, kwargs: Any) -> Any:
        """Run the function itself, and keep its program if it has one."""
        names = parameter_names(self.original, args, kwargs)
        parts = leaves((args, kwargs))
        inputs = [
            (
                name,
                Tensor(np.asarray(x, order="C"))
                if isinstance(x, np.ndarray)
                else Tensor.on(np.asarray(x.data, order="C").view()),
            )
            for name, x in zip(names, parts, strict=True)
            if is_input(x)
        ]  # a result may share memory with an input, which the caller may change

        def run(*tensors: Any) -> Any:
            given = iter(tensors)
            filled = [next(given) if is_input(x) else x for x in parts]
            new_args, new_kwargs = rebuild((args, kwargs), filled)
            return self.original(*new_args, **new_kwargs)

        with undone_on_error():
            result, program, obstacle = record(run, inputs, Names().take(self.name))
        odd = [type(x).__name__ for x in leaves(result) if not isinstance(x, PLAIN)]
        if program is None:
            self.give_up(
                f"looks at the value of a Tensor ({obstacle})",
                "np.where chooses between values without looking.",
            )
        elif odd:
            self.give_up(
                f"returns a {odd[0]}, which may hold Tensors out of a program's sight",
                "Return Tensors, alone or in tuples, lists and dicts.",
            )
        elif not needs_history(result) or (program.assigns and not derived()):
            result = transform(current_value, result)
            self.latest = CompiledStep(program)
            self.programs[signature] = Kept(self.latest, transform(type, result))
            if len(self.programs) > self.kept:
                self.programs.popitem(last=False)
        return result

    def give_up(self, why: str, advice: str) -> None:
        """Run eagerly from now on, and say so once."""
        self.obstacle = why
        warnings.warn(
            f"{self.name} {why}, so it cannot be recorded and runs eagerly. {advice}",
            stacklevel=4,
        )

    @property
    def source(self) -> str:
        """The latest program as a NumPy function for people."""
        if self.latest is None:
            raise RuntimeError(
                f"{self.name} has no program yet: "
                + (f"it {self.obstacle}." if self.obstacle else "call it once first.")
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
    return [
        np.asarray(x.data if isinstance(x, Tensor) else x, order="C")
        for x in parts
        if is_input(x)
    ]


def current_value(x: Any) -> Any:
    """The value of a Variable, anything else itself."""
    return x.value if isinstance(x, Variable) else x


def as_kind(kind: type, x: Any) -> Any:
    """A result of a program as the type that the function itself returned."""
    if issubclass(kind, Tensor):
        return Tensor.on(np.asarray(x))
    return x[()] if issubclass(kind, np.generic) else x


def derived() -> bool:
    """Whether somebody outside may ask for a gradient through what happens here."""
    return mode.grad and mode.tapes > 0


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
        return (type(x), *((key, signature_of(part)) for key, part in x.items()))
    if isinstance(x, (list, tuple)):
        return (type(x), *(signature_of(part) for part in x))
    if isinstance(x, (int, float, complex, str, bytes, type(None), np.generic)):
        return (type(x), repr(x))  # by repr -0.0 differs from 0.0
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
    try:
        parameters = list(inspect.signature(original).parameters.values())
    except ValueError:  # some functions written in C do not tell
        parameters = []
    positional = [
        p.name for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]  # fmt: skip
    positional += [f"arg_{i}" for i in range(len(positional), len(args))]
    named = [*zip(positional, args, strict=False), *sorted(kwargs.items())]
    names: list[str] = []
    for name, tree in named:
        count = len(leaves(tree))
        names += [name] if count == 1 else [f"{name}_{i}" for i in range(count)]
    return names
