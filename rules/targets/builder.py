"""What the families' decoders build targets from: fields, banks and limits that they share."""

from __future__ import annotations

from typing import NamedTuple, Optional, Sequence, Tuple

from vai_inspect.core.target import AluEngine, Bank, EltwiseEngine, Limit, PadLimit, WindowLimit
from vai_inspect.rules.targets.bit_fields import FLAG, BitField, Reading


class Parallel(NamedTuple):
    """How much a convolution engine does at once: pixels, input and output channels."""

    pp: int
    icp: int
    ocp: int

    @property
    def peak(self) -> int:
        """Operations a cycle: a multiplication and an addition for each."""
        return 2 * self.pp * self.icp * self.ocp

    def __str__(self) -> str:
        return f"PP {self.pp}, ICP {self.icp}, OCP {self.ocp}"


def arch(sizes: Sequence[Parallel], source: str, name: str = "ARCH") -> BitField:
    """Returns the field that chooses a size."""
    words = tuple(f"{size}; {size.peak} operations a cycle" for size in sizes)
    return BitField(name, 3, 0, "size of the convolution engine", source, words)


def flag(name: str, bit: int, meaning: str, source: str) -> BitField:
    """Returns a field of one bit."""
    return BitField(name, bit, bit, meaning, source, FLAG)


def count(name: str, high: int, low: int, meaning: str, source: str, least: int = 1) -> BitField:
    """Returns a field that counts something of which there must be some."""
    most = (1 << high - low + 1) - 1
    return BitField(name, high, low, meaning, source, valid=Limit.span(least, most))


def write_parallel(name: str, high: int, low: int, engine: str, source: str) -> BitField:
    """Returns the field of an engine's write parallelism, a power of two."""
    meaning = f"write parallelism of {engine}"
    return BitField(name, high, low, meaning, source, ("1", "2", "4", "8"))


def stride_out_h(reading: Reading, name: str, pixel_parallel: int) -> Limit:
    """Returns the output strides that an engine's write parallelism leaves.

    Raises:
        TargetError: it would write more at once than it computes.
    """
    written = 1 << reading[name]
    if written > pixel_parallel:
        most = pixel_parallel.bit_length() - 1
        raise reading.refused(
            name,
            f"{Limit.span(0, most) if most else 0} (at most the engine's pixel parallelism, "
            f"{pixel_parallel})",
        )
    most = pixel_parallel // written
    return Limit.span(1, 4 if written == 1 or most >= 4 else most)


def feature_banks(number: int) -> Tuple[str, ...]:
    """Returns the names of the bank groups that hold feature maps."""
    return tuple(f"VB{place}" for place in range(number))


def banks(
    features: Sequence[str], feature: Tuple[int, int, int], **params: Optional[Tuple[int, int, int]]
) -> Tuple[Bank, ...]:
    """Returns bank groups, numbered one after the other.

    Args:
        features: names of the groups that hold feature maps.
        feature: number, width and depth of each of them.
        params: number, width and depth of those that hold weights and biases; None for absent.
    """
    found = []
    base = 0
    groups = [(name, "Virtual", feature) for name in features]
    groups += [(name, "Param", shape) for name, shape in params.items() if shape is not None]
    for name, kind, (num, width, depth) in groups:
        found.append(Bank(name, kind, base, num, width, depth))
        base += num
    return tuple(found)


def eltwise(
    channels: int, pixels: int, features: Tuple[str, ...], mult: bool = True
) -> EltwiseEngine:
    """Returns an element-wise engine."""
    return EltwiseEngine(
        channel_parallel=channels,
        pixel_parallel=pixels,
        elew_type=("add", "mult") if mult else ("add",),
        nonlinear=("relu",),
        input_bank=features,
        output_bank=features,
    )


def having(*names: "str | None") -> Tuple[str, ...]:
    """Returns the names that are there."""
    return tuple(name for name in names if name)


FROM_2_TO_8 = Limit.span(2, 8)
UP_TO_8 = Limit.span(1, 8)
UP_TO_16 = Limit.span(1, 16)
UP_TO_256 = Limit.span(1, 256)

ALU_PADS = PadLimit(
    left=Limit.span(0, 15),
    right=Limit.span(0, 255),
    top=Limit.span(0, 15),
    bottom=Limit.span(0, 255),
)
"""Padding that every ALU takes."""

ALU_TYPES = (
    "dwconv",
    "prelu",
    "avg_pool",
    "max_pool",
    "leaky_relu",
    "max_reduce",
    "dwconv_no_bias",
    "hsigmoid",
    "w16b0",
)
"""What the ALU of the integer DPUs runs."""


def alu(reading: Reading, channels: int, features: Tuple[str, ...], bias_bank: str) -> AluEngine:
    """Returns the ALU of the layouts with ALU_PP, ALU_WP and DW_LKRL.

    Args:
        reading: the fingerprint's fields.
        channels: channels at once.
        features: names of the groups that hold feature maps.
        bias_bank: name of the group that holds its biases.
    """
    pixels = reading["ALU_PP"]
    return AluEngine(
        channel_parallel=channels,
        pixel_parallel=pixels,
        limit=WindowLimit(UP_TO_256, UP_TO_256, stride_out_h(reading, "ALU_WP", pixels)),
        pad_limit=ALU_PADS,
        alu_type=ALU_TYPES,
        nonlinear=having("relu", "leaky_relu" if reading.on("DW_LKRL") else None, "relu_six"),
        input_bank=features,
        output_bank=features,
        weight_bank="DWCONVW",
        bias_bank=bias_bank,
    )
