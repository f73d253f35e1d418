"""What moved between two inspections, and what got worse."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Iterator, List, Optional, Tuple

from vai_inspect.core.codec import Plain, encode
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection.data import InspectionData
from vai_inspect.core.inspection.parts import InspectedOp
from vai_inspect.core.quantizer import Obstacle

COUNTS = (
    "dpu_ops",
    "cpu_ops",
    "unknown_ops",
    "dpu_subgraphs",
    "cpu_subgraphs",
    "crossings",
    "crossing_bytes",
    "macs",
    "dpu_macs",
)
"""What of the summaries is compared."""


@dataclass(frozen=True)
class OpChange(Plain):
    """One operator before and after.

    Attributes:
        before: the operator in the old inspection; None where only the new one has it.
        after: the operator in the new inspection; None where only the old one has it.
    """

    before: Optional[InspectedOp]
    after: Optional[InspectedOp]

    @property
    def name(self) -> str:
        """Its name in the new inspection, or in the old one where it is gone."""
        return self._either.name

    @property
    def type(self) -> str:
        """Its XIR type, as `name`."""
        return self._either.type

    @property
    def reasons(self) -> Tuple[str, ...]:
        """Why it is on the CPU in the new inspection."""
        return tuple(finding.message for finding in self.after.findings) if self.after else ()

    @property
    def _either(self) -> InspectedOp:
        found = self.after or self.before
        assert found is not None
        return found

    def to_dict(self) -> Dict[str, Any]:
        """Returns the change as the JSON of a diff holds it."""
        return {
            "name": self.name,
            "type": self.type,
            "before": self.before.device.value if self.before else None,
            "after": self.after.device.value if self.after else None,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class Difference:
    """What moved from one inspection to another.

    Operators are paired by name; those left over by type and output shapes, in graph order and
    first those on the same device, so that a renamed operator is no new one.

    Attributes:
        before: the old inspection.
        after: the new inspection.
    """

    before: InspectionData
    after: InspectionData

    @cached_property
    def counts(self) -> Dict[str, Tuple[int, int]]:
        """The counts of the summaries, before and after; for `COUNTS`."""
        old, new = vars(self.before.summary), vars(self.after.summary)
        return {name: (old[name], new[name]) for name in COUNTS}

    @property
    def dpu_ms(self) -> Tuple[Optional[float], Optional[float]]:
        """DPU time of a frame before and after, ms; None where it is not estimated."""
        estimates = (self.before.default_estimate, self.after.default_estimate)
        old, new = (one.dpu_ms if one is not None else None for one in estimates)
        return old, new

    @property
    def moved(self) -> List[OpChange]:
        """Operators of both inspections that run on another device, in graph order."""
        return [
            change
            for change in self._changes
            if change.before and change.after and change.before.device is not change.after.device
        ]

    @property
    def added(self) -> List[OpChange]:
        """Operators of the new inspection alone, in graph order."""
        return [change for change in self._changes if change.before is None]

    @property
    def removed(self) -> List[OpChange]:
        """Operators of the old inspection alone, in graph order."""
        return [change for change in self._changes if change.after is None]

    @property
    def new_on_cpu(self) -> List[OpChange]:
        """Operators on the CPU that were not there before, in graph order."""
        return [
            change
            for change in self._changes
            if _on(change.after, Device.CPU) and not _on(change.before, Device.CPU)
        ]

    @property
    def gone_from_cpu(self) -> List[OpChange]:
        """Operators that were on the CPU and no longer are, in graph order."""
        return [
            change
            for change in self._changes
            if _on(change.before, Device.CPU) and not _on(change.after, Device.CPU)
        ]

    @property
    def new_obstacles(self) -> Tuple[Obstacle, ...]:
        """What the quantiser stops at or changes at more operators than before, in order.

        Operators may have other names, so they are counted for each rule.
        """
        old = _obstacles(self.before)
        new = _obstacles(self.after)
        grown = {id for id, count in new.items() if count > old.get(id, 0)}
        quantizer = self.after.quantizer
        every = quantizer.blocking if quantizer is not None else ()
        return tuple(one for one in every if one.id in grown)

    @property
    def worse(self) -> Tuple[str, ...]:
        """What got worse, a sentence each; empty where nothing did.

        Worse is what the vendor's quantiser stops at or makes another function of and did not
        before, a new operator on the CPU, more DPU subgraphs, more tensors that pass between
        the DPU and the CPU, and fewer multiply-accumulates on the DPU, unless the network does
        less as a whole and their share did not fall. Subgraphs and crossings are not worse where
        nothing was on the DPU before.
        """
        return tuple(self._worse())

    @property
    def better(self) -> Tuple[str, ...]:
        """What got better, a sentence each; the opposite of `worse`."""
        return tuple(Difference(self.after, self.before)._worse(back=True))

    def to_dict(self) -> Dict[str, Any]:
        """Returns the difference as JSON."""
        return {
            "before": _title(self.before),
            "after": _title(self.after),
            "worse": encode(self.worse),
            "better": encode(self.better),
            "counts": {
                name: {"before": old, "after": new} for name, (old, new) in self.counts.items()
            },
            "dpu_ms": dict(zip(("before", "after"), self.dpu_ms)),
            "new_obstacles": encode(self.new_obstacles),
            "moved": encode(self.moved),
            "added": encode(self.added),
            "removed": encode(self.removed),
        }

    def __repr__(self) -> str:
        return f"<Difference: {len(self.worse)} worse, {len(self.better)} better>"

    def _worse(self, back: bool = False) -> Iterator[str]:
        obstacles = self.new_obstacles
        if obstacles:
            ids = ", ".join(dict.fromkeys(one.id for one in obstacles))
            yield f"{'fewer' if back else 'more'} obstacles of the quantiser: {ids}"
        new = len(self.new_on_cpu)
        if new:
            noun = "operator" if new == 1 else "operators"
            yield f"{new} {noun} left the CPU" if back else f"{new} new {noun} on the CPU"
        for name, title in (
            ("dpu_subgraphs", "DPU subgraphs"),
            ("crossings", "crossings between the DPU and the CPU"),
        ):
            old, now = self.counts[name]
            if now > old and self.before.summary.dpu_ops:
                yield (
                    f"fewer {title}: {now:,} -> {old:,}"
                    if back
                    else (f"more {title}: {old:,} -> {now:,}")
                )
        old, now = self.counts["dpu_macs"]
        if now < old and self.after.summary.dpu_share < self.before.summary.dpu_share:
            yield (
                f"more multiply-accumulates on the DPU: {now:,} -> {old:,}"
                if back
                else (f"fewer multiply-accumulates on the DPU: {old:,} -> {now:,}")
            )

    @cached_property
    def _changes(self) -> List[OpChange]:
        """Every operator but constants: those of the new inspection, then those that are gone."""
        old = {op.name: op for op in self.before.ops if not op.constant}
        new = [op for op in self.after.ops if not op.constant]
        pairs = {op.name: old.pop(op.name) for op in new if op.name in old}
        for alike in (_shape_and_device, _shape):
            left: Dict[Any, List[InspectedOp]] = defaultdict(list)
            taken = {op.name for op in pairs.values()}
            for op in old.values():
                if op.name not in taken:
                    left[alike(op)].append(op)
            for op in new:
                if op.name not in pairs and left[alike(op)]:
                    pairs[op.name] = left[alike(op)].pop(0)
        paired = {op.name for op in pairs.values()}
        return [
            *(OpChange(pairs.get(op.name), op) for op in new),
            *(OpChange(op, None) for op in old.values() if op.name not in paired),
        ]


def _obstacles(inspection: InspectionData) -> Dict[str, int]:
    """Returns the operators of each rule that stops the flow or changes the function."""
    counts: Dict[str, int] = defaultdict(int)
    for one in inspection.quantizer.blocking if inspection.quantizer is not None else ():
        counts[one.id] += max(1, len(one.ops))
    return counts


def _on(op: Optional[InspectedOp], device: Device) -> bool:
    return op is not None and op.device is device


def _shape(op: InspectedOp) -> Tuple[Any, ...]:
    return (op.type, *(tensor.shape for tensor in op.op.outputs))


def _shape_and_device(op: InspectedOp) -> Tuple[Any, ...]:
    return (*_shape(op), op.device)


def _title(inspection: InspectionData) -> Dict[str, str]:
    return {"model": inspection.model.name, "target": inspection.target.name}
