"""A DPU target: its identity, its boards, its banks and engines. No lookup here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional, Tuple

from vai_inspect.core.codec import Plain, encode
from vai_inspect.core.target.engines import (
    AluEngine,
    Bank,
    ConvEngine,
    DepthwiseEngine,
    EltwiseEngine,
    LoadEngine,
    PoolEngine,
    SaveEngine,
)

NOT_KNOWN = "not known"
"""The text for an unknown fingerprint."""


@dataclass(frozen=True)
class BoardUse(Plain):
    """A board that a target is known from.

    Attributes:
        board: the board's name.
        releases: Vitis AI releases whose image of the board boots the target.
        design: where no image boots it, what else has it: other designs, or a guide that names
            it; empty where no source says.
        cores: DPU cores there; None where no source says.
        clock_mhz: their clock, MHz; likewise.
        source: where cores and clock are from.
    """

    board: str
    releases: Tuple[str, ...] = ()
    design: str = ""
    cores: Optional[int] = None
    clock_mhz: Optional[int] = None
    source: str = ""

    def __str__(self) -> str:
        known = ", ".join(self.releases) or self.design
        return f"{self.board} ({known})" if known else self.board


@dataclass(frozen=True)
class Target(Plain):
    """One DPU configuration.

    Attributes:
        name: `DPUCZDX8G_ISA1_B4096`, ...
        dpu: the DPU's type, `DPUCZDX8G`, ...; reports call it the family.
        family: name of its rules package, `czdx8g`, ...
        isa_version: version of the instruction set.
        fingerprint: 64 bits: type, instruction set and features; None where no source gives it.
        peak_ops_per_cycle: operations (a multiplication or an addition) a cycle, for one of
            the batch.
        batch: images that one run takes; 1 where the definition names none.
        releases: Vitis AI releases that register it; empty for a derived one.
        board_uses: boards that it is known from, and how.
        banks: the memory banks.
        others: engines that no rule reads yet (move, threshold), as plain data.
        unused_engines: names of engines that the definition has and no operator runs on, by the
            user guide.
    """

    name: str
    dpu: str
    family: str
    isa_version: int
    fingerprint: Optional[int]
    peak_ops_per_cycle: int
    batch: int
    releases: Tuple[str, ...]
    banks: Tuple[Bank, ...]
    load: LoadEngine
    save: SaveEngine
    conv: ConvEngine
    eltwise: Optional[EltwiseEngine] = None
    pool: Optional[PoolEngine] = None
    dwconv: Optional[DepthwiseEngine] = None
    alu: Optional[AluEngine] = None
    board_uses: Tuple[BoardUse, ...] = ()
    others: Tuple[Tuple[str, str], ...] = ()
    unused_engines: Tuple[str, ...] = ()

    @property
    def boards(self) -> Tuple[str, ...]:
        """The names of the boards that it is known from."""
        return tuple(use.board for use in self.board_uses)

    @property
    def feature_code(self) -> Optional[int]:
        """The low 48 bits of the fingerprint; None where that is not known."""
        return None if self.fingerprint is None else self.fingerprint & ((1 << 48) - 1)

    @property
    def fingerprint_text(self) -> str:
        """The fingerprint as the tools write it: `0x` and hexadecimal without leading zeros.

        `not known` where no source gives it.
        """
        return NOT_KNOWN if self.fingerprint is None else hex(self.fingerprint)

    @property
    def feature_code_text(self) -> str:
        """The low 48 bits of the fingerprint as text, twelve digits; `not known` without one."""
        code = self.feature_code
        return NOT_KNOWN if code is None else f"0x{code:012x}"

    def bank(self, name: str) -> Bank:
        """Returns a bank group by name.

        Raises:
            KeyError: the target has no bank of this name.
        """
        for bank in self.banks:
            if bank.name == name:
                return bank
        raise KeyError(name)

    def engines(self) -> Iterator[Tuple[str, Any]]:
        """Yields the name and data of each engine that the target has."""
        for name in ("load", "conv", "dwconv", "alu", "pool", "eltwise", "save"):
            engine = getattr(self, name)
            if engine is not None:
                yield name, engine

    def usable(self, name: str) -> Any:
        """Returns an engine by name, or None where there is none or no operator runs on it."""
        return None if name in self.unused_engines else getattr(self, name)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the target as the JSON report holds it."""
        return {
            "name": self.name,
            "fingerprint": None if self.fingerprint is None else self.fingerprint_text,
            "family": self.dpu,
            "isa_version": self.isa_version,
            "batch": self.batch,
            "feature_code": None if self.fingerprint is None else self.feature_code_text,
            "peak_ops_per_cycle": self.peak_ops_per_cycle,
            "releases": encode(self.releases),
            "boards": encode(self.boards),
            "board_uses": encode(self.board_uses),
            "banks": encode(self.banks),
            "engines": encode(dict(self.engines())),
            "unused_engines": encode(self.unused_engines),
        }
