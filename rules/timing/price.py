"""What layers cost on a platform: cycles and bytes become seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Iterable, Tuple

from vai_inspect.core.estimate import Platform
from vai_inspect.rules.timing.layers import Layer


@dataclass(frozen=True)
class Prices:
    """What cycles and bytes cost one core.

    Attributes:
        clock: cycles a second.
        bandwidth: bytes a second from memory, and as many to it.
        fill: seconds that every layer waits before and after its overlapped part.
    """

    clock: float
    bandwidth: float
    fill: float

    @classmethod
    def of(cls, platform: Platform, port: float, fill: float, cores: int) -> "Prices":
        """Returns the prices with some cores in use, which share the memory.

        Args:
            platform: the board.
            port: bytes a cycle that a core moves at most in one direction.
            fill: bytes that a layer waits for.
            cores: cores in use.
        """
        clock = platform.clock_mhz * 1e6
        bandwidth = min(port * clock, platform.bandwidth_gb_s * 1e9 / cores)
        return cls(clock, bandwidth, fill / bandwidth)

    def parts(self, layer: Layer) -> Tuple[float, float]:
        """Returns the seconds that a layer computes, and those of its transfers."""
        compute = (layer.array + layer.engine) / self.clock
        return compute, max(layer.read, layer.written) / self.bandwidth

    def seconds(self, layer: Layer) -> float:
        """Returns the time of a layer: computing, reading and writing overlap but where serial."""
        compute, memory = self.parts(layer)
        busy = compute + memory if layer.serial else max(compute, memory)
        return busy + self.fill

    def total(self, layers: Iterable[Layer]) -> float:
        """Returns the time of layers one after the other, in seconds."""
        # Not `sum`, which rounds another way from Python 3.12 on.
        return math.fsum(map(self.seconds, layers))

    def bound(self, layer: Layer) -> str:
        """Returns what bounds a layer, one of `BOUNDS`; of two engines the one that works more."""
        compute, memory = self.parts(layer)
        if self.fill > max(compute, memory):
            return "overhead"
        if memory > compute:
            return "memory"
        return "compute" if layer.array >= layer.engine else "engine"
