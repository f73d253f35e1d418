"""DPUs that no release from 2.5 on registers, or that no family here covers, by their names.

Where a family's decoder reads the fingerprint, the name is that of a target (`targets`); of the
others nothing but the name is known, and a user who has one learns why it is refused.
Names, fingerprints and releases: the public target definitions of Vitis AI (target_factory,
Apache-2.0) of releases 1.3 to 3.5; boards: the boards' images and public issues.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import List, NamedTuple, Optional, Tuple

from vai_inspect.core.errors import listed
from vai_inspect.core.target import BoardUse, Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import decode_target
from vai_inspect.rules.targets.fingerprint import Fingerprint


class KnownName(NamedTuple):
    """A DPU by its name.

    Attributes:
        name: the target's name.
        fingerprint: the fingerprint.
        releases: the releases whose sources define it.
        boards: boards that it is known from, and how.
        successor: the name of the registered target that a later release has instead.
    """

    name: str
    fingerprint: Fingerprint
    releases: Tuple[str, ...]
    boards: Tuple[BoardUse, ...]
    successor: str

    @property
    def explanation(self) -> str:
        """Why it is no target here, and what there is instead, as sentences."""
        boards = ", ".join(use.board for use in self.boards)
        on = f"; {boards}" if boards else ""
        what = f"{self.name} ({self.fingerprint}{on})"
        if self.name.startswith(_OTHER_KINDS):
            text = (
                f"{what} is a target of Vitis AI {listed(self.releases)}, but an AIE2 overlay, "
                "which is not covered here."
            )
            instead = f"The DPU for the {boards} is"
        else:
            text = (
                f"{what} is a historic DPU, defined in the sources of Vitis AI "
                f"{listed(self.releases)}; releases 2.5, 3.0 and 3.5 do not register it, and its "
                "limits are not known here."
            )
            same = "this name" if self.successor == self.name else "a DPU of this size"
            instead = f"Release 2.5 and later have {same} with another fingerprint:"
        for target in registry.targets():
            if target.name == self.successor:
                return f"{text} {instead} {target.name} ({target.fingerprint_text})."
        return text


_OTHER_KINDS = ("AMD_AIE2", "V70")

# One line for each: name, fingerprint, boards, and after an arrow the target that a later release
# has instead. A heading tells the releases of the lines below it. After a board stand the releases
# whose image of it boots the DPU, by the board columns of the vendor's model zoo and the DPU IP of
# each release: in 2.0 KV260, ZCU102 and ZCU104 have a B4096, and ISA0 alone is registered; up to
# 2.0 the VCK190 has a C32B3, whose instruction set is 0 in 1.3, 1 in 1.4 and 2 in 2.0.
_TABLE = """
releases 1.3 1.4 2.0
DPUCAHX8H_ISA2 0x20200000000002a -> DPUCAHX8H_ISA2
releases 1.3 1.4 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA0_B16384C64B1 0x600000076080812 -> DPUCVDX8G_ISA3_C64B1
DPUCVDX8G_ISA0_B8192C32B1 0x600000076080811 -> DPUCVDX8G_ISA3_C32B1
DPUCVDX8G_ISA0_B8192C32B1_ELP4 0x600000076040411 -> DPUCVDX8G_ISA3_C32B1
DPUCVDX8G_ISA0_B8192C32B3 0x600000076080831 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8G_ISA0_B8192C32B3_DW 0x6000000f6088831 VCK190:1.3 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8G_ISA0_B8192C32B3_I4W8B2 0x600000276080831 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8G_ISA0_B8192C32B3_I8W4B2 0x600000376080831 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8G_ISA0_B8192C32B3_I8W8B2 0x600000176080831 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8H_ISA0 0x5000000000007ee
DPUCZDX8G_ISA0_B1024_MAX 0x1000020f7014402
DPUCZDX8G_ISA0_B1024_MIN 0x100002022010102
DPUCZDX8G_ISA0_B1152_MAX 0x1000020f7012203
DPUCZDX8G_ISA0_B1152_MIN 0x100002022010103
DPUCZDX8G_ISA0_B1600_MAX 0x1000020f7014404
DPUCZDX8G_ISA0_B1600_MIN 0x100002022010104
DPUCZDX8G_ISA0_B2304_MAX 0x1000020f7014405
DPUCZDX8G_ISA0_B2304_MAX_BG2 0x1000020f6014405 Ultra96
DPUCZDX8G_ISA0_B2304_MIN 0x100002022010105
DPUCZDX8G_ISA0_B3136_MAX 0x1000020f7014406
DPUCZDX8G_ISA0_B3136_MAX_BG2 0x1000020f6014406 KV260
DPUCZDX8G_ISA0_B3136_MIN 0x100002022010106
DPUCZDX8G_ISA0_B4096_MAX 0x1000020f7014407
DPUCZDX8G_ISA0_B4096_MAX_BG2 0x1000020f6014407 ZCU102:1.3,1.4,2.0 ZCU104:1.3,1.4,2.0 KV260:2.0
DPUCZDX8G_ISA0_B4096_MAX_EM 0x1000030f7014407
DPUCZDX8G_ISA0_B4096_MIN 0x100002022010107
DPUCZDX8G_ISA0_B512_MAX 0x1000020f7012200
DPUCZDX8G_ISA0_B512_MIN 0x100002022010100
DPUCZDX8G_ISA0_B800_MAX 0x1000020f7012201
DPUCZDX8G_ISA0_B800_MIN 0x100002022010101
releases 1.4
DPUCVDX8H_ISA1_F1W2 0x501000000007ff6
DPUCVDX8H_ISA1_F2W2 0x501000000000fee VCK5000 -> DPUCVDX8H_ISA1_F2W2_8PE
DPUCVDX8H_ISA1_F2W2_6PE 0x501000000000c2e
DPUCVDX8H_ISA1_F2W2_6PE_NONCASCADE 0x50100000000082e
DPUCVDX8H_ISA1_F2W4_6PE 0x501000000020c2e
DPUCVDX8H_ISA1_F2W4_6PE_DWC 0x501000000020c2f -> DPUCVDX8H_ISA1_F2W4_6PE_aieDWC
DPUCVDX8H_ISA1_F3W0 0x501000000029c36
DPUCVDX8H_ISA1_F3W1 0x501000000031c36
DPUCVDX8H_ISA1_F4W2 0x501000000002c36
DPUCVDX8H_ISA1_F8W2 0x501000000006c36
releases 1.4 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA0_B16384C64B1_DW 0x6000000f6088812 -> DPUCVDX8G_ISA3_C64B1
DPUCVDX8G_ISA0_B4096C16B1_DW_QT 0x6000004f2022210
DPUCVDX8G_ISA0_B4096C16B3_DW 0x6000000f6088830
DPUCVDX8G_ISA0_B8192C32B3_ALU 0x6000130f6088831 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8G_ISA1_C16B1_QT 0x601001432022110
DPUCVDX8G_ISA1_C32B3 0x601001036088131 VCK190:1.4 -> DPUCVDX8G_ISA3_C32B3
DPUCVDX8H_ISA0_1STLAYER 0x500000000000436
DPUCVDX8H_ISA0_6PE 0x50000000000042e
releases 2.0
DPUCAHX8H_ISA2_DWC 0x20200000000002b -> DPUCAHX8H_ISA2_DWC
releases 2.0 2.5 3.0 3.5
DPUCVDX8G_ISA2_C32B3 0x602001036088231 VCK190:2.0
releases 3.0
AMD_AIE2_1x4_Overlay 0x800020500270d12
AMD_AIE2_4x4_Overlay 0x80000000020c244
AMD_AIE2_Nx4_Overlay 0x80000000020c243
releases 3.0 3.5
AMD_AIE2_4x5_Overlay 0x80000000020c23f
V70_2x3_Overlay 0x80000000020c242 V70 -> DPUCV2DX8G_ISA1_C20B14
releases 3.5
AMD_AIE2_1x4_Overlay 0x800020500fffffe
AMD_AIE2_5x4_Overlay 0x8000205001c5e05
AMD_AIE2_Nx4_Overlay 0x8000205000c5e05
"""


@functools.lru_cache(maxsize=None)
def known_names() -> Tuple[KnownName, ...]:
    """Returns every name; some stand for several fingerprints."""
    known = []
    releases: Tuple[str, ...] = ()
    for line in _TABLE.split("\n"):
        name, *rest = line.partition(" -> ")[0].split() or [""]
        if name == "releases":
            releases = tuple(rest)
        elif name:
            fingerprint = Fingerprint(int(rest[0], 16))
            successor = line.partition(" -> ")[2]
            boards = tuple(map(_board, rest[1:]))
            known.append(KnownName(name, fingerprint, releases, boards, successor))
    return tuple(known)


def _board(text: str) -> BoardUse:
    board, _, releases = text.partition(":")
    return BoardUse(board, tuple(releases.split(",")) if releases else ())


def by_name(name: str) -> Optional[KnownName]:
    """Returns the DPU of a name in any case, the one of the latest release."""
    found = [known for known in known_names() if known.name.lower() == name.lower()]
    return max(found, key=lambda known: known.releases[-1]) if found else None


def by_fingerprint(fingerprint: Fingerprint) -> Optional[KnownName]:
    """Returns the DPU of a fingerprint."""
    return next((known for known in known_names() if known.fingerprint == fingerprint), None)


def target(known: KnownName) -> Optional[Target]:
    """Returns the target of a name as its fingerprint tells it, or None where nothing reads that.

    It has the releases before 2.5: later ones have its definition, but do not register it.
    """
    derived = decode_target.target(known.fingerprint)
    if derived is None:
        return None
    releases = tuple(release for release in known.releases if release < "2.5")
    return dataclasses.replace(derived, name=known.name, releases=releases, board_uses=known.boards)


def targets(family: str) -> Tuple[Target, ...]:
    """Returns the targets of a family that are not registered but have a historic name."""
    found: List[Target] = []
    for known in known_names():
        if all(decoder.family != family for decoder in decode_target.decoders(known.fingerprint)):
            continue
        derived = target(known)
        if derived is not None and derived.family == family:
            found.append(derived)
    return tuple(sorted(found, key=lambda one: (one.peak_ops_per_cycle, one.name)))
