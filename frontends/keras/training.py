"""Wrappers of training tools: pruning and clustering are removed, quantised models rejected."""

from __future__ import annotations

from dataclasses import dataclass
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
        name = str(getattr(layer, "name", ""))
        for cls in type(layer).__mro__:
            libraries = cls.__module__.split(".")[0] in _LIBRARIES
            quantises = cls.__name__.startswith(("Quantize", "Vitis"))
            if cls.__name__ in _QUANTISED or (libraries and quantises):
                raise _error(name, cls.__name__)
        mode = getattr(getattr(layer, "dtype_policy", None), "quantization_mode", None)
        if isinstance(mode, str):
            raise _error(name, f"{type(layer).__name__} quantised to {mode}")


def check_float_config(saved: Any, path: str) -> None:
    """Rejects the config of such a model.

    Args:
        saved: the object that Keras saved.
        path: its file, for the message.

    Raises:
        ModelError: it has such a layer.
    """
    for one in _objects(saved):
        for name in one.classes:
            if name.startswith(_VENDORS) or name.split(">")[-1] in _QUANTISED:
                raise _error(one.layer, name, path)
        mode = _mode(one.config.get("dtype"))
        if mode and one.classes:
            raise _error(one.layer, f"{one.classes[0].split('>')[-1]} quantised to {mode}", path)


@dataclass(frozen=True)
class _Object:
    """An object in a config: its class, its registered name too, and the name of the layer."""

    classes: Tuple[str, ...]
    layer: str
    config: Mapping[str, Any]


def _objects(saved: Any) -> Iterator[_Object]:
    """Yields each object in a config."""
    waiting = [(saved, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, dict):
            config = one.get("config")
            config = config if isinstance(config, dict) else {}
            given = [one.get(key) for key in ("class_name", "registered_name")]
            classes = tuple(name for name in given if isinstance(name, str))
            yield _Object(classes, str(config.get("name") or one.get("name") or ""), config)
            one = list(one.values())
        if isinstance(one, list) and depth < _DEEPEST:
            waiting += [(inner, depth + 1) for inner in one if isinstance(inner, (dict, list))]


def _mode(policy: Any) -> str:
    """Returns what a saved dtype policy of Keras 3 quantises to; empty for a float policy.

    It is a name, `int8_from_float32`, or an object with that name or a mode. A map has a policy
    for each layer within a layer.
    """
    if isinstance(policy, str):
        mode, quantises, _ = policy.partition("_from_")
        return mode if quantises else ""
    config = policy.get("config") if isinstance(policy, dict) else None
    if not isinstance(config, dict):
        return ""
    if isinstance(config.get("mode"), str):
        return str(config["mode"])
    within = config.get("policy_map")
    found = map(_mode, within.values()) if isinstance(within, dict) else iter(())
    return _mode(config.get("name")) or next(filter(None, found), "")


def _error(layer: str, name: str, path: str = "") -> ModelError:
    where = f"{path}: this" if path else "This"
    return ModelError(
        f"{where} model was quantised already (layer {layer!r} is a {name}); inspect the float "
        "model that it was made from."
    )
