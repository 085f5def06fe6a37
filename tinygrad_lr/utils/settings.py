"""Config: named values as attributes, which can be frozen."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from tinygrad_lr.naming import suggestion


class Config:
    """Named values, set and read as attributes or like those of a dict.

    ``freeze()`` makes every change a ``ValueError``, until ``unfreeze()``.

    >>> config = Config(learning_rate=0.1)
    >>> config.seed = 3
    >>> config["seed"], config.learning_rate, config.to_json()
    (3, 0.1, '{"learning_rate": 0.1, "seed": 3}')
    """

    def __init__(self, **kwargs: Any) -> None:
        vars(self).update(_config=kwargs, _frozen=False)

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return bool(vars(self)["_frozen"])

    def freeze(self) -> None:
        """Refuse changes from now on."""
        vars(self)["_frozen"] = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        vars(self)["_frozen"] = False

    def _changing(self) -> dict[str, Any]:
        if self.frozen:
            raise ValueError(
                "the Config is frozen, so it cannot be changed. Call unfreeze() first."
            )
        return self._values()

    def _values(self) -> dict[str, Any]:
        found: dict[str, Any] = vars(self)["_config"]
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the values as a dict of their own."""
        return dict(self._values())

    def to_json(self) -> str:
        """Return the values as JSON."""
        return json.dumps(self._values())

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._values().keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values().values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of name and value."""
        return self._values().items()

    def pop(self, *args: Any) -> Any:
        """Take a value out and return it, or the default that is given."""
        return self._changing().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values."""
        self._changing().update(*args, **kwargs)

    def get(self, keyname: str, value: Any = None) -> Any:
        """Return a value, or ``value`` if there is none of that name."""
        return self._values().get(keyname, value)

    def __getattr__(self, name: str) -> Any:
        values = vars(self).get("_config", {})
        if name in values:
            return values[name]
        raise AttributeError(
            f"the Config has no value {name!r}.{suggestion(name, values)}", name=name
        )

    def __setattr__(self, name: str, value: Any) -> None:
        self._changing()[name] = value

    def __delattr__(self, name: str) -> None:
        del self._changing()[name]

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._changing()[key] = item

    def __delitem__(self, key: str) -> None:
        del self._changing()[key]

    def __contains__(self, item: object) -> bool:
        return item in self._values()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values()))

    def __len__(self) -> int:
        return len(self._values())

    def __repr__(self) -> str:
        return f"<Config {self._values()}>"
