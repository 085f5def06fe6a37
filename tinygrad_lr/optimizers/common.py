"""What all optimizers of ours share in ``__init__``, so that it is written once.

Every optimizer takes its learning rate, its own arguments, and then those of
:class:`Optimizer` (weight decay, clipping, averages ...). A class names its own ones
and ends in ``**common``; the decorator here adds the others.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from tinygrad_lr.optimizers.optimizer import Optimizer

F = TypeVar("F", bound=Callable[..., None])


def common_arguments(init: F) -> F:
    """Let an ``__init__`` that ends in ``**common`` take those of Optimizer as well.

    In the signature, and when they are given by position, the common arguments stand
    behind the own ones and before those that are keyword-only. (Keras repeats all of
    them in each class.)
    """
    known = inspect.signature(init).parameters
    shared = inspect.signature(Optimizer.__init__).parameters
    both = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [p for p in known.values() if p.kind is both]
    last = [p.replace(kind=both) for p in known.values() if p.kind is p.KEYWORD_ONLY]
    between = [p for name, p in shared.items() if name not in known and p.kind is both]
    named = [*first, *between, *last]
    own = len(first)

    @functools.wraps(init)
    def taking_all(*args: Any, **kwargs: Any) -> None:
        if len(args) > len(named):
            raise TypeError(
                f"{type(args[0]).__name__}: got {len(args) - 1} arguments by position, "
                f"but takes {len(named) - 1}."
            )
        rest = zip((p.name for p in named[own:]), args[own:], strict=False)
        init(*args[:own], **dict(rest), **kwargs)

    taking_all.__signature__ = inspect.Signature([*named, shared["kwargs"]])  # type: ignore[attr-defined]  # what inspect looks for
    return taking_all  # type: ignore[return-value]  # the signature that is shown
