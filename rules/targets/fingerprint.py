"""The 64 bits of a fingerprint: a byte of type, a byte of instruction set, 48 bits of features.

The DPU's own build writes it (`fingerprint_json.ttcl` of the DPU IP); the public `target_factory`
of Vitis AI reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DPU_TYPES = {
    1: "DPUCZDX8G",
    2: "DPUCAHX8H",
    3: "DPUCAHX8L",
    4: "DPUCZDI4G",
    5: "DPUCVDX8H",
    6: "DPUCVDX8G",
    7: "DPUCADF8H",
    8: "AIE2 overlay",
    9: "DPUCV2DX8G",
}
"""What the type byte stands for."""

BITS = 64

FEATURE_BITS = 48

_HEXADECIMAL = re.compile(r"[0-9a-f]+\Z", re.IGNORECASE | re.ASCII)
_BARE = re.compile(r"[0-9a-f]{15,}\Z", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Fingerprint:
    """A fingerprint and the fields that every DPU has in it."""

    value: int

    @property
    def type_byte(self) -> int:
        """Bits 63:56."""
        return self.value >> 56

    @property
    def dpu(self) -> str:
        """The DPU's type, or an empty text where the byte stands for none."""
        return DPU_TYPES.get(self.type_byte, "")

    @property
    def isa_version(self) -> int:
        """Bits 55:48, the version of the instruction set."""
        return self.value >> 48 & 0xFF

    def __str__(self) -> str:
        return hex(self.value)


def looks_like_fingerprint(text: str) -> bool:
    """Returns whether a text is meant as a fingerprint: 0x..., or 15 or more hex digits."""
    return text[:2].lower() == "0x" or bool(_BARE.match(text))


def parse(text: str) -> Fingerprint:
    """Reads a fingerprint, with or without 0x.

    Raises:
        ValueError: the text is not hexadecimal or has more than 64 bits.
    """
    digits = text[2:] if text[:2].lower() == "0x" else text
    if not _HEXADECIMAL.match(digits):
        raise ValueError("it is not hexadecimal")
    return checked(int(digits, 16))


def checked(value: int) -> Fingerprint:
    """Returns the fingerprint of a number.

    Raises:
        ValueError: the number has more than 64 bits or is negative.
    """
    if value < 0:
        raise ValueError("it is negative")
    if value >> BITS:
        raise ValueError(f"it has {value.bit_length()} bits")
    return Fingerprint(value)
