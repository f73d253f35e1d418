"""Whether a notebook shows results, so that nothing needs to be printed that it shows again."""

from __future__ import annotations

import sys
from typing import Any


def shows_results() -> bool:
    """Returns whether this runs in a notebook's kernel, which shows the last value of a cell."""
    asked: Any = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = asked() if callable(asked) else None
    return getattr(shell, "kernel", None) is not None
