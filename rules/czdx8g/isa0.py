"""Fingerprints of DPUCZDX8G with instruction set 0: DPU IP 3.x, Vitis AI 1.3 to 2.0.

Its banks are those of instruction set 1, but for depthwise weights where there is no such engine.
"""

from __future__ import annotations

from typing import Optional, Tuple

from vai_inspect.core.target import (
    ConvEngine,
    DepthwiseEngine,
    LoadEngine,
    PoolEngine,
    SaveEngine,
    WindowLimit,
)
from vai_inspect.rules.czdx8g.arch import DEPTH, SIZES, TYPE_BYTE
from vai_inspect.rules.plugin import BitField, Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_FACTORY = "target_factory: create_target_v2, Vitis AI 2.0 to 3.5"
_BOTH = _FACTORY + "; fingerprint_json.ttcl of the DPU IP 3.3 and 3.4"
_SIZES = SIZES[:11]

FIELDS = (
    builder.arch(_SIZES, _BOTH),
    builder.count("POOL_PP", 11, 8, "pixel parallelism of the pooling engine", _BOTH),
    BitField("DW_PP", 15, 12, "pixel parallelism of the depthwise engine, 0 for none", _BOTH),
    builder.count("EL_PP", 19, 16, "pixel parallelism of the element-wise engine", _BOTH),
    builder.count("IMG_BG", 25, 24, "number of feature-map bank groups", _BOTH),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 2*ICP channels", _BOTH),
    builder.flag("LD_MEAN", 27, "subtraction of the mean on load (sets no limit)", _FACTORY),
    builder.flag("CV_LKRL", 28, "convolutions fuse leaky ReLU", _BOTH),
    builder.flag("CV_RL6", 29, "convolutions fuse ReLU6", _BOTH),
    builder.flag("AVG_POOL", 30, "average pooling, kernel 2-8", _BOTH),
    builder.flag("DW_RL6", 31, "depthwise convolutions fuse ReLU6", _BOTH),
    builder.flag("EL_MULT", 36, "element-wise multiplication", _BOTH),
    builder.flag("MAX_REDUCE", 37, "maximum over a whole axis in the pooling engine", _BOTH),
)


def _build(reading: Reading) -> Target:
    size = _SIZES[reading["ARCH"]]
    features = builder.feature_banks(reading["IMG_BG"])
    weights = (1, size.icp, DEPTH)
    averages = reading.on("AVG_POOL")
    return reading.target(
        f"B{size.peak}",
        peak_ops_per_cycle=size.peak,
        batch=1,
        banks=builder.banks(
            features,
            (size.pp, size.icp, DEPTH),
            CONVW=(size.ocp, size.icp, DEPTH),
            DWCONVW=weights if reading.on("DW_PP") else None,
            BIAS=weights,
        ),
        load=LoadEngine(size.icp, features),
        save=SaveEngine(size.icp, features),
        conv=ConvEngine(
            input_channel_parallel=size.icp,
            output_channel_parallel=size.ocp,
            pixel_parallel=size.pp,
            limit=WindowLimit(builder.UP_TO_16, builder.UP_TO_8),
            nonlinear=builder.having(
                "relu",
                "leaky_relu" if reading.on("CV_LKRL") else None,
                "relu_six" if reading.on("CV_RL6") else None,
            ),
            input_bank=features,
            output_bank=features,
            weight_bank="CONVW",
            bias_bank="BIAS",
            channel_augmentation=2 * size.icp if reading.on("LD_AUGM") else None,
        ),
        eltwise=builder.eltwise(size.icp, reading["EL_PP"], features, reading.on("EL_MULT")),
        pool=PoolEngine(
            channel_parallel=size.icp,
            pixel_parallel=reading["POOL_PP"],
            pool_type=builder.having(
                "max",
                "avg" if averages else None,
                "max_reduce" if reading.on("MAX_REDUCE") else None,
            ),
            nonlinear=("relu",),
            input_bank=features,
            output_bank=features,
            max_limit=WindowLimit(builder.UP_TO_8, builder.UP_TO_8),
            avg_limit=WindowLimit(builder.FROM_2_TO_8, builder.UP_TO_8) if averages else None,
        ),
        dwconv=_depthwise(reading, size.icp, features),
    )


def _depthwise(
    reading: Reading, channels: int, features: Tuple[str, ...]
) -> Optional[DepthwiseEngine]:
    if not reading.on("DW_PP"):
        return None
    return DepthwiseEngine(
        channel_parallel=channels,
        pixel_parallel=reading["DW_PP"],
        limit=WindowLimit(builder.UP_TO_16, builder.UP_TO_8),
        nonlinear=builder.having("relu", "relu_six" if reading.on("DW_RL6") else None),
        input_bank=features,
        output_bank=features,
        weight_bank="DWCONVW",
        bias_bank="BIAS",
    )


DECODER = Decoder(
    "czdx8g",
    "DPUCZDX8G",
    TYPE_BYTE,
    0,
    ("2.0", "2.5", "3.0", "3.5"),
    FIELDS,
    _build,
)
