"""Fingerprints of DPUCV2DX8G as Vitis AI 3.5 reads them, for instruction sets 0 and 1 alike."""

from __future__ import annotations

from vai_inspect.rules.cv2dx8g import arch
from vai_inspect.rules.plugin import BitField, Decoder, Reading, Target
from vai_inspect.rules.targets import builder

_SOURCE = "target_factory: builder of DPUCV2DX8G, Vitis AI 3.5"

FIELDS = (
    arch.conv_arch(_SOURCE),
    arch.alu_cores(7, 4, _SOURCE),
    builder.count("BATCH", 15, 8, "images that one run takes", _SOURCE),
    builder.flag("LD_AUGM", 26, "channel augmentation of convolutions, 2*ICP channels", _SOURCE),
    builder.flag("SV_AM", 30, "argmax on save", _SOURCE),
    BitField("", 46, 46, "not decoded; set in every target that release 3.5 registers", _SOURCE),
)


def _build(reading: Reading) -> Target:
    cores = arch.conv_cores(reading) + reading["ALU_CORES"]
    return arch.target(reading, f"C{cores}B{reading['BATCH']}", arch.ALU_TYPES)


ISA1 = Decoder("cv2dx8g", "DPUCV2DX8G", arch.TYPE_BYTE, 1, ("3.5",), FIELDS, _build)
ISA0 = Decoder("cv2dx8g", "DPUCV2DX8G", arch.TYPE_BYTE, 0, ("3.5",), FIELDS, _build)
