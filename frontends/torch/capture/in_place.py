"""Which calls change a tensor in place."""

from __future__ import annotations

from typing import Any, Dict

from vai_inspect.frontends.torch.capture.recorder import IN_PLACE


def writes(function: Any, name: str, module: Any, kwargs: Dict[str, Any]) -> bool:
    """Returns whether a call changes its outputs in place."""
    if module is not None:
        dropout = "Dropout" in name  # it does nothing at inference
        return bool(getattr(module, "inplace", False)) and not dropout
    if "dropout" in name:
        return False
    schema = getattr(function, "_schema", None)
    called = str(getattr(schema, "name", None) or getattr(function, "__name__", ""))
    in_place = called.endswith("_") and not called.endswith("__")
    in_place = in_place or called == "__set__"
    return in_place or name == "setitem" or called in IN_PLACE or bool(kwargs.get("inplace"))
