"""Fingerprints of DPUCVDX8G with instruction set 3, that of Vitis AI 2.5 and later."""

from __future__ import annotations

from vai_inspect.core.target import ConvEngine, LoadEngine, SaveEngine, WindowLimit
from vai_inspect.rules.cvdx8g import arch
from vai_inspect.rules.plugin import BitField, Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_SOURCE = "target_factory: builder of DPUCVDX8G ISA3, Vitis AI 2.5 to 3.5"

FIELDS = (
    builder.arch(arch.SIZES, _SOURCE),
    arch.batch(_SOURCE),
    builder.count(
        "ALU_PP", 11, 8, "pixel parallelism of the ALU and the element-wise engine", _SOURCE
    ),
    arch.rdepth(15, 12, _SOURCE),
    BitField("", 19, 16, "not decoded; 1 in registered targets, 2 in that of PSMNet", _SOURCE),
    builder.count("IMG_BG", 25, 24, "number of feature-map bank groups", _SOURCE),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 32 channels", _SOURCE),
    builder.flag(
        "CV_LKRL", 28, "convolutions fuse leaky ReLU, hard-sigmoid and hard-swish", _SOURCE
    ),
    builder.flag("DW_LKRL", 29, "the ALU, so depthwise convolution, fuses leaky ReLU", _SOURCE),
    builder.flag(
        "SV_AM", 30, "argmax on save (release 2.5 ignores the bit)", _SOURCE + ", argmax since 3.0"
    ),
    BitField("CV_WP", 33, 32, "write parallelism of convolutions (sets no limit)", _SOURCE),
    builder.write_parallel("ALU_WP", 35, 34, "the ALU", _SOURCE),
)


def _build(reading: Reading) -> Target:
    size = arch.SIZES[reading["ARCH"]]
    alu_pp = reading["ALU_PP"]
    features = builder.feature_banks(reading["IMG_BG"])
    leaky = ("leaky_relu", "hsigmoid", "hswish") if reading.on("CV_LKRL") else ()
    return reading.target(
        arch.size_name(reading),
        peak_ops_per_cycle=size.peak,
        batch=reading["BATCH"],
        banks=arch.banks(reading, features),
        load=LoadEngine(size.icp, features),
        save=SaveEngine(size.icp, features, argmax=reading.on("SV_AM")),
        conv=ConvEngine(
            input_channel_parallel=size.icp,
            output_channel_parallel=size.ocp,
            pixel_parallel=size.pp,
            limit=WindowLimit(builder.UP_TO_16, builder.UP_TO_8, builder.UP_TO_8),
            nonlinear=("relu", *leaky, "relu_six"),
            input_bank=features,
            output_bank=features,
            weight_bank="CONVW",
            bias_bank="BIAS",
            channel_augmentation=2 * size.icp if reading.on("LD_AUGM") else None,
        ),
        eltwise=builder.eltwise(size.icp, alu_pp, features),
        alu=builder.alu(reading, size.icp, features, bias_bank="DWCVBIAS"),
    )


DECODER = Decoder("cvdx8g", "DPUCVDX8G", arch.TYPE_BYTE, 3, ("2.5", "3.0", "3.5"), FIELDS, _build)
