"""Small networks, each at the edge of one rule: the cases of which the 2.5 inspector's verdicts are
known, and as many again that it was not asked about or fell over.

Weights do not matter: modules can be built on the meta device.
"""

from __future__ import annotations

from tests.conformance import moves, points, windows
from tests.conformance.table import MICROS, Micro

windows.write()
points.write()
moves.write()

__all__ = ["MICROS", "Micro"]
