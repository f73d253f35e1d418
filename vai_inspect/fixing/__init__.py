"""`fix`: the rewrites of a plan done on a copy of a live model.

`loop.py` does and checks them; it and its results are the same for every framework. What a
framework does itself is a `Fixable` (`fixable.py`): one file for each framework.
"""

from __future__ import annotations

from vai_inspect.fixing.fixable import Applied, Fixable
from vai_inspect.fixing.loop import LARGEST_ERROR, fix_model

__all__ = ["LARGEST_ERROR", "Applied", "Fixable", "fix_model"]
