"""A layer or operation as the lowerings see it, whether it lives or is only a config in a file.

A lowering reads settings as attributes, under the names that Keras 3's layers give them:
`layer.kernel_size`, `layer.use_bias`. It never asks for the framework's own object.
"""

from __future__ import annotations

import functools
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Param, TensorType
from vai_inspect.frontends.keras.live.model_kind import is_class, is_keras, is_keras_2, overrides
from vai_inspect.frontends.keras.lower.activation_function import live_function

FORMER_NAMES: Dict[str, str] = {
    "key_dim": "_key_dim",
    "layer": "forward_layer",
    "negative_slope": "alpha",
    "num_heads": "_num_heads",
    "value_dim": "_value_dim",
}
"""What another Keras calls a setting, by the name that the lowerings know."""

LATER_SETTINGS: Dict[str, Any] = {
    "antialias": False,
    "crop_to_aspect_ratio": False,
    "groups": 1,
    "invert": False,
    "keepdims": False,
    "pad_to_aspect_ratio": False,
}
"""Settings that older Keras versions do not have, with the value that stands for their absence."""

_FUNCTIONS = ("activation", "recurrent_activation")
MISSING = object()
"""Stands for a setting that a layer does not have."""


class Layer:
    """One layer, or one operation of `keras.ops`.

    Settings are attributes; one that the layer does not have raises an AttributeError. An
    activation is a `Function`, a `Layer` or None; a layer within is a `Layer`.

    Attributes:
        class_name: the name of its class, the user's own or Keras's.
        keras_class: the nearest class of Keras's own that it is or extends, None where it has a
            `call` of its own, or where its class is not known.
        is_layer: False for an operation of `keras.ops`, whose class names are other ones.
        variable_dtype: element type of its parameters; an empty text where it has none.
        compute_dtype: element type that it computes in; an empty text where it has none.
    """

    class_name: str
    keras_class: Optional[str]
    is_layer: bool
    variable_dtype: str
    compute_dtype: str

    def weights(self) -> List[Param]:
        """Returns its parameters in Keras's own layout, as far as they are known."""
        raise NotImplementedError

    def graph(self, shape: Tuple[int, ...]) -> Optional[Graph]:
        """Returns what a model within computes for what it reads; None for any other layer."""
        return None

    def _setting(self, name: str) -> Any:
        """Returns a setting as the framework holds it, or `MISSING`."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            value = self._setting(name)
            if value is MISSING and name in FORMER_NAMES:
                value = self._setting(FORMER_NAMES[name])
            if value is not MISSING:
                self.__dict__[name] = value  # a layer is seen for one reading of its model
                return value
            if name in LATER_SETTINGS:
                return LATER_SETTINGS[name]
        raise AttributeError(f"{self.class_name} has no setting {name!r}")


class LiveLayer(Layer):
    """A layer or operation of a model that is loaded."""

    def __init__(self, operation: Any) -> None:
        cls: Any = type(operation)
        self.class_name = cls.__name__
        # The user's own classes are not cached: they would never be released.
        kinds = _kinds_of_keras if is_keras(cls) else _kinds
        self.keras_class, self.is_layer = kinds(cls)
        self.variable_dtype = str(getattr(operation, "variable_dtype", None) or "")
        self.compute_dtype = str(getattr(operation, "compute_dtype", None) or "")
        self._operation = operation

    def weights(self) -> List[Param]:
        """Returns its variables by name."""
        weights = getattr(self._operation, "weights", None) or ()
        return [
            Param(str(weight.name), TensorType(tuple(weight.shape), str(weight.dtype)))
            for weight in weights
        ]

    def graph(self, shape: Tuple[int, ...]) -> Optional[Graph]:
        """Of a Functional or Sequential model with one input."""
        from vai_inspect.frontends.keras.lower.assembly import graph_within

        return graph_within(self._operation, shape)

    def _setting(self, name: str) -> Any:
        value = getattr(self._operation, name, MISSING)
        if value is MISSING or value is None:
            return value
        if isinstance(value, (int, float, tuple)):
            return value
        if is_class(type(value), "Layer"):
            return LiveLayer(value)
        if isinstance(value, list) and value and all(is_class(type(one), "Layer") for one in value):
            return tuple(map(LiveLayer, value))
        if name in _FUNCTIONS:
            return live_function(value, is_keras_2(type(self._operation)))
        if name == "axis" and isinstance(value, list) and len(value) == 1:
            # Keras 2's batch normalisation keeps its axis in a list.
            return value[0]
        return value


def seen(operation: Any) -> Layer:
    """Returns a layer as the lowerings see it."""
    return operation if isinstance(operation, Layer) else LiveLayer(operation)


def _kinds(cls: "type[Any]") -> Tuple[Optional[str], bool]:
    return _keras_class(cls), is_class(cls, "Layer")


_kinds_of_keras = functools.lru_cache(maxsize=1024)(_kinds)


def _keras_class(cls: "type[Any]") -> Optional[str]:
    """Only the nearest class counts: a layer of Keras's own may do anything, whatever its base."""
    base = next((base for base in cls.__mro__ if is_keras(base)), None)
    if base is None or overrides(cls, "call", base.__name__):
        return None
    return str(base.__name__)
