"""Unwraps the layers that Keras 2 puts around bare TensorFlow operations."""

from __future__ import annotations

import json
from typing import Any, Dict, Tuple

from vai_inspect.frontends.keras.config.config_layer import ConfigLayer
from vai_inspect.frontends.keras.config.values import plain
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.tf_operations import read_symbol, with_constants
from vai_inspect.frontends.keras.lower.tf_signatures import NODE_SYMBOLS

_SLICE = "__operators__.getitem"


def as_operation(
    layer: Layer, args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Tuple[Layer, Tuple[Any, ...], Dict[str, Any]]:
    """Returns what the lowerings see of a call; any other layer as it is.

    Args:
        layer: what is called.
        args: positional arguments.
        kwargs: keyword arguments.
    """
    if not isinstance(layer, ConfigLayer):
        return layer, args, kwargs
    config, name = layer.config, layer.keras_class
    if name == "SlicingOpLambda":
        return read_symbol(_SLICE, args, kwargs)
    if name == "TFOpLambda":
        return read_symbol(str(config.get("function")), args, kwargs)
    if name == "TensorFlowOpLayer":
        node = config.get("node_def")
        saved: Any = json.loads(node) if isinstance(node, str) else node
        kind = str(saved.get("op"))
        symbol = NODE_SYMBOLS.get(kind, "raw_ops." + kind)
        constants = {int(index): plain(one) for index, one in config["constants"].items()}
        return read_symbol(symbol, with_constants(symbol, constants, args), {})
    return layer, args, kwargs
