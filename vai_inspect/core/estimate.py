"""How long a network takes on a board, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Tuple

from vai_inspect.core.codec import Plain
from vai_inspect.core.errors import listed, plural

BOUNDS = ("compute", "engine", "memory", "overhead")
"""The bound on the time of an operator: the convolution array, the ALU, transfers from or to
memory, or the fixed overhead of every layer."""


@dataclass(frozen=True)
class Platform(Plain):
    """The platform of the DPU: a known board, or a design of the user's own.

    Attributes:
        board: the board's name; None for a design of the user's own.
        cores: DPU cores.
        clock_mhz: clock of the DPU, MHz.
        bandwidth_gb_s: memory bandwidth for all cores together, 1e9 bytes a second in each
            direction.
        host_ms: what the host adds to a frame, ms.
        host_ns_per_pixel: what it adds for each pixel of the input, ns.
        given: which of these figures are the user's and not the board's.
        source: where the cores and the clock are from.
    """

    board: Optional[str]
    cores: int
    clock_mhz: float
    bandwidth_gb_s: float
    host_ms: float
    host_ns_per_pixel: float
    given: Tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Accuracy(Plain):
    """The measured error of an estimate.

    Attributes:
        mean: mean error of the time of a frame with all cores in use, in percent, over networks
            whose family was left out of the fit; None where it was not measured.
        max: the largest of those errors, in percent.
        networks: how many networks that is.
        families: of how many families they are.
        boards: the boards that it was measured on.
        releases: the Vitis AI releases that it was measured with.
        latency_mean: likewise of one frame alone, from end to end.
        latency_max: likewise.
        unchecked: why there are no figures; empty where there are.
        beyond: properties of this network that are outside the measured range.
    """

    mean: Optional[float] = None
    max: Optional[float] = None
    networks: int = 0
    families: int = 0
    boards: Tuple[str, ...] = ()
    releases: Tuple[str, ...] = ()
    latency_mean: Optional[float] = None
    latency_max: Optional[float] = None
    unchecked: str = ""
    beyond: Tuple[str, ...] = ()

    @property
    def brief(self) -> str:
        """The error in a few words, shown with every number."""
        if self.mean is None or self.max is None:
            return "error not calibrated"
        more = ", likely more here" if self.beyond else ""
        return f"error {self.mean:.0f}% on average, {self.max:.0f}% at most{more}"

    def __str__(self) -> str:
        """How large the error is and how it was measured, or why that is not known."""
        if self.mean is None or self.max is None:
            return self.unchecked
        alone = ""
        if self.latency_mean is not None and self.latency_max is not None:
            alone = f" (one frame alone: {self.latency_mean:.1f}% and {self.latency_max:.1f}%)"
        return (
            f"error: {self.mean:.1f}% on average, {self.max:.1f}% at most{alone}, measured on "
            f"{listed(self.boards)} with {plural(len(self.releases), 'release')} "
            f"{listed(self.releases)} on {self.networks} networks, each predicted by a fit without "
            "its family"
        )


@dataclass(frozen=True)
class Padded(Plain):
    """An axis that is padded to the array's parallelism.

    Attributes:
        axis: `input channels`, `output channels`, `channels` or `rows`.
        size: its size.
        costs: the size that takes as long.
    """

    axis: str
    size: int
    costs: int

    def __str__(self) -> str:
        if self.size == 1:
            return f"1 {self.axis[:-1]} costs as much as {self.costs}"
        return f"{self.size} {self.axis} cost as much as {self.costs}"


@dataclass(frozen=True)
class OpEstimate(Plain):
    """The time of one operator on the DPU.

    Attributes:
        us: its time in microseconds, of one core while one is in use. Operators that the compiler
            makes one layer of share the layer's time by their cycles; what takes no time of its
            own, such as a fused activation, has 0.
        bound: what bounds it, one of `BOUNDS`.
        utilisation: multiply-accumulates by those that the array could do in that time; None for
            what the array does not compute.
        layer: the operators that are one layer with it and take time, itself among them; empty
            where it takes none.
        padded: axes that are padded to the parallelism.
    """

    us: float
    bound: str
    utilisation: Optional[float] = None
    layer: Tuple[str, ...] = ()
    padded: Tuple[Padded, ...] = ()


@dataclass(frozen=True)
class Estimate(Plain):
    """The time of a network on a platform. Operators on the CPU are not counted.

    Attributes:
        platform: the board, or the design of the user's own.
        dpu_ms: DPU time of a frame on one core while one is in use, ms.
        latency_ms: one frame alone from end to end, ms, with the vendor's C++ samples around it;
            None if a CPU operator is between DPU operators, or more than 1.25 % of the
            multiply-accumulates are on the CPU.
        fps: frames per second of the whole platform, all cores in use by enough threads; likewise.
        ops: the time of each operator on the DPU, by name.
        subgraphs: DPU time of each DPU subgraph in ms, by name.
        error: what is known of the error.
        not_counted: names of the operators on the CPU, which have no price.
        part_only: why `latency_ms` and `fps` are of a part of the network only, or None; empty
            where they are of the whole.
    """

    MEMBERS = (
        "platform",
        "dpu_ms",
        "latency_ms",
        "fps",
        "subgraphs",
        "error",
        "not_counted",
        "part_only",
    )
    """`ops` are written with the operators."""

    platform: Platform
    dpu_ms: float
    latency_ms: Optional[float]
    fps: Optional[float]
    ops: Mapping[str, OpEstimate]
    subgraphs: Mapping[str, float]
    error: Accuracy
    not_counted: Tuple[str, ...] = ()
    part_only: str = ""

    @property
    def board(self) -> Optional[str]:
        """Name of the board; None for a design of the user's own."""
        return self.platform.board
