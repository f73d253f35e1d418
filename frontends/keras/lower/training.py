"""What training tools put around layers.

Pruning and clustering are looked through; after quantisation a model is no float model any more.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple

from vai_inspect.core.errors import ModelError

_LOOKED_THROUGH = ("ClusterWeights", "PruneLowMagnitude")
"""Wrappers of the TensorFlow Model Optimization toolkit that change weights alone."""
_QUANTISED = ("QuantizeAnnotate", "QuantizeLayer", "QuantizeWrapper", "QuantizeWrapperV2")
_VENDORS = "Vitis>"
"""What the vendor's quantiser registers its layers under."""
_LIBRARIES = ("tensorflow_model_optimization", "vai_q_tensorflow2")
_DEEPEST = 50


def looked_through(saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the saved layer within wrappers that compute nothing; any other as it is."""
    for _ in range(_DEEPEST):
        name, config = str(saved.get("class_name")).split(">")[-1], saved.get("config")
        inner = config.get("layer") if isinstance(config, dict) else None
        if name not in _LOOKED_THROUGH or not isinstance(inner, dict):
            break
        saved = inner
    return saved


def layer_within(layer: Any) -> Any:
    """Returns the live layer within such wrappers."""
    for _ in range(_DEEPEST):
        cls = type(layer)
        if cls.__name__ not in _LOOKED_THROUGH or not hasattr(layer, "layer"):
            break
        layer = layer.layer
    return layer


def check_float(model: Any) -> None:
    """Refuses a live model that is quantised, or prepared for that.

    Raises:
        ModelError: a layer of it is.
    """
    found = getattr(model, "_flatten_layers", None)
    for layer in found() if found is not None and not isinstance(model, type) else ():
        for cls in type(layer).__mro__:
            libraries = cls.__module__.split(".")[0] in _LIBRARIES
            quantises = cls.__name__.startswith(("Quantize", "Vitis"))
            if cls.__name__ in _QUANTISED or (libraries and quantises):
                raise _error(str(getattr(layer, "name", "")), cls.__name__)


def check_float_config(saved: Any, path: str) -> None:
    """Refuses the config of such a model.

    Args:
        saved: the object that Keras saved.
        path: its file, for the message.

    Raises:
        ModelError: a layer of it is quantised.
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
        "model that it was "
        "made from."
    )
