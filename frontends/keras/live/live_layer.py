"""A layer or operation of a live model, with the interface of the lowerings."""

from __future__ import annotations

import functools
import sys
from typing import Any, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Param, TensorType
from vai_inspect.frontends.keras.live.model_kind import (
    is_class,
    is_keras,
    is_keras_2,
    is_keras_module,
    overrides,
)
from vai_inspect.frontends.keras.lower.activation_function import (
    Function,
    of_keras,
    own_function,
    plain_name,
)
from vai_inspect.frontends.keras.lower.layer import MISSING, Layer

_FUNCTIONS = ("activation", "recurrent_activation")


class LiveLayer(Layer):
    """A layer or operation of a live model."""

    def __init__(self, operation: Any) -> None:
        cls: Any = type(operation)
        self.class_name = cls.__name__
        # User classes are not cached: they would never be released.
        kinds = _kinds_of_keras if is_keras(cls) else _kinds
        self.keras_class, self.is_layer, self._keras_2 = kinds(cls)
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
        from vai_inspect.frontends.keras.live.capture import nested_graph

        return nested_graph(self._operation, shape)

    def _setting(self, name: str) -> Any:
        value = getattr(self._operation, name, MISSING)
        if value is MISSING or value is None:
            return value
        if isinstance(value, (int, float, tuple)):
            return value
        if isinstance(value, str) and name not in _FUNCTIONS:
            return value
        if is_class(type(value), "Layer"):
            return LiveLayer(value)
        if isinstance(value, list) and value and all(is_class(type(one), "Layer") for one in value):
            return tuple(map(LiveLayer, value))
        if name in _FUNCTIONS:
            return live_function(value, self._keras_2)
        if name == "axis" and isinstance(value, list) and len(value) == 1:
            # The batch normalisation of Keras 2 has its axis in a list.
            return value[0]
        return value


def as_layer(operation: Any) -> Layer:
    """Returns a layer or operation with the interface of the lowerings."""
    return operation if isinstance(operation, Layer) else LiveLayer(operation)


def _kinds(cls: "type[Any]") -> Tuple[Optional[str], bool, bool]:
    return _keras_class(cls), is_class(cls, "Layer"), is_keras_2(cls)


_kinds_of_keras = functools.lru_cache(maxsize=1024)(_kinds)


def _keras_class(cls: "type[Any]") -> Optional[str]:
    """Returns the nearest Keras class, which alone determines the function of the layer."""
    base = next((base for base in cls.__mro__ if is_keras(base)), None)
    if base is None or overrides(cls, "call", base.__name__):
        return None
    return str(base.__name__)


def live_function(function: Any, keras_2: bool) -> Function:
    """Returns the function of a live layer."""
    own = getattr(function, "__name__", None)
    name = plain_name(str(own or type(function).__name__))
    module = str(getattr(function, "__module__", ""))
    if is_keras_module(module):
        return of_keras(name, keras_2)
    if module.startswith("tensorflow.python."):
        return Function(name, "tensorflow")
    if own is None or _registered(function):
        return Function(name, "")
    return own_function(name, keras_2)


def _registered(function: Any) -> bool:
    """Returns whether a function is registered, so that a config names it with its package."""
    for library in ("keras", "tf_keras", "tensorflow.keras"):
        for place in ("saving", "utils"):
            module = getattr(sys.modules.get(library), place, None)
            name_of = getattr(module, "get_registered_name", None)
            if name_of is not None and ">" in str(name_of(function)):
                return True
    return False
