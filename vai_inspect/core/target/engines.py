"""The memory banks and the engines of a DPU, with their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from vai_inspect.core.codec import Plain
from vai_inspect.core.target.limit import Limit


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
