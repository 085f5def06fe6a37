"""Arguments: known names pass, old spellings are translated, unknown names are refused.

A misspelt argument is never ignored: ``Dense(3, imput_dim=2)`` raises a ``TypeError``
that names the class, the layer and the nearest argument there is. What an argument was
called in older Keras stands in one table, :data:`OLD_NAMES`, which is empty here;
whoever knows the old spellings fills it with :func:`register_old_names`.
"""

from __future__ import annotations

import functools
from abc import ABCMeta
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from tinygrad_lr.naming import suggestion
from tinygrad_lr.notices import warn

F = TypeVar("F", bound=Callable[..., Any])

# An old name stands for a new name, or for a function that is given the old name and
# the keyword arguments and changes them in place.
Translation = str | Callable[[str, dict[str, Any]], None]

OLD_NAMES: dict[str, dict[str, Translation]] = {}
warned: set[str] = set()  # old spellings that have been pointed out

TAKES_POSITIONALS, TAKES_KEYWORDS = 0x04, 0x08


def register_old_names(owner: str, names: Mapping[str, Translation]) -> None:
    """Add old spellings of arguments of ``owner`` to the table.

    ``owner`` is the name of a class ("Dense"; subclasses inherit its spellings) or the
    qualified name of a function ("Model.fit").
    """
    OLD_NAMES.setdefault(owner, {}).update(names)


class UnknownArgumentError(TypeError, ValueError):
    """An argument that does not exist: Python raises ``TypeError``, Keras mostly
    ``ValueError``, so this is both.
    """


class Parameters(NamedTuple):
    """The names a function can be given by keyword, and whether it takes any other."""

    names: tuple[str, ...]
    any_keyword: bool


@functools.cache
def parameters(function: Callable[..., Any]) -> Parameters:
    """Read the parameters of a function written in Python, without ``self``.

    >>> def f(self, x, *rest, scale=1, **others): ...
    >>> parameters(f)
    Parameters(names=('x', 'scale'), any_keyword=True)
    """
    signature = getattr(function, "__signature__", None)
    if signature is not None:  # set by a decorator that adds to what is written
        shown = [p for name, p in signature.parameters.items() if name != "self"]
        rest = [p for p in shown if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        return Parameters(
            tuple(p.name for p in shown if p not in rest),
            any(p.kind is p.VAR_KEYWORD for p in rest),
        )
    function = getattr(function, "__wrapped__", function)
    signature = getattr(function, "__signature__", None)
    if signature is not None:  # a constructor made from a function
        return Parameters(tuple(n for n in signature.parameters if n != "self"), False)
    code = getattr(function, "__code__", None)
    if code is None:
        return Parameters((), False)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return Parameters(
        tuple(name for name in names if name != "self"),
        bool(code.co_flags & TAKES_KEYWORDS),
    )


class Accepted(NamedTuple):
    """What a class takes by keyword: names, are they all, are arguments to be kept."""

    names: frozenset[str]
    complete: bool
    remember: bool


def accepted_by(cls: type) -> Accepted:
    """Gather the names that ``cls(...)`` takes, through every ``**kwargs`` handed
    upwards.

    The list is complete if each ``__init__`` on the way is ours: what a user's own
    ``**kwargs`` is for cannot be known, and the base class checks what arrives there. A
    class with an attribute ``for_function`` hands them to a function.
    """
    found: Accepted | None = cls.__dict__.get("_accepted_arguments")
    if found is not None:
        return found
    names: set[str] = set()
    complete = True
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None:
            continue
        own = parameters(init)
        names.update(own.names)
        if not own.any_keyword:
            break
        ours = base.__module__.startswith("tinygrad_lr.")
        complete = complete and ours and "for_function" not in base.__dict__
    provider = {
        method: next((base for base in cls.__mro__ if method in base.__dict__), object)
        for method in ("__init__", "get_config")
    }
    remember = provider["__init__"] is not provider["get_config"] and not (
        provider["__init__"].__module__.startswith("tinygrad_lr.")
    )
    found = Accepted(frozenset(names), complete, remember)
    type.__setattr__(cls, "_accepted_arguments", found)
    return found


def initializer(cls: Any) -> Callable[..., Any]:
    """Return the ``__init__`` that ``cls(...)`` runs."""
    init: Callable[..., Any] = cls.__init__
    return init


class Checked(ABCMeta):
    """The metaclass of everything that is built from named arguments.

    It sees a constructor's arguments before ``__init__`` does: translates old spellings
    and refuses unknown names. For a user's class without a ``get_config`` of its own it
    keeps the arguments, so that the default ``get_config`` can return them.
    """

    # Models look for their parts with isinstance; an ABC's own is five times as slow.
    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__

    @property
    def __signature__(cls) -> Any:
        """What ``inspect.signature`` and ``help`` show: parameters of ``__init__``."""
        import inspect

        init = initializer(cls)
        if init is object.__init__:
            return inspect.Signature()
        full = inspect.signature(init)
        return full.replace(parameters=list(full.parameters.values())[1:])

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        accepted = accepted_by(cls)
        if not accepted.names.issuperset(kwargs):
            known = parameters(initializer(cls)).names
            given = dict(zip(known, args, strict=False))
            if not given.keys() & kwargs.keys():  # a translation may need them all
                args, kwargs = args[len(given) :], given | kwargs
            owners = [base.__name__ for base in cls.__mro__]
            translate(owners, cls.__name__, kwargs, accepted.names)
            unknown = [name for name in kwargs if name not in accepted.names]
            if unknown and accepted.complete:
                raise unknown_argument(
                    cls.__name__, unknown, accepted.names, kwargs.get("name")
                )
        made = super().__call__(*args, **kwargs)
        if accepted.remember:
            init = next(base for base in cls.__mro__ if "__init__" in base.__dict__)
            names = parameters(init.__dict__["__init__"]).names
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            object.__setattr__(made, "_given_arguments", given)
        return made


def checked(function: F) -> F:
    """Check the keyword arguments of a function or method: old names, unknown names."""
    known = parameters(function)
    names = frozenset(known.names)
    owner = function.__qualname__.replace("Trainer.", "Model.")  # as people know it

    @functools.wraps(function)
    def checking(*args: Any, **kwargs: Any) -> Any:
        if not names.issuperset(kwargs):
            translate([owner], owner, kwargs, names)
            unknown = [name for name in kwargs if name not in names]
            if unknown and not known.any_keyword:
                who = getattr(args[0], "name", None) if args else None
                raise unknown_argument(owner, unknown, names, who)
        return function(*args, **kwargs)

    return checking  # type: ignore[return-value]  # wraps() keeps the signature


def translate(
    owners: list[str], shown: str, arguments: dict[str, Any], known: frozenset[str]
) -> None:
    """Replace old names among ``arguments`` by what they are called today, in place."""
    for old in [name for name in arguments if name not in known]:
        tables = (OLD_NAMES[owner] for owner in owners if owner in OLD_NAMES)
        translation = next((table[old] for table in tables if old in table), None)
        if callable(translation):
            translation(old, arguments)
        elif translation is not None:
            if translation in arguments:
                raise TypeError(
                    f"{shown}: got both {old!r} and {translation!r}, which mean the "
                    f"same. Keep {translation}=."
                )
            arguments[translation] = arguments.pop(old)
            warn_once(old, f"{shown}({old}=...) is spelt {translation}= today.")


def warn_once(name: str, message: str) -> None:
    """Warn about one spelling, once in a session."""
    if name not in warned:
        warned.add(name)
        warn(message, DeprecationWarning)


def unknown_argument(
    owner: str, unknown: list[str], known: frozenset[str], who: str | None = None
) -> UnknownArgumentError:
    """The error for arguments that do not exist, with the nearest ones that do."""
    name = unknown[0]
    of = f" (name {who!r})" if isinstance(who, str) else ""
    known = frozenset(k for k in known if not k.startswith("_"))
    hint = suggestion(name, known) or f" It takes {', '.join(sorted(known))}."
    others = f" (and {', '.join(map(repr, unknown[1:]))})" if unknown[1:] else ""
    return UnknownArgumentError(
        f"{owner}{of}: unknown argument {name!r}{others}.{hint}"
    )


def check_settings(
    owner: Any, function: Callable[..., Any], settings: Mapping[str, Any]
) -> None:
    """Raise for settings that an object keeps for its function, which takes others."""
    known = parameters(function)
    unknown = [name for name in settings if name not in known.names]
    if unknown and known.names and not known.any_keyword:
        names = frozenset(known.names) | accepted_by(type(owner)).names
        raise unknown_argument(type(owner).__name__, unknown, names)


def refuse_unknown(
    owner: Any, unknown: Mapping[str, Any], who: str | None = None
) -> None:
    """Raise for arguments that arrived in a base class and that nobody knows."""
    if unknown:
        names = accepted_by(type(owner)).names
        raise unknown_argument(type(owner).__name__, list(unknown), names, who)
