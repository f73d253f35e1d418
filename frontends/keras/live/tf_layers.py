"""Reads the live layers that Keras 2 puts around bare TensorFlow operations."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from vai_inspect.frontends.keras.lower.tf_operations import Read, read_symbol, with_constants
from vai_inspect.frontends.keras.lower.tf_signatures import KEEPS_BATCH, NODE_SYMBOLS, SIGNATURES


def symbol_of(layer: Any) -> str:
    """Returns TensorFlow's name of the wrapped function, such as `math.add`."""
    if type(layer).__name__ == "TensorFlowOpLayer":
        return NODE_SYMBOLS.get(str(layer.node_def.op), "raw_ops." + str(layer.node_def.op))
    function = getattr(layer, "function", None)
    name = getattr(layer, "symbol", None)
    if not name:
        # Keras 2.4 to 2.15 name such a layer after the function.
        name = str(layer.name)
        name = name[3:] if name.startswith("tf.") else getattr(function, "__name__", name)
        name = name.rstrip("0123456789").rstrip("_") if name not in SIGNATURES else name
    return str(name)


def keeps_batch(layer: Any) -> bool:
    """Returns whether axis 0 of the output is that of the operands."""
    return symbol_of(layer) in KEEPS_BATCH


def read_operation(layer: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Read:
    """Returns the operation that a call is lowered as; see `read_symbol`."""
    symbol = symbol_of(layer)
    if type(layer).__name__ == "TensorFlowOpLayer":
        return read_symbol(symbol, with_constants(symbol, layer.constants, args), {})
    return read_symbol(symbol, args, kwargs)
