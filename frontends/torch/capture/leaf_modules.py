"""Which modules are one operation; the forward of any other is followed."""

from __future__ import annotations

from typing import Any

_CONTAINERS = frozenset(
    ("Sequential", "ModuleList", "ModuleDict", "DataParallel", "Module", "Transformer")
    + tuple("Transformer" + part for part in ("Encoder", "EncoderLayer", "Decoder", "DecoderLayer"))
)
_TORCH = ("torch.nn.", "torch.ao.nn.")
_HARMLESS = frozenset(
    ("__init__", "__module__", "__doc__", "__annotations__", "__constants__", "__qualname__")
    + ("__dict__", "__weakref__", "__repr__", "extra_repr", "reset_parameters", "train", "eval")
    + ("requires_grad_", "state_dict", "load_state_dict", "_load_from_state_dict")
    + ("_save_to_state_dict", "_version")
)
"""What a subclass may override without being another operation."""


def torch_class(module: Any) -> str:
    """Returns the name of the torch.nn class that a leaf module is; empty for any other.

    A leaf is lowered as one operation. A user's subclass counts as the class that it extends
    where neither it nor the module itself, as `conv.forward = other` does, overrides what could
    change what the module does.
    """
    own = set(vars(module)) - _HARMLESS
    if any(callable(getattr(type(module), name, None)) for name in own):
        return ""
    classes = type(module).__mro__
    torch = next((cls for cls in classes if cls.__module__.startswith(_TORCH)), None)
    if torch is None or torch.__name__ in _CONTAINERS:
        return ""
    extending = classes[: classes.index(torch)]
    return "" if any(_overrides(cls, torch) for cls in extending) else str(torch.__name__)


def _overrides(cls: Any, torch: Any) -> bool:
    """Whether a class has something in place of what a class of torch.nn has, such as a forward.

    What it adds is called by nothing of torch; a property may stand for a parameter, though.
    """
    added = {name: value for name, value in vars(cls).items() if name not in _HARMLESS}
    return any(hasattr(torch, name) or hasattr(value, "__set__") for name, value in added.items())
