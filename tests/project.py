"""What pyproject.toml says of the package."""

from __future__ import annotations

import sys
from pathlib import Path

from vai_inspect._version import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:  # pytest brings it where Python has none
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
VERSION = __version__
