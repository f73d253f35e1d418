"""What in a forward asks for the value of a tensor, so that its course depends on the data."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import torch

_ASKS = {
    "__bool__": "bool()",
    "__complex__": "complex()",
    "__contains__": "in",
    "__float__": "float()",
    "__index__": "an index",
    "__int__": "int()",
    "__array__": "numpy()",
    "is_nonzero": "bool()",
}
_ASKS.update((name, name + "()") for name in ("item", "tolist", "numpy", "equal", "allclose"))
ANSWERED = frozenset(_ASKS)
"""What gives values themselves, as torch calls it."""
TEXTS = frozenset(("__format__", "__repr__"))
"""What gives them as a text, which a tensor without values has, too."""
TAKEN_OUT = ("numpy()", "tolist()")
"""What hands a tensor's values to other libraries; what these make of them is not seen."""
MEMORY = frozenset(
    ("numpy", "__array__", "__dlpack__", "__cuda_array_interface__", "data_ptr")
    + ("storage", "typed_storage", "_typed_storage", "untyped_storage", "share_memory_")
)
"""What hands out a tensor's memory, into which others may write unseen."""
_SIZED = frozenset(
    ("argwhere", "bincount", "masked_select", "nms", "nonzero", "repeat_interleave")
    + ("unique", "unique_consecutive", "unique_dim", "_unique2")
)
"""What gives a tensor whose size depends on values."""


def asked(name: str, raw: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> str:
    """Returns what a call asks for, in words, or an empty text.

    Args:
        name: the operation's name, see `Step`.
        raw: as torch itself calls it.
        args: positional arguments.
        kwargs: keyword arguments.
    """
    if raw in _ASKS:
        return _ASKS[raw]
    if name == "repeat_interleave":
        given = kwargs.get("repeats", args[1] if len(args) > 1 else None)
        return name if isinstance(given, torch.Tensor) else ""
    if name == "where" and len(args) + len(kwargs) == 1:
        return "where() of one tensor"
    # torch before 2.2 hands over `index` of a list for x[...].
    if name in ("getitem", "index") and _masks(args[1]):
        return "an index of truth values"
    return name if name in _SIZED else ""


def deciding(name: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Returns the arguments of a call that asks for values of which the values decide."""
    if name in ("getitem", "index"):
        return args[1:]
    if name == "repeat_interleave":
        return kwargs.get("repeats", args[1:2])
    return args, kwargs


def _masks(key: Any) -> bool:
    if isinstance(key, torch.Tensor):
        return key.dtype in (torch.bool, torch.uint8) and key.dim() > 0
    return isinstance(key, (list, tuple)) and any(_masks(one) for one in key)
