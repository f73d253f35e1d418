"""Fingerprints of DPUCZDX8G with instruction set 1, that of Vitis AI 2.5 and later."""

from __future__ import annotations

from vai_inspect.core.target import ConvEngine, LoadEngine, SaveEngine, WindowLimit
from vai_inspect.rules.czdx8g.arch import DEPTH, SIZES, TYPE_BYTE
from vai_inspect.rules.plugin import BitField, Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_SOURCE = "target_factory: builder of DPUCZDX8G ISA1, Vitis AI 2.5 to 3.5"

FIELDS = (
    builder.arch(SIZES, _SOURCE),
    builder.count(
        "ALU_PP", 11, 8, "pixel parallelism of the ALU and the element-wise engine", _SOURCE
    ),
    BitField("", 19, 16, "not decoded; 1 in every registered target", _SOURCE),
    builder.count("IMG_BG", 25, 24, "number of feature-map bank groups", _SOURCE),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 2*ICP channels", _SOURCE),
    builder.flag("LD_MEAN", 27, "subtraction of the mean on load (sets no limit)", _SOURCE),
    builder.flag("CV_LKRL", 28, "convolutions fuse leaky ReLU", _SOURCE),
    builder.flag("DW_LKRL", 29, "the ALU, so depthwise convolution, fuses leaky ReLU", _SOURCE),
    builder.flag(
        "SV_AM", 30, "argmax on save (release 2.5 ignores the bit)", _SOURCE + ", argmax since 3.0"
    ),
    builder.write_parallel("CV_WP", 33, 32, "convolutions", _SOURCE),
    builder.write_parallel("ALU_WP", 35, 34, "the ALU", _SOURCE),
)


def _build(reading: Reading) -> Target:
    size = SIZES[reading["ARCH"]]
    alu_pp = reading["ALU_PP"]
    features = builder.feature_banks(reading["IMG_BG"])
    weights = (1, size.icp, DEPTH)
    return reading.target(
        f"B{size.peak}",
        peak_ops_per_cycle=size.peak,
        batch=1,
        banks=builder.banks(
            features,
            (size.pp, size.icp, DEPTH),
            CONVW=(size.ocp, size.icp, DEPTH),
            DWCONVW=weights,
            BIAS=weights,
        ),
        load=LoadEngine(size.icp, features),
        save=SaveEngine(size.icp, features, argmax=reading.on("SV_AM")),
        conv=ConvEngine(
            input_channel_parallel=size.icp,
            output_channel_parallel=size.ocp,
            pixel_parallel=size.pp,
            limit=WindowLimit(
                builder.UP_TO_16,
                builder.UP_TO_8,
                builder.stride_out_h(reading, "CV_WP", size.pp),
            ),
            nonlinear=builder.having(
                "relu", "leaky_relu" if reading.on("CV_LKRL") else None, "relu_six"
            ),
            input_bank=features,
            output_bank=features,
            weight_bank="CONVW",
            bias_bank="BIAS",
            channel_augmentation=2 * size.icp if reading.on("LD_AUGM") else None,
        ),
        eltwise=builder.eltwise(size.icp, alu_pp, features),
        alu=builder.alu(reading, size.icp, features, bias_bank="BIAS"),
    )


DECODER = Decoder("czdx8g", "DPUCZDX8G", TYPE_BYTE, 1, ("2.5", "3.0", "3.5"), FIELDS, _build)
