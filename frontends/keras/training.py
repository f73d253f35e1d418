"""Wrappers of training tools: pruning and clustering are removed, quantised models rejected."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple

from vai_inspect.core.errors import ModelError

_WEIGHT_WRAPPERS = ("ClusterWeights", "PruneLowMagnitude")
"""Wrappers of the TensorFlow Model Optimization toolkit that only change weights."""
_QUANTISED = ("QuantizeAnnotate", "QuantizeLayer", "QuantizeWrapper", "QuantizeWrapperV2")
_VENDORS = "Vitis>"
"""Prefix of the layers that the vendor's quantiser registers."""
_LIBRARIES = ("tensorflow_model_optimization", "vai_q_tensorflow2")
_DEEPEST = 50


def unwrapped_config(saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the saved layer inside of such wrappers; any other layer unchanged."""
    for _ in range(_DEEPEST):
        name, config = str(saved.get("class_name")).split(">")[-1], saved.get("config")
        inner = config.get("layer") if isinstance(config, dict) else None
        if name not in _WEIGHT_WRAPPERS or not isinstance(inner, dict):
            break
        saved = inner
    return saved


def unwrapped(layer: Any) -> Any:
    """Returns the live layer inside of such wrappers; any other layer unchanged."""
    for _ in range(_DEEPEST):
        cls = type(layer)
        if cls.__name__ not in _WEIGHT_WRAPPERS or not hasattr(layer, "layer"):
            break
        layer = layer.layer
    return layer


def check_float(model: Any) -> None:
    """Rejects a live model that is quantised, or prepared for quantisation.

    Raises:
        ModelError: it has such a layer.
    """
    found = getattr(model, "_flatten_layers", None)
    for layer in found() if found is not None and not isinstance(model, type) else ():
        for cls in type(layer).__mro__:
            libraries = cls.__module__.split(".")[0] in _LIBRARIES
            quantises = cls.__name__.startswith(("Quantize", "Vitis"))
            if cls.__name__ in _QUANTISED or (libraries and quantises):
                raise _error(str(getattr(layer, "name", "")), cls.__name__)


def check_float_config(saved: Any, path: str) -> None:
    """Rejects the config of such a model.

    Args:
        saved: the object that Keras saved.
        path: its file, for the message.

    Raises:
        ModelError: it has such a layer.
    """
    for name, layer in _classes(saved):
        plain = name.split(">")[-1]
        if name.startswith(_VENDORS) or plain in _QUANTISED:
            raise _error(layer, name, path)


def _classes(saved: Any) -> Iterator[Tuple[str, str]]:
    """Yields the class and the name of each object in a config."""
    waiting = [(saved, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, dict):
            config = one.get("config")
            name = config.get("name") if isinstance(config, dict) else None
            for key in ("class_name", "registered_name"):
                if isinstance(one.get(key), str):
                    yield one[key], str(name or one.get("name") or "")
            one = list(one.values())
        if isinstance(one, list) and depth < _DEEPEST:
            waiting += [(inner, depth + 1) for inner in one if isinstance(inner, (dict, list))]


def _error(layer: str, name: str, path: str = "") -> ModelError:
    where = f"{path}: this" if path else "This"
    return ModelError(
        f"{where} model was quantised already (layer {layer!r} is a {name}); inspect the float "
        "model that it was made from."
    )
