"""Model files made by hand: a `.keras` archive of any config, without weights."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, Dict

import keras
import pytest


def saved(model: Any) -> Dict[str, Any]:
    """What Keras 3 writes into `config.json`."""
    if keras.__version__.startswith("2."):
        pytest.skip("the config that is changed here is one that Keras 3 writes")
    config: Dict[str, Any] = keras.saving.serialize_keras_object(model)
    return config


def archive(path: Path, config: Any, metadata: Any = None, text: "str | None" = None) -> Path:
    """Writes a `.keras` file of a config, or of the text that stands for it."""
    version = {"keras_version": keras.__version__} if metadata is None else metadata
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps(version))
        file.writestr("config.json", json.dumps(config) if text is None else text)
    return path
