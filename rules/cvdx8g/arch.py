"""The sizes and bank depths of DPUCVDX8G, which both layouts of its fingerprints share (PG389)."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from vai_inspect.core.target import Bank
from vai_inspect.rules.plugin import BitField, Reading
from vai_inspect.rules.targets import builder
from vai_inspect.rules.targets.builder import Parallel

TYPE_BYTE = 6

SIZES = tuple(Parallel(8, 16, ocp) for ocp in (16, 32, 64))


class Depths(NamedTuple):
    """Addresses of the banks of feature maps and of weights."""

    features: int
    weights: int

    def __str__(self) -> str:
        return f"feature maps {self.features}, weights {self.weights}"


DEPTHS = (
    Depths(8192, 16384),
    Depths(8192, 8192),
    Depths(4096, 8192),
    Depths(8192, 4096),
    Depths(4096, 4096),
    Depths(16384, 16384),
    Depths(16384, 8192),
)

BIAS_DEPTH = 2048


def rdepth(high: int, low: int, source: str) -> BitField:
    """Returns the field that chooses the depths of the banks."""
    words = tuple(map(str, DEPTHS))
    return BitField("RDEPTH", high, low, "addresses of a bank", source, words)


def batch(source: str) -> BitField:
    """Returns the field that tells the batch."""
    return builder.count("BATCH", 7, 4, "images that one run takes", source)


def size_name(reading: Reading) -> str:
    """Returns the size as in names, `C32B3`."""
    return f"C{SIZES[reading['ARCH']].ocp}B{reading['BATCH']}"


def banks(reading: Reading, features: Tuple[str, ...], alu: bool = True) -> Tuple[Bank, ...]:
    """Returns the bank groups; those of depthwise convolution only beside an ALU."""
    size, depths = SIZES[reading["ARCH"]], DEPTHS[reading["RDEPTH"]]
    bias = (1, size.icp, BIAS_DEPTH)
    depthwise: Optional[Tuple[int, int, int]] = (1, size.icp, depths.weights)
    return builder.banks(
        features,
        (size.pp, size.icp, depths.features),
        CONVW=(16, size.icp, depths.weights),
        DWCONVW=depthwise if alu else None,
        BIAS=bias,
        DWCVBIAS=bias if alu else None,
    )
