"""Fingerprints of DPUCVDX8G with instruction set 2, that of Vitis AI 2.0."""

from __future__ import annotations

from typing import Optional, Tuple

from vai_inspect.core.target import AluEngine, ConvEngine, LoadEngine, SaveEngine, WindowLimit
from vai_inspect.rules.cvdx8g import arch
from vai_inspect.rules.plugin import BitField, Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_SOURCE = "target_factory: builder of DPUCVDX8G ISA2, Vitis AI 2.0 to 3.5"

_NONE, _ALL, _ALL_3D = range(3)

FIELDS = (
    builder.arch(arch.SIZES, _SOURCE),
    arch.batch(_SOURCE),
    BitField("ALU", 11, 8, "what the ALU runs", _SOURCE, ("no ALU", "all", "all and 3-D (w16b0)")),
    BitField("ALU_PP", 15, 12, "pixel parallelism of the ALU", _SOURCE),
    builder.count("EL_PP", 19, 16, "pixel parallelism of the element-wise engine", _SOURCE),
    builder.count("IMG_BG", 25, 24, "number of feature-map bank groups", _SOURCE),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 32 channels", _SOURCE),
    builder.flag(
        "CV_LKRL", 28, "convolutions fuse leaky ReLU, hard-sigmoid and hard-swish", _SOURCE
    ),
    builder.flag("CV_RL6", 29, "convolutions fuse ReLU6", _SOURCE),
    builder.flag(
        "SV_AM", 30, "argmax on save (no release reads the bit)", "the DPU IP's generator"
    ),
    arch.rdepth(35, 32, _SOURCE),
    builder.flag("EL_MULT", 36, "element-wise multiplication", _SOURCE),
)


def _build(reading: Reading) -> Target:
    size = arch.SIZES[reading["ARCH"]]
    features = builder.feature_banks(reading["IMG_BG"])
    leaky = ("leaky_relu", "hsigmoid", "hswish") if reading.on("CV_LKRL") else ()
    return reading.target(
        arch.size_name(reading),
        peak_ops_per_cycle=size.peak,
        batch=reading["BATCH"],
        banks=arch.banks(reading, features, alu=reading.on("ALU")),
        load=LoadEngine(size.icp, features),
        save=SaveEngine(size.icp, features),
        conv=ConvEngine(
            input_channel_parallel=size.icp,
            output_channel_parallel=size.ocp,
            pixel_parallel=size.pp,
            limit=WindowLimit(builder.UP_TO_16, builder.UP_TO_8),
            nonlinear=("relu", *leaky, *(("relu_six",) if reading.on("CV_RL6") else ())),
            input_bank=features,
            output_bank=features,
            weight_bank="CONVW",
            bias_bank="BIAS",
            channel_augmentation=2 * size.icp if reading.on("LD_AUGM") else None,
        ),
        eltwise=builder.eltwise(size.icp, reading["EL_PP"], features, reading.on("EL_MULT")),
        alu=_alu(reading, size.icp, features),
    )


def _alu(reading: Reading, channels: int, features: Tuple[str, ...]) -> Optional[AluEngine]:
    mode = reading["ALU"]
    if mode == _NONE:
        return None
    if not reading.on("ALU_PP"):
        raise reading.refused("ALU_PP", "1-15 with an ALU (field ALU)")
    three_d = mode == _ALL_3D
    return AluEngine(
        channel_parallel=channels,
        pixel_parallel=reading["ALU_PP"],
        limit=WindowLimit(builder.UP_TO_256, builder.UP_TO_256 if three_d else builder.UP_TO_8),
        pad_limit=builder.ALU_PADS,
        alu_type=tuple(kind for kind in builder.ALU_TYPES if three_d or kind != "w16b0"),
        nonlinear=("relu", "relu_six"),
        input_bank=features,
        output_bank=features,
        weight_bank="DWCONVW",
        bias_bank="DWCVBIAS",
    )


DECODER = Decoder(
    "cvdx8g",
    "DPUCVDX8G",
    arch.TYPE_BYTE,
    2,
    ("2.0", "2.5", "3.0", "3.5"),
    FIELDS,
    _build,
    note=(
        "the kernels, pads, kinds and fused activations of the ALU are taken from instruction set "
        "3; no published source gives those of set 2"
    ),
)
