"""What the attribute sets of all kinds have in common."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Tuple

from vai_inspect.core.codec import Plain, encode

Pair = Tuple[int, int]
Triple = Tuple[int, int, int]
Pads2d = Tuple[int, int, int, int]
Pads3d = Tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Attrs(Plain):
    """Base of the attribute sets: frozen, with XIR's names in XIR's order.

    A field whose name is a Python keyword carries a trailing underscore, which `to_dict` drops.
    A field made by `extra` is this project's own: XIR has no such attribute. One made by `hidden`
    is so too, and no report shows it.
    """

    def to_dict(self) -> Dict[str, Any]:
        """Returns the attributes by XIR name, tuples as lists, in XIR's order, extras last."""
        return {name: encode(getattr(self, field)) for name, field in _shown(type(self))}


def _shown(attrs: "type[Attrs]") -> Tuple[Tuple[str, str], ...]:
    """Returns the names that reports show and the fields that they are of, in their order."""
    if attrs not in _SHOWN:
        fields = [f for f in dataclasses.fields(attrs) if f.metadata.get("shown", True)]
        ordered = [f for f in fields if is_xir(f)] + [f for f in fields if not is_xir(f)]
        _SHOWN[attrs] = tuple((f.name.rstrip("_"), f.name) for f in ordered)
    return _SHOWN[attrs]


_SHOWN: "Dict[type[Attrs], Tuple[Tuple[str, str], ...]]" = {}


@dataclass(frozen=True)
class NoAttrs(Attrs):
    """The attribute set of the kinds that XIR gives none."""


def extra(default: Any) -> Any:
    """Returns a dataclass field for an attribute that XIR does not have."""
    return dataclasses.field(default=default, metadata={"xir": False})


def hidden(default: Any) -> Any:
    """Returns a dataclass field for what only passes read."""
    return dataclasses.field(default=default, metadata={"xir": False, "shown": False})


def is_xir(field: "dataclasses.Field[Any]") -> bool:
    """Returns whether a field is an attribute of XIR's own."""
    return bool(field.metadata.get("xir", True))
