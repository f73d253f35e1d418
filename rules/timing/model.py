"""A timing model: what a family says of its times, and the estimate that follows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import AbstractSet, Callable, Dict, FrozenSet, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import EstimateError, listed
from vai_inspect.core.estimate import BOUNDS, Accuracy, Estimate, OpEstimate, Platform
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import InspectedOp
from vai_inspect.core.ir import Op
from vai_inspect.core.target import Target
from vai_inspect.rules.timing import table
from vai_inspect.rules.timing.layers import Layer, Layers, Part
from vai_inspect.rules.timing.price import Prices
from vai_inspect.rules.timing.work import Engines, Sizes, Work


@dataclass(frozen=True)
class Range:
    """What the networks of the fit have; what lies beyond it was never measured.

    Attributes:
        kinds: operator kinds.
        side: the largest side of an input.
        kernel: the largest side of a convolution's kernel.
        ms: the shortest DPU time of a frame, ms, for which the measured error holds.
    """

    kinds: FrozenSet[str]
    side: int
    kernel: int
    ms: float


@dataclass(frozen=True)
class TimingModel:
    """The timing model of a family.

    Attributes:
        package: the package that holds its timing.yaml.
        measured: what the networks of the fit have.
        unchecked: says why the measured errors do not hold for a target; an empty text where they
            do.
    """

    package: str
    measured: Range
    unchecked: Callable[[Target], str]

    @property
    def table(self) -> table.Table:
        """The fitted constants and their error."""
        return table.load(self.package)

    def prices(self, platform: Platform, cores: int) -> Prices:
        """Returns what cycles and bytes cost with some cores in use."""
        fitted = self.table
        return Prices.of(platform, fitted.port.value, fitted.fill.value, cores)

    def timed(self, ops: Sequence[Op], target: Target) -> "Timed":
        """Returns the times of a graph on a target, for any set of operators on the DPU."""
        return Timed(self, ops, target)


class Timed:
    """The times of one graph on one target."""

    def __init__(self, model: TimingModel, ops: Sequence[Op], target: Target) -> None:
        self._model = model
        self._target = target
        self._engines = Engines.of(target)
        self._layers = Layers(ops, self._engines)

    def dpu_ms(self, dpu: AbstractSet[str], platform: Platform) -> float:
        """Returns the DPU time of a frame on one core while one is in use, ms.

        Args:
            dpu: names of the operators on the DPU, constants not among them.
            platform: the board.

        Raises:
            EstimateError: nothing is known of what an operator costs.
        """
        return 1e3 * self._model.prices(platform, 1).total(self._on(dpu)[0])

    def estimate(
        self,
        ops: Sequence[InspectedOp],
        platform: Platform,
        not_counted: Tuple[str, ...] = (),
        part_only: str = "",
        whole: bool = True,
    ) -> Estimate:
        """Returns the estimate of the network, without that of each operator.

        Args:
            ops: the operators with their devices.
            platform: the board.
            not_counted: the operators on the CPU.
            part_only: why the figures are of a part of the network only, if they are.
            whole: whether frames per second and the latency follow from the DPU's time.

        Raises:
            EstimateError: nothing runs on the DPU, or nothing is known of what an operator costs.
        """
        on_dpu = _on_dpu(ops)
        if not on_dpu:
            raise EstimateError(
                f"no operator runs on the DPU ({self._target.name}), so there is no time to "
                "estimate; see the reasons of the inspection."
            )
        layers, _ = self._on({op.name for op in on_dpu})
        if not layers:
            kinds = ", ".join(dict.fromkeys(op.type for op in on_dpu))
            raise EstimateError(
                f"the operators on the DPU take no time of their own ({kinds}), so there is "
                "nothing to estimate."
            )
        dpu_ms = 1e3 * self._model.prices(platform, 1).total(layers)
        pixels = sum(_pixels(op.op) for op in ops if op.op.kind == "data")
        host_ms = platform.host_ms + platform.host_ns_per_pixel * pixels / 1e6
        return Estimate(
            platform=platform,
            dpu_ms=dpu_ms,
            latency_ms=dpu_ms + host_ms if whole else None,
            fps=self._fps(layers, platform) if whole else None,
            ops={},
            subgraphs={},
            error=self._accuracy(ops, on_dpu, platform, dpu_ms),
            not_counted=not_counted,
            part_only=part_only,
        )

    def in_detail(self, found: Estimate, ops: Sequence[InspectedOp]) -> Estimate:
        """Returns an estimate with the time of each operator and subgraph on the DPU.

        Args:
            found: the estimate of the network.
            ops: the operators with their devices.
        """
        on_dpu = _on_dpu(ops)
        layers, parts = self._on({op.name for op in on_dpu})
        by_op = self._by_op(on_dpu, layers, parts, self._model.prices(found.platform, 1))
        subgraphs: Dict[str, float] = {}
        for op in on_dpu:
            if op.subgraph is not None:
                subgraphs[op.subgraph] = subgraphs.get(op.subgraph, 0.0) + by_op[op.name].us / 1e3
        return dataclasses.replace(found, ops=by_op, subgraphs=subgraphs)

    def _fps(self, layers: Sequence[Layer], platform: Platform) -> float:
        return platform.cores / self._model.prices(platform, platform.cores).total(layers)

    def _on(self, dpu: AbstractSet[str]) -> Tuple[List[Layer], Dict[str, Tuple[Part, ...]]]:
        try:
            return self._layers.on(dpu)
        except KeyError as error:
            raise EstimateError(
                f"{self._target.dpu} has no cost for {error.args[0]} operators, which the DPU "
                "runs here."
            ) from None

    def _by_op(
        self,
        ops: Sequence[InspectedOp],
        layers: Sequence[Layer],
        parts: Dict[str, Tuple[Part, ...]],
        prices: Prices,
    ) -> Dict[str, OpEstimate]:
        works, images = self._layers.works, self._layers.images
        peak = self._engines.pixels * self._engines.inputs * self._engines.outputs * prices.clock
        macs = {op.name: op.macs or 0 for op in ops}
        found: Dict[str, OpEstimate] = {}
        bound_of: Dict[str, str] = {}
        for layer in layers:
            seconds, bound, cycles = prices.seconds(layer), prices.bound(layer), layer.cycles
            together = tuple(layer.ops)
            for name in together:
                work = works[name] or Work()
                share = seconds * (work.array + work.engine) / cycles if cycles else seconds
                busy = bound in ("compute", "engine")
                own = ("compute" if work.array else "engine") if busy else bound
                bound_of[name] = own
                found[name] = OpEstimate(
                    us=1e6 * share,
                    bound=own,
                    utilisation=macs[name] / images / (peak * share) if work.array else None,
                    layer=together,
                    padded=work.padded,
                )
        for op in ops:
            if op.name not in found:  # it takes no time: as what it is fused with
                seen = (bound_of[source] for source, _ in parts[op.name] if source in bound_of)
                found[op.name] = _FREE[next(seen, "memory")]
        return {op.name: found[op.name] for op in ops}

    def _accuracy(
        self,
        ops: Sequence[InspectedOp],
        on_dpu: Sequence[InspectedOp],
        platform: Platform,
        dpu_ms: float,
    ) -> Accuracy:
        inputs = [op.op for op in ops if op.op.kind == "data"]
        beyond = tuple(_beyond(inputs, [op.op for op in on_dpu], self._model.measured, dpu_ms))
        unchecked = self._model.unchecked(self._target) or _own_design(platform)
        checked = self._model.table.checked
        rows = [
            (release, checked[platform.board, release])
            for release in self._target.releases
            if platform.board is not None and (platform.board, release) in checked
        ]
        if not unchecked and not rows:
            unchecked = "no published times are of this build of the target and this board"
        if unchecked:
            return Accuracy(unchecked="not calibrated; " + unchecked, beyond=beyond)
        release, row = rows[0]
        return Accuracy(
            mean=row.frame[0],
            max=row.frame[1],
            networks=row.networks,
            families=row.families,
            boards=(str(platform.board),),
            releases=(release,),
            latency_mean=row.latency[0],
            latency_max=row.latency[1],
            beyond=beyond,
        )


_FREE = {bound: OpEstimate(0.0, bound) for bound in BOUNDS}
"""Of operators that take no time."""


def _own_design(platform: Platform) -> str:
    if platform.board is None:
        return "no design of your own was measured"
    if platform.given:
        return f"{platform.board} with another {' and '.join(platform.given)} was not measured"
    return ""


def _on_dpu(ops: Sequence[InspectedOp]) -> List[InspectedOp]:
    return [op for op in ops if op.device is Device.DPU and not op.constant]


def _pixels(op: Op) -> int:
    sizes = Sizes.of(op.output)
    return sizes.h * sizes.w


def _beyond(
    inputs: Sequence[Op], on_dpu: Sequence[Op], measured: Range, dpu_ms: float
) -> Iterator[str]:
    kinds = dict.fromkeys([op.kind for op in on_dpu if op.kind not in measured.kinds])
    if kinds:
        yield f"no measured network contains {listed(kinds, 'or')}"
    if max((max(Sizes.of(op.output)[:2]) for op in inputs), default=0) > measured.side:
        yield f"measured inputs are at most {measured.side}x{measured.side}"
    windows = [op for op in on_dpu if op.kind in ("conv2d", "depthwise-conv2d")]
    if any(_is_oblong(op) for op in windows):
        yield "measured feature maps are square"
    if any(max(_of(op, "kernel")) > measured.kernel for op in windows):
        yield f"measured kernels are at most {measured.kernel}x{measured.kernel}"
    if any(max(_of(op, "dilation")) > 1 for op in windows):
        yield "no measured convolution is dilated"
    if any(getattr(op.attrs, "group", 1) > 1 for op in windows):
        yield "no measured convolution has groups"
    if dpu_ms < measured.ms:
        yield f"below {measured.ms:g} ms the host and the driver dominate: an error of 15-20%"


def _of(op: Op, name: str) -> Tuple[int, ...]:
    found: Optional[Tuple[int, ...]] = getattr(op.attrs, name, None)
    return found or (1,)


def _is_oblong(op: Op) -> bool:
    sizes = Sizes.of(op.output)
    return op.output.rank == 4 and sizes.h != sizes.w
