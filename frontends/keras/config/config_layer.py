"""A layer from its config, with the interface of the lowerings."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir import Param
from vai_inspect.frontends.keras.config.defaults import OPERATION_DEFAULTS
from vai_inspect.frontends.keras.config.values import plain
from vai_inspect.frontends.keras.lower.activation_function import (
    Function,
    named_function,
    of_keras,
    own_function,
    plain_name,
)
from vai_inspect.frontends.keras.lower.layer import MISSING, Layer

_OWN = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
_OPERATIONS = ("keras.src.ops", "keras.ops", "keras.src.activations", "keras.activations") + (
    "keras.src.quantizers",
    "keras.quantizers",
)
"""Modules whose classes are operations; some share a layer's name (Add, ReLU)."""
_FORMER_CLASSES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
}
"""Class names of TensorFlow 1."""
_RANKS = {"1D": 1, "2D": 2, "3D": 3}
_FOR_EACH_AXIS = frozenset(("kernel_size", "strides", "dilation_rate", "pool_size", "size"))
"""Settings that may be one number for all axes."""


class ConfigLayer(Layer):
    """A layer, or an operation of `keras.ops`, from the object that Keras saved of it.

    Attributes:
        name: its name.
        config: its settings in the file.
    """

    def __init__(self, saved: Dict[str, Any], keras_2: bool = False) -> None:
        """Reads the object that Keras saved.

        Args:
            saved: the object.
            keras_2: whether Keras 2 saved it; some of its functions differ.
        """
        self.config: Dict[str, Any] = saved.get("config") or {}
        self.class_name = str(saved.get("class_name")).split(">")[-1]
        self.class_name = _FORMER_CLASSES.get(self.class_name, self.class_name)
        self.is_layer = _is_layer(saved, self.config, keras_2)
        self.keras_class = self.class_name if is_own(saved) else None
        self._keras_2 = keras_2
        self.name = str(self.config.get("name") or saved.get("name") or self.class_name)
        self.variable_dtype, self.compute_dtype = _dtypes(self.config.get("dtype"))
        if not self.is_layer:
            self.variable_dtype = self.compute_dtype = ""

    def weights(self) -> List[Param]:
        """Returns nothing: a config does not hold the parameters of layers without a lowering."""
        return []

    def _setting(self, name: str) -> Any:
        value = self.config.get(name, MISSING)
        if value is MISSING:
            return MISSING if self.is_layer else self._default(name)
        if name.endswith("activation"):
            return as_activation(value, self._keras_2)
        if isinstance(value, (dict, list)):
            if isinstance(value, dict) and is_saved_layer(value):
                return ConfigLayer(value, self._keras_2)
            if isinstance(value, list) and value and all(map(is_saved_layer, value)):
                return tuple(ConfigLayer(one, self._keras_2) for one in value)
            value = plain(value)
        if name in _FOR_EACH_AXIS:
            rank = _RANKS.get(self.class_name.replace("Transpose", "")[-2:])
            return self._for_each_axis(name, value, rank) if rank else value
        if name == "axis" and self.class_name == "BatchNormalization" and isinstance(value, tuple):
            return value[0] if len(value) == 1 else value
        return value

    def _default(self, name: str) -> Any:
        return OPERATION_DEFAULTS.get(self.class_name, {}).get(name, MISSING)

    def _for_each_axis(self, name: str, value: Any, rank: int) -> Any:
        if value is None and name == "strides":
            return self._setting("pool_size")
        if isinstance(value, int) and not (rank == 1 and name == "size"):
            return (value,) * rank
        return value


def _is_layer(saved: Dict[str, Any], config: Dict[str, Any], keras_2: bool) -> bool:
    """Returns whether a saved object is a layer, and not an operation of Keras 3.

    A `.h5` file names no module, but layers have a flag that operations lack.
    """
    if saved.get("module"):
        return not str(saved["module"]).startswith(_OPERATIONS)
    return keras_2 or "trainable" in config or saved.get("class_name") in _WITHOUT_FLAG


_WITHOUT_FLAG = frozenset(
    (
        "Discretization",
        "HashedCrossing",
        "Pipeline",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    )
)
"""The layers of Keras 3 whose config omits `trainable`."""


_OF_APPLICATIONS = frozenset(("Custom>CustomScaleLayer",))
"""Classes that keras.applications registers like user classes, since Keras 2.12."""


def is_own(saved: Dict[str, Any]) -> bool:
    """Returns whether the class of a saved object is one of Keras's.

    Since Keras 2.12 its module decides, or its registered name if it has no module; before, the
    name of a registered user class includes its package, as in `Custom>Swish`.
    """
    if saved.get("module") == "keras.layers" and saved.get("registered_name") is None:
        return ">" not in str(saved.get("class_name"))
    names = {str(saved.get("class_name")), str(saved.get("registered_name"))}
    if names & _OF_APPLICATIONS:
        return True
    if ">" in str(saved.get("class_name")):
        return False
    module = saved.get("module")
    if not module:
        return not saved.get("registered_name")
    return str(module).split(".")[0] == "keras" or str(module).startswith(
        tuple(own + "." for own in _OWN) + _OWN[2:]
    )


def is_saved_layer(value: Any) -> bool:
    """Returns whether a setting is a nested layer: a class with a config that has a name."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and isinstance(value.get("config"), dict)
        and "name" in value["config"]
        and "Policy" not in value["class_name"]
    )


def as_activation(value: Any, keras_2: bool) -> Any:
    """Returns a saved activation: None, a `Function` or a layer."""
    if value is None:
        return None
    if is_saved_layer(value):
        return ConfigLayer(value, keras_2)
    if isinstance(value, dict):
        return _saved_function(value, keras_2)
    package, _, name = str(value).rpartition(">")
    return Function(name, "") if package else named_function(name, keras_2)


def _saved_function(value: Dict[str, Any], keras_2: bool) -> Function:
    """Returns a function that is an object in the file; its module says whether it is Keras's.

    For a lambda the file holds the code, which is not run.
    """
    name = value.get("config") if value.get("class_name") == "function" else None
    if not isinstance(name, str):
        return Function(str(value.get("class_name") or "lambda").strip("_"), "")
    package, _, name = plain_name(name).rpartition(">")
    if str(value.get("module") or "").split(".")[0] == "keras":
        return of_keras(name, keras_2)
    return Function(name, "") if package else own_function(name, keras_2)


def _dtypes(policy: Any) -> Tuple[str, str]:
    """Returns the element types of the variables and of the computation of a dtype policy."""
    name: Optional[Any] = policy
    if isinstance(policy, dict):
        inner = policy.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
    text = str(name or "float32")
    if text.startswith("mixed_"):
        return "float32", text[len("mixed_") :]
    return text, text
