"""DPUs that this tool knows by name only, so that a user who has one learns why it is refused.

Names, fingerprints and releases: the public target definitions of Vitis AI (target_factory,
Apache-2.0) of releases 1.3 to 3.5.
"""

from __future__ import annotations

import functools
from typing import Dict, NamedTuple, Optional, Tuple

from vai_inspect.rules.fingerprint import Fingerprint


class KnownName(NamedTuple):
    """A DPU of which only the name is known here.

    Attributes:
        name: the target's name.
        fingerprint: the fingerprint.
        releases: the releases whose sources define it.
    """

    name: str
    fingerprint: Fingerprint
    releases: Tuple[str, ...]

    @property
    def explanation(self) -> str:
        """Why it is no target here, as one sentence."""
        listed = (
            self.releases[0]
            if len(self.releases) == 1
            else "{} and {}".format(", ".join(self.releases[:-1]), self.releases[-1])
        )
        if self.name.startswith(_OTHER_KINDS):
            return "{} ({}) is a target of Vitis AI {}, but {}".format(
                self.name, self.fingerprint, listed, "a kind of DPU that is not covered here"
            )
        return (
            "{} ({}) is a historic DPU, defined in the sources of Vitis AI {}; releases 2.5, 3.0 "
            "and 3.5 do not register it, and its limits are not known here"
        ).format(self.name, self.fingerprint, listed)


_OTHER_KINDS = ("AMD_AIE2", "V70")

# One line for each: name, fingerprint. A heading tells the releases of the lines below it.
_TABLE = """
releases 1.3 1.4 2.0
DPUCAHX8H_ISA2 0x20200000000002a
releases 1.3 1.4 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA0_B16384C64B1 0x600000076080812
DPUCVDX8G_ISA0_B8192C32B1 0x600000076080811
DPUCVDX8G_ISA0_B8192C32B1_ELP4 0x600000076040411
DPUCVDX8G_ISA0_B8192C32B3 0x600000076080831
DPUCVDX8G_ISA0_B8192C32B3_DW 0x6000000f6088831
DPUCVDX8G_ISA0_B8192C32B3_I4W8B2 0x600000276080831
DPUCVDX8G_ISA0_B8192C32B3_I8W4B2 0x600000376080831
DPUCVDX8G_ISA0_B8192C32B3_I8W8B2 0x600000176080831
DPUCVDX8H_ISA0 0x5000000000007ee
DPUCZDX8G_ISA0_B1024_MAX 0x1000020f7014402
DPUCZDX8G_ISA0_B1024_MIN 0x100002022010102
DPUCZDX8G_ISA0_B1152_MAX 0x1000020f7012203
DPUCZDX8G_ISA0_B1152_MIN 0x100002022010103
DPUCZDX8G_ISA0_B1600_MAX 0x1000020f7014404
DPUCZDX8G_ISA0_B1600_MIN 0x100002022010104
DPUCZDX8G_ISA0_B2304_MAX 0x1000020f7014405
DPUCZDX8G_ISA0_B2304_MAX_BG2 0x1000020f6014405
DPUCZDX8G_ISA0_B2304_MIN 0x100002022010105
DPUCZDX8G_ISA0_B3136_MAX 0x1000020f7014406
DPUCZDX8G_ISA0_B3136_MAX_BG2 0x1000020f6014406
DPUCZDX8G_ISA0_B3136_MIN 0x100002022010106
DPUCZDX8G_ISA0_B4096_MAX 0x1000020f7014407
DPUCZDX8G_ISA0_B4096_MAX_BG2 0x1000020f6014407
DPUCZDX8G_ISA0_B4096_MAX_EM 0x1000030f7014407
DPUCZDX8G_ISA0_B4096_MIN 0x100002022010107
DPUCZDX8G_ISA0_B512_MAX 0x1000020f7012200
DPUCZDX8G_ISA0_B512_MIN 0x100002022010100
DPUCZDX8G_ISA0_B800_MAX 0x1000020f7012201
DPUCZDX8G_ISA0_B800_MIN 0x100002022010101
releases 1.4
DPUCVDX8H_ISA1_F1W2 0x501000000007ff6
DPUCVDX8H_ISA1_F2W2 0x501000000000fee
DPUCVDX8H_ISA1_F2W2_6PE 0x501000000000c2e
DPUCVDX8H_ISA1_F2W2_6PE_NONCASCADE 0x50100000000082e
DPUCVDX8H_ISA1_F2W4_6PE 0x501000000020c2e
DPUCVDX8H_ISA1_F2W4_6PE_DWC 0x501000000020c2f
DPUCVDX8H_ISA1_F3W0 0x501000000029c36
DPUCVDX8H_ISA1_F3W1 0x501000000031c36
DPUCVDX8H_ISA1_F4W2 0x501000000002c36
DPUCVDX8H_ISA1_F8W2 0x501000000006c36
releases 1.4 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA0_B16384C64B1_DW 0x6000000f6088812
DPUCVDX8G_ISA0_B4096C16B1_DW_QT 0x6000004f2022210
DPUCVDX8G_ISA0_B4096C16B3_DW 0x6000000f6088830
DPUCVDX8G_ISA0_B8192C32B3_ALU 0x6000130f6088831
DPUCVDX8G_ISA1_C16B1_QT 0x601001432022110
DPUCVDX8G_ISA1_C32B3 0x601001036088131
DPUCVDX8H_ISA0_1STLAYER 0x500000000000436
DPUCVDX8H_ISA0_6PE 0x50000000000042e
releases 2.0
DPUCAHX8H_ISA2_DWC 0x20200000000002b
releases 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA2_C32B3 0x602001036088231
releases 3.0
AMD_AIE2_1x4_Overlay 0x800020500270d12
AMD_AIE2_4x4_Overlay 0x80000000020c244
AMD_AIE2_Nx4_Overlay 0x80000000020c243
releases 3.0 3.5
AMD_AIE2_4x5_Overlay 0x80000000020c23f
V70_2x3_Overlay 0x80000000020c242
releases 3.5
AMD_AIE2_1x4_Overlay 0x800020500fffffe
AMD_AIE2_5x4_Overlay 0x8000205001c5e05
AMD_AIE2_Nx4_Overlay 0x8000205000c5e05
"""


@functools.lru_cache(maxsize=None)
def known_names() -> Tuple[KnownName, ...]:
    """Returns every DPU that is known by name only; some names stand for several fingerprints."""
    known = []
    releases: Tuple[str, ...] = ()
    for line in _TABLE.split("\n"):
        name, *rest = line.split() or [""]
        if name == "releases":
            releases = tuple(rest)
        elif name:
            known.append(KnownName(name, Fingerprint(int(rest[0], 16)), releases))
    return tuple(known)


def by_name(name: str) -> Optional[KnownName]:
    """Returns the DPU of a name in any case, the one of the latest release."""
    found: Dict[str, KnownName] = {}
    for known in known_names():
        key = known.name.lower()
        if key not in found or found[key].releases[-1] < known.releases[-1]:
            found[key] = known
    return found.get(name.lower())


def by_fingerprint(fingerprint: Fingerprint) -> Optional[KnownName]:
    """Returns the DPU of a fingerprint."""
    return next((known for known in known_names() if known.fingerprint == fingerprint), None)
