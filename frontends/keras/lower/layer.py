"""The interface of layers and operations for the lowerings, live or from a config.

A lowering reads settings as attributes under the names of Keras 3's layers: `layer.kernel_size`,
`layer.use_bias`. It never uses the framework's object.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Param

FORMER_NAMES: Dict[str, str] = {
    "key_dim": "_key_dim",
    "layer": "forward_layer",
    "negative_slope": "alpha",
    "num_heads": "_num_heads",
    "value_dim": "_value_dim",
}
"""Names of settings in other Keras versions, by the name that the lowerings use."""

LATER_SETTINGS: Dict[str, Any] = {
    "antialias": False,
    "crop_to_aspect_ratio": False,
    "groups": 1,
    "invert": False,
    "keepdims": False,
    "pad_to_aspect_ratio": False,
}
"""Settings that older Keras versions lack, with their equivalent value."""

MISSING = object()
"""Stands for a setting that a layer does not have."""


class Layer:
    """One layer, or one operation of `keras.ops`.

    Settings are attributes; a missing one raises an AttributeError. An activation is a
    `Function`, a `Layer` or None; a nested layer is a `Layer`.

    Attributes:
        class_name: the name of its class, the user's or Keras's.
        keras_class: the nearest Keras class that it is or extends; None if it overrides `call` or
            its class is not known.
        is_layer: False for an operation of `keras.ops`; some share a layer's class name.
        variable_dtype: element type of its parameters; empty if it has none.
        compute_dtype: element type that it computes in; empty if it has none.
    """

    class_name: str
    keras_class: Optional[str]
    is_layer: bool
    variable_dtype: str
    compute_dtype: str

    def weights(self) -> List[Param]:
        """Returns its parameters in Keras's layout, as far as they are known."""
        raise NotImplementedError

    def graph(self, shape: Tuple[int, ...]) -> Optional[Graph]:
        """Returns the graph of a nested model for an input shape; None for any other layer."""
        return None

    def _setting(self, name: str) -> Any:
        """Returns a setting as the framework stores it, or `MISSING`."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            value = self._setting(name)
            if value is MISSING and name in FORMER_NAMES:
                value = self._setting(FORMER_NAMES[name])
            if value is not MISSING:
                self.__dict__[name] = value  # valid as long as the capture
                return value
            if name in LATER_SETTINGS:
                return LATER_SETTINGS[name]
        raise AttributeError(f"{self.class_name} has no setting {name!r}")
