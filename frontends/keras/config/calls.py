"""The two forms of a call in a config.

Keras 2 writes nested lists of `[layer, node, tensor, {keyword arguments}]`, Keras 3 an object
`{"args": [...], "kwargs": {...}}` with a `__keras_tensor__` for each tensor.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from vai_inspect.frontends.keras.config.values import TensorRef, plain

CONSTANT = "_CONSTANT_VALUE"
Sizes = Tuple[Optional[int], ...]
"""A shape with None for each open dimension."""


def keras_3_call(
    call: Mapping[str, Any], recorded: Dict[TensorRef, Tuple[Sizes, str]]
) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
    """Returns the arguments of a call and adds the recorded shapes of tensors to `recorded`."""

    def leaf(value: Any) -> Optional[TensorRef]:
        if not isinstance(value, dict) or value.get("class_name") != "__keras_tensor__":
            return None
        inner = value.get("config")
        ref = ref_of(inner.get("keras_history") if isinstance(inner, dict) else None)
        if ref is not None and isinstance(inner, dict):
            shape = sizes(inner.get("shape"))
            if shape is not None:
                recorded[ref] = (shape, str(inner.get("dtype", "")))
        return ref

    args = plain(call.get("args"), leaf)
    kwargs = plain(call.get("kwargs"), leaf)
    return (
        args if isinstance(args, tuple) else (args,),
        kwargs if isinstance(kwargs, dict) else {},
    )


def keras_2_call(call: Any, known: "set[str]") -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
    """Returns the arguments of a call.

    Each leaf repeats the keyword arguments of the call, whose tensors are lists of three.

    Args:
        call: one of `inbound_nodes`.
        known: names of the layers, which distinguish a tensor from another list.
    """
    kwargs: Dict[str, Any] = {}

    def argument(value: Any) -> Optional[TensorRef]:
        ref = ref_of(value[:3]) if isinstance(value, list) and len(value) in (3, 4) else None
        return ref if ref is not None and ref.layer in known else None

    def leaf(value: Any) -> Any:
        if not (isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str)):
            return None
        given = value[3] if len(value) == 4 and isinstance(value[3], dict) else {}
        if value[0] == CONSTANT:
            kwargs.update(plain(given, argument))
            return plain(value[2])
        ref = argument(value)
        if ref is not None:
            kwargs.update(plain(given, argument))
        return ref

    first = plain(call, leaf)
    # A single tensor is in a list too.
    if isinstance(first, tuple) and len(first) == 1:
        first = first[0]
    return (first,), kwargs


def ref_of(history: Any) -> Optional[TensorRef]:
    """Returns the tensor of a list of layer, node and tensor; None for any other value."""
    if not isinstance(history, list) or len(history) != 3:
        return None
    layer, node, tensor = history
    if isinstance(layer, str) and type(node) is int and type(tensor) is int:
        return TensorRef(layer, node, tensor)
    return None


def sizes(value: Any) -> Optional[Sizes]:
    """Returns a saved shape, or None if the value is not a shape."""
    if value is None:
        return None
    found = plain(value)
    if not isinstance(found, tuple):
        return None
    return found if all(size is None or type(size) is int for size in found) else None
