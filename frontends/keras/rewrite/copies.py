"""Layers and operations made again from their configs, with their weights."""

from __future__ import annotations

import copy
from typing import Any, Optional

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.live.model_kind import is_class, reason_of


def copied(layer: Any, library: Any, dtype: Optional[str] = None, **settings: Any) -> Any:
    """Returns a new layer or operation like another one; weights are carried over later.

    Args:
        layer: the layer, or an operation of `keras.ops`.
        library: the module with `layers`.
        dtype: element type in place of its own floating-point one, or None.
        **settings: what of its config is otherwise.

    Raises:
        ModelError: the layer cannot be made from its config.
    """
    if not is_class(type(layer), "Layer"):
        return _same_operation(layer)
    try:
        config = layer.get_config()
        if dtype is not None:
            config = with_dtype(config, dtype)
        config.update(settings)
        if type(layer).__name__ == "Lambda":
            return _lambda(layer, config, library)
        return type(layer).from_config(config)
    except Exception as error:
        # The user's own code runs here, so anything may be raised.
        raise ModelError(
            "Layer {!r} ({}) cannot be made again from its config, which a change of the model "
            "needs: {}; give its class get_config() and from_config().".format(
                layer.name, type(layer).__name__, reason_of(error).rstrip(".")
            )
        ) from error


def carry(old: Any, new: Any) -> None:
    """Gives a layer that is built the weights of another one.

    Raises:
        ModelError: they have other weights.
    """
    if not getattr(old, "weights", None):
        return
    try:
        new.set_weights(old.get_weights())
        for layer in new._flatten_layers():
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()
    except Exception as error:
        raise ModelError(
            "The weights of layer {!r} ({}) do not fit the layer that its config makes: {}; give "
            "its class get_config() and from_config() that make it whole.".format(
                old.name, type(old).__name__, reason_of(error).rstrip(".")
            )
        ) from error


def with_dtype(config: Any, dtype: str) -> Any:
    """Returns a config with another floating-point type wherever it has one."""
    if isinstance(config, dict):
        return {
            key: dtype if key == "dtype" and _floating(value) else with_dtype(value, dtype)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        kind = tuple if isinstance(config, tuple) else list
        return kind(with_dtype(one, dtype) for one in config)
    return config


def _floating(value: Any) -> bool:
    if isinstance(value, dict):
        value = value.get("config", {}).get("name")
    return isinstance(value, str) and "float" in value


def _same_operation(operation: Any) -> Any:
    """Operations hold settings alone, and the nodes of their calls."""
    new = copy.copy(operation)
    new._inbound_nodes, new._outbound_nodes = [], []
    return new


def _lambda(layer: Any, config: Any, library: Any) -> Any:
    """A Lambda holds a function, which Keras 3 makes from no config unless it is trusted."""
    return library.layers.Lambda(
        layer.function,
        output_shape=getattr(layer, "_output_shape", None),
        mask=getattr(layer, "mask", None),
        arguments=layer.arguments,
        name=config["name"],
        dtype=config["dtype"],
    )
