"""What a constraint sees of an operator, and the helpers that write its violations."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from vai_inspect.core.findings import Device, Remedy, approximate
from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.engine.violation import Violation

if TYPE_CHECKING:
    from vai_inspect.core.partition import DeviceOf

SIDES = ("left", "right", "top", "bottom")
"""The order of a pad's figures in XIR."""

AfterRewrites = Callable[[Op], Op]

_REWRITES = {"kernel": "kernel-in-range"}
"""Ids of the rewrites that bring an attribute to the nearest size."""


def no_device(op: Op) -> Device:
    """Stands in for `OpContext.device_of` where devices are not known yet."""
    raise LookupError("devices are known to context constraints only")


class OpContext(NamedTuple):  # made for each constraint of each operator
    """An operator with all that a constraint may look at.

    Attributes:
        op: the operator after the family's rewrites, as its compiler places it.
        original: the operator as the graph holds it.
        graph: the graph.
        target: the DPU.
        after_rewrites: returns any operator of the graph after the rewrites.
        device_of: returns the device of an operator as it stands now; context stage only.
        limits: the constraint's own figures for this target.
        laid_out: type of the first input where a rewrite lays it out otherwise than the graph.
    """

    op: Op
    original: Op
    graph: Graph
    target: Target
    after_rewrites: AfterRewrites
    device_of: DeviceOf = no_device
    limits: Mapping[str, Any] = {}
    laid_out: Optional[TensorType] = None

    @property
    def inputs(self) -> Tuple[TensorType, ...]:
        """Types of the inputs, in order."""
        return self.graph.input_types(self.original)

    @property
    def input(self) -> TensorType:
        """Type of the first input, after the rewrites."""
        return self.laid_out or self.graph.type_of(self.original.inputs[0])

    @property
    def attrs(self) -> Any:
        """Attributes of the operator after the rewrites."""
        return self.op.attrs

    @property
    def producers(self) -> Tuple[Op, ...]:
        """Operators that give the inputs."""
        return self.graph.producers(self.original)

    @property
    def consumers(self) -> Tuple[Op, ...]:
        """Operators that read this one."""
        return self.graph.consumers(self.original)

    def limit(self, name: str) -> Any:
        """Returns one of the constraint's own figures for this target."""
        return self.limits[name]

    def axes_within(
        self, what: str, sizes: Sequence[int], limit: Optional[Limit], axes: str = "wh"
    ) -> Iterator[Violation]:
        """Yields a violation for each axis whose size is outside the limit; equal axes as one.

        A target without the engine has no limit (None): another rule says so.

        Args:
            what: name of the attribute, `kernel`; the axis is put after it: `kernel_w`.
            sizes: the size along each axis.
            limit: what they keep.
            axes: a letter for each axis.
        """
        if limit is None or all(map(limit.__contains__, sizes)):
            return
        names = [f"{what}_{axis}" for axis in axes]
        remedy = approximate(f"use {what} {{nearest}}", _REWRITES.get(what))
        yield from _outside(names, sizes, [limit] * len(sizes), remedy)

    def sides_within(self, pads: Sequence[int], limits: Sequence[Limit]) -> Iterator[Violation]:
        """Yields a violation for each side whose pad is outside its limit; equal sides as one.

        Args:
            pads: left, right, top, bottom.
            limits: the limit of each, in the same order.
        """
        if any(pad not in limit for pad, limit in zip(pads, limits)):
            yield from _outside([f"pad_{side}" for side in SIDES], pads, limits)

    def at_most(self, what: str, found: int, limit: Optional[int]) -> Iterator[Violation]:
        """Yields a violation where a figure is above its limit, if the target has one.

        Args:
            what: name of the figure.
            found: the figure.
            limit: the most that passes, or None.
        """
        if limit is not None and found > limit:
            yield Violation(
                "{what} is {found}, more than {nearest}",
                what=what,
                found=found,
                limit=f"<= {limit}",
                nearest=limit,
            )


def _outside(
    names: Sequence[str],
    figures: Sequence[int],
    limits: Sequence[Limit],
    remedy: Optional[Remedy] = None,
) -> Iterator[Violation]:
    """Yields a violation for each figure outside its limit; equal figures and limits as one."""
    outside: Dict[Tuple[int, Limit], List[str]] = {}
    for name, figure, limit in zip(names, figures, limits):
        if figure not in limit:
            outside.setdefault((figure, limit), []).append(name)
    for (figure, limit), which in outside.items():
        yield Violation(
            "{axes:are} {found}, outside {limit}",
            axes=which,
            found=figure,
            limit=limit,
            nearest=limit.nearest(figure),
            remedy=remedy,
        )
