"""The entry points by which families of targets are found; light, as it loads none of them."""

from __future__ import annotations

import sys
from typing import Any, Iterable

GROUP = "vai_inspect.rules"


def entry_points() -> Iterable[Any]:
    """Returns the entry points of families, each once."""
    # Slow to import, and of no use to those who name a Family themselves.
    from importlib import metadata

    found: Iterable[Any]
    if sys.version_info >= (3, 10):
        found = metadata.entry_points(group=GROUP)
    else:
        found = metadata.entry_points().get(GROUP, ())
    # Python before 3.10 lists a distribution twice that lies on two places of the path.
    return {(point.name, point.value): point for point in found}.values()
