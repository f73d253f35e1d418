"""Models given as a config, without a file."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from vai_inspect.core.errors import ModelError
from vai_inspect.core.safe_isinstance import is_a
from vai_inspect.frontends.keras.config.json_text import parse
from vai_inspect.frontends.keras.config.stored import Stored

WHERE = "the config"
"""Stands for the file in messages."""


def is_config(model: Any) -> bool:
    """Returns whether a model is given as a config: a mapping, or the text of a JSON object."""
    return is_a(model, Mapping) or (is_a(model, str) and model.lstrip()[:1] == "{")


def stored_config(model: Any) -> Stored:
    """Returns the model description in a config.

    Args:
        model: the result of `model.to_json()`, as text or dict, or that of `model.get_config()`
            of a Functional or Sequential model.

    Raises:
        ModelError: it is not JSON, or not the config of a model.
    """
    text = isinstance(model, str)
    saved: Dict[str, Any] = (
        parse(model.encode("utf-8", "surrogatepass"), WHERE) if text else dict(model)
    )
    if "class_name" not in saved and "layers" in saved:
        name = "Functional" if "output_layers" in saved else "Sequential"
        saved = {"class_name": name, "config": saved}
    if not isinstance(saved.get("config"), (dict, list)):
        raise ModelError(
            "the model is a mapping without a config of a Keras model; valid is the result of "
            "model.to_json() or model.get_config()."
        )
    version = saved.get("keras_version")
    if not isinstance(version, str):
        version = "3" if _of_keras_3(saved) else "2"
    return Stored(saved, version, WHERE, in_file=False)


def _of_keras_3(saved: Mapping[str, Any]) -> bool:
    """Returns whether it has the format of Keras 3 (also Keras 2.13 on), which names modules."""
    config = saved["config"]
    layers = config.get("layers") if isinstance(config, dict) else config
    entries = [saved, *(layers if isinstance(layers, list) else ())]
    return any(isinstance(entry, dict) and "module" in entry for entry in entries)
