"""The sizes of DPUCV2DX8G, and the target that every layout of its fingerprints describes."""

from __future__ import annotations

from typing import Tuple

from vai_inspect.core.target import AluEngine, ConvEngine, LoadEngine, SaveEngine, WindowLimit
from vai_inspect.rules.plugin import BitField, Reading, Target
from vai_inspect.rules.targets import builder
from vai_inspect.rules.targets.builder import Parallel

TYPE_BYTE = 9

SIZES = (
    Parallel(1, 16, 16),
    Parallel(1, 16, 32),
    Parallel(1, 32, 32),
    Parallel(2, 32, 32),
    Parallel(4, 32, 32),
)

ALU_TYPES = ("macc_temp", "comp_temp", "elew_add", "elew_mult")

_NONLINEAR = ("relu", "leaky_relu", "hsigmoid", "hswish", "relu_six")
_FEATURES = ("VB0",)


def conv_arch(source: str) -> BitField:
    """Returns the field that chooses the size."""
    words = tuple(
        f"{size}; {size.peak} operations a cycle, {1 << place} AI engines"
        for place, size in enumerate(SIZES)
    )
    return BitField("CV_ARCH", 3, 0, "size of the convolution engine", source, words)


def alu_cores(high: int, low: int, source: str) -> BitField:
    """Returns the field that tells the ALU's AI engines, two for each pixel at once."""
    return builder.count(
        "ALU_CORES", high, low, "AI engines of the ALU, two for each pixel at once", source, least=2
    )


def conv_cores(reading: Reading) -> int:
    """Returns the number of AI engines that convolve."""
    return 1 << reading["CV_ARCH"]


def target(reading: Reading, size_name: str, alu_type: Tuple[str, ...]) -> Target:
    """Returns the target of a reading, whose layouts differ in the places of the fields."""
    size = SIZES[reading["CV_ARCH"]]
    return reading.target(
        size_name,
        peak_ops_per_cycle=size.peak,
        batch=reading["BATCH"],
        banks=builder.banks(_FEATURES, (1, size.icp, 65528), CONVW=(4, size.icp // 2, 32768)),
        load=LoadEngine(size.icp, _FEATURES),
        save=SaveEngine(size.icp, _FEATURES, argmax=reading.on("SV_AM")),
        conv=ConvEngine(
            input_channel_parallel=size.icp,
            output_channel_parallel=size.ocp,
            pixel_parallel=size.pp,
            limit=WindowLimit(builder.UP_TO_16, builder.UP_TO_16),
            nonlinear=_NONLINEAR,
            input_bank=_FEATURES,
            output_bank=_FEATURES,
            weight_bank="CONVW",
            bias_bank="CONVW",
            channel_augmentation=2 * size.icp if reading.on("LD_AUGM") else None,
        ),
        alu=AluEngine(
            channel_parallel=size.icp,
            pixel_parallel=reading["ALU_CORES"] // 2,
            limit=WindowLimit(builder.UP_TO_256, builder.UP_TO_256),
            pad_limit=builder.ALU_PADS,
            alu_type=alu_type,
            nonlinear=_NONLINEAR,
            input_bank=_FEATURES,
            output_bank=_FEATURES,
            weight_bank="CONVW",
            bias_bank="CONVW",
        ),
    )
