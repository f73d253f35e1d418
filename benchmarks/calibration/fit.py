"""The fit: three figures from the time of a frame, two of the host from one frame alone.

Every network counts alike: the sum of squares is of logarithms, so of relative errors. What a core
moves and what a layer waits for are fitted on the board with one core, where the memory is not
shared; what the memory gives, on the boards whose cores share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence, Tuple

from benchmarks.calibration.measured import Row
from vai_inspect.core.estimate import Platform
from vai_inspect.rules.timing.layers import Layer
from vai_inspect.rules.timing.price import Prices

START = {"port": 20.0, "fill": 50e3, "memory": 10.0}
"""Where the search begins; it ends at the same place from others."""


@dataclass(frozen=True)
class Fitted:
    """The constants; see `vai_inspect.rules.timing.table`."""

    port: float
    memory: float
    fill: float
    host: float = 0.0
    host_pixel: float = 0.0

    def dpu_seconds(self, layers: Sequence[Layer], row: Row, cores: int) -> float:
        """Returns the time of a frame with some cores in use."""
        platform = Platform(row.board, row.cores, row.clock_mhz, self.memory, 0.0, 0.0)
        return Prices.of(platform, self.port, self.fill, cores).total(layers)

    def frame(self, layers: Sequence[Layer], row: Row) -> float:
        """Returns the time of a frame with all cores in use, seconds."""
        return self.dpu_seconds(layers, row, row.cores)

    def latency(self, layers: Sequence[Layer], row: Row) -> float:
        """Returns the time of one frame alone from end to end, seconds."""
        host = self.host / 1e3 + self.host_pixel * row.height * row.width / 1e9
        return self.dpu_seconds(layers, row, 1) + host


def fitted(rows: Sequence[Row], layers: Dict[str, List[Layer]]) -> Fitted:
    """Returns the constants that fit some rows best.

    Args:
        rows: published times.
        layers: the layers of each network by its builder.
    """

    def squares(chosen: Sequence[Row], found: Fitted) -> float:
        errors = (math.log(found.frame(layers[row.builder], row) / row.frame) for row in chosen)
        return sum(error * error for error in errors)

    alone = [row for row in rows if row.cores == 1]
    shared = [row for row in rows if row.cores > 1]
    port, fill = least(
        lambda x: squares(alone, Fitted(x[0], math.inf, x[1])), [START["port"], START["fill"]]
    )
    (memory,) = least(lambda x: squares(shared, Fitted(port, x[0], fill)), [START["memory"]])
    found = Fitted(port, memory, fill)
    host, host_pixel = _host(rows, layers, found)
    return Fitted(port, memory, fill, host, host_pixel)


def _host(
    rows: Sequence[Row], layers: Dict[str, List[Layer]], found: Fitted
) -> Tuple[float, float]:
    """Returns a and b of latency = DPU time + a + b * pixels: least squares of relative errors."""
    aa = ab = bb = ay = by = 0.0
    for row in rows:
        a, b = 1e-3 / row.latency, 1e-9 * row.height * row.width / row.latency
        y = 1 - found.dpu_seconds(layers[row.builder], row, 1) / row.latency
        aa, ab, bb, ay, by = aa + a * a, ab + a * b, bb + b * b, ay + a * y, by + b * y
    divisor = aa * bb - ab * ab
    return (ay * bb - by * ab) / divisor, (by * aa - ay * ab) / divisor


def least(function: Callable[[List[float]], float], start: List[float]) -> List[float]:
    """Returns where a function of positive numbers is least: steps along each axis, halved.

    Args:
        function: what is to be least.
        start: where to begin.
    """
    at, value, steps = list(start), function(start), [0.5] * len(start)
    while max(steps) > 1e-7:
        for axis in range(len(at)):
            for factor in (1 + steps[axis], 1 / (1 + steps[axis])):
                tried = [one * factor if place == axis else one for place, one in enumerate(at)]
                found = function(tried)
                if found < value:
                    at, value = tried, found
                    break
            else:
                steps[axis] /= 2
    return at
