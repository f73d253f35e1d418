"""Model files made by hand, without a framework."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


def archive(path: Path, config: Any, version: str = "3.4.1") -> Path:
    """Writes a `.keras` file of a config."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": version}))
        file.writestr("config.json", json.dumps(config))
    return path
