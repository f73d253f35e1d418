"""Fingerprints of DPUCV2DX8G with instruction set 0 as Vitis AI 3.0 reads them."""

from __future__ import annotations

from vai_inspect.rules.cv2dx8g import arch
from vai_inspect.rules.plugin import Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_SOURCE = "target_factory: builder of DPUCV2DX8G ISA0, Vitis AI 3.0"

FIELDS = (
    arch.conv_arch(_SOURCE),
    builder.count("BATCH", 7, 4, "images that one run takes", _SOURCE),
    arch.alu_cores(11, 8, _SOURCE),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 2*ICP channels", _SOURCE),
    builder.flag("SV_AM", 30, "argmax on save", _SOURCE),
)


def _build(reading: Reading) -> Target:
    size = f"C{arch.conv_cores(reading)}M{reading['ALU_CORES']}B{reading['BATCH']}"
    return arch.target(reading, size, (*arch.ALU_TYPES, "softmax"))


ISA0 = Decoder(
    "cv2dx8g",
    "DPUCV2DX8G",
    arch.TYPE_BYTE,
    0,
    ("3.0",),
    FIELDS,
    _build,
    note="release 3.5 reads fingerprints of this instruction set by another table of bits",
)
