"""A DPU target as data: identity, memory banks, engines and their limits. No lookup here."""

from __future__ import annotations

import bisect
import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Optional, Tuple

from vai_inspect.core.codec import Plain, encode

NOT_KNOWN = "not known"
"""The text for an unknown fingerprint."""


@dataclass(frozen=True)
class Limit:
    """A set of integers in the notation of the target definitions: `1-16`, `3,5`, `1-3,7`.

    Attributes:
        text: the limit as written.
        spans: its parts as (low, high), both included, ascending.
    """

    text: str
    spans: Tuple[Tuple[int, int], ...] = dataclasses.field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Reads comma-separated integers and a-b ranges.

        Raises:
            ValueError: the text has another form.
        """
        spans: List[Tuple[int, int]] = []
        for part in str(text).split(","):
            low, dash, high = part.strip().partition("-")
            spans.append((int(low), int(high if dash else low)))
        if any(low > high for low, high in spans):
            raise ValueError(f"limit {text!r} has a range that ends before it starts")
        return cls(str(text), tuple(sorted(spans)))

    @classmethod
    @lru_cache(maxsize=4096)
    def span(cls, low: int, high: int) -> "Limit":
        """Returns the limit from low to high, both included."""
        return cls(f"{low}-{high}", ((low, high),))

    def __contains__(self, value: int) -> bool:
        for low, high in self.spans:  # noqa: SIM110 - any() takes twice the time
            if low <= value <= high:
                return True
        return False

    def __str__(self) -> str:
        return self.text

    @property
    def low(self) -> int:
        """The smallest number within."""
        return self.spans[0][0]

    @property
    def high(self) -> int:
        """The largest number within."""
        return max(high for _, high in self.spans)

    def nearest(self, value: int) -> int:
        """Returns the nearest number within the limit; the smaller of two at equal distance."""
        ends = sorted(end for span in self.spans for end in span)
        if value in self:
            return value
        place = bisect.bisect(ends, value)
        return min(ends[max(0, place - 1) : place + 1], key=lambda end: (abs(end - value), end))


@dataclass(frozen=True)
class Bank(Plain):
    """A group of on-chip memory banks.

    Attributes:
        name: `VB0`, `CONVW`, ...
        type: `Virtual` (feature maps), `Param` (weights, bias) or `Special`.
        base_id: id of the first bank.
        num: number of banks in the group.
        width: words read at once from one bank.
        depth: addresses in one bank.
        word_bits: bits of one word.
    """

    MEMBERS = ("name", "type", "base_id", "num", "width", "depth", "word_bits", "bytes")

    name: str
    type: str
    base_id: int
    num: int
    width: int
    depth: int
    word_bits: int = 8

    @property
    def bytes(self) -> int:
        """Size of the whole group in bytes."""
        return self.num * self.width * self.depth * self.word_bits // 8


class Figures(Plain):
    """Base of what the definitions say of an engine; a figure that is absent is not written."""

    def to_dict(self) -> Dict[str, Any]:
        """Returns the figures that there are."""
        return {name: one for name, one in super().to_dict().items() if one is not None}


@dataclass(frozen=True)
class WindowLimit(Figures):
    """The limits of a window engine; kernel and stride apply to both axes."""

    kernel_size: Limit
    stride: Limit
    stride_out_h: Optional[Limit] = None


@dataclass(frozen=True)
class PadLimit(Figures):
    """Padding that the ALU takes on each side."""

    left: Limit
    right: Limit
    top: Limit
    bottom: Limit


@dataclass(frozen=True)
class ConvEngine(Figures):
    """The convolution engine; `nonlinear` names the activations it fuses."""

    input_channel_parallel: int
    output_channel_parallel: int
    pixel_parallel: int
    limit: WindowLimit
    nonlinear: Tuple[str, ...]
    input_bank: Tuple[str, ...]
    output_bank: Tuple[str, ...]
    weight_bank: str
    bias_bank: str
    channel_augmentation: Optional[int] = None


@dataclass(frozen=True)
class DepthwiseEngine(Figures):
    """The depthwise convolution engine of families without an ALU."""

    channel_parallel: int
    pixel_parallel: int
    limit: WindowLimit
    nonlinear: Tuple[str, ...]
    input_bank: Tuple[str, ...]
    output_bank: Tuple[str, ...]
    weight_bank: str
    bias_bank: str


@dataclass(frozen=True)
class AluEngine(Figures):
    """The ALU: depthwise convolution, pooling and more, as `alu_type` lists."""

    channel_parallel: int
    pixel_parallel: int
    limit: WindowLimit
    pad_limit: PadLimit
    alu_type: Tuple[str, ...]
    nonlinear: Tuple[str, ...]
    input_bank: Tuple[str, ...]
    output_bank: Tuple[str, ...]
    weight_bank: str
    bias_bank: str


@dataclass(frozen=True)
class PoolEngine(Figures):
    """The pooling engine of families without an ALU; a limit is None where the kind is absent."""

    channel_parallel: int
    pixel_parallel: int
    pool_type: Tuple[str, ...]
    nonlinear: Tuple[str, ...]
    input_bank: Tuple[str, ...]
    output_bank: Tuple[str, ...]
    max_limit: Optional[WindowLimit] = None
    avg_limit: Optional[WindowLimit] = None


@dataclass(frozen=True)
class EltwiseEngine(Figures):
    """The element-wise engine; `elew_type` lists add, mult, sub."""

    channel_parallel: int
    pixel_parallel: int
    elew_type: Tuple[str, ...]
    nonlinear: Tuple[str, ...]
    input_bank: Tuple[str, ...]
    output_bank: Tuple[str, ...]


@dataclass(frozen=True)
class LoadEngine(Figures):
    """Loads feature maps and parameters from memory."""

    channel_parallel: int
    output_bank: Tuple[str, ...]


@dataclass(frozen=True)
class SaveEngine(Figures):
    """Stores feature maps to memory; `argmax` says whether it can reduce to the largest."""

    channel_parallel: int
    input_bank: Tuple[str, ...]
    argmax: bool = False


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
