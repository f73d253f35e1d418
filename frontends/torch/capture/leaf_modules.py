"""Which modules are one operation; the forward of any other is followed."""

from __future__ import annotations

from inspect import isroutine
from typing import Any

_CONTAINERS = frozenset(
    ("Sequential", "ModuleList", "ModuleDict", "DataParallel", "Module", "Transformer")
    + tuple("Transformer" + part for part in ("Encoder", "EncoderLayer", "Decoder", "DecoderLayer"))
)
_HARMLESS = frozenset(
    ("__init__", "__module__", "__doc__", "__annotations__", "__constants__", "__qualname__")
    + ("extra_repr", "reset_parameters", "__repr__", "__parameters__", "__firstlineno__")
    + ("__static_attributes__", "init_weights", "_init_weights", "__orig_bases__")
)
"""What a subclass may define without being another operation."""


def torch_class(module: Any) -> str:
    """Returns the name of the torch.nn class that a leaf module is; empty for any other.

    A leaf is lowered as one operation. A user's subclass counts as the class that it extends
    where neither it nor the module itself, as `conv.forward = other` does, defines what could
    change what the module does.
    """
    own = set(vars(module)) - _HARMLESS
    if any(isroutine(getattr(type(module), name, None)) for name in own):
        return ""
    for cls in type(module).__mro__:
        if cls.__module__.startswith(("torch.nn.", "torch.ao.nn.")):
            return "" if cls.__name__ in _CONTAINERS else str(cls.__name__)
        if not _HARMLESS.issuperset(vars(cls)):
            return ""
    return ""
