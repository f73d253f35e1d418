"""What a constraint sees of an operator, and the small helpers that write its problems."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from vai_inspect.core.findings import Device, Evidence, Figure, Verdict
from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.target import Limit, Target

if TYPE_CHECKING:
    from vai_inspect.core.partition import DeviceOf

SIDES = ("left", "right", "top", "bottom")
"""The order of a pad's figures in XIR."""

SeenAs = Callable[[Op], Op]


@dataclass(frozen=True)
class Problem:
    """What a constraint yields: a finding without the constraint's own particulars."""

    message: str
    found: Optional[Figure] = None
    limit: Optional[str] = None
    nearest: Optional[Figure] = None
    suggestion: Optional[str] = None
    verdict: Verdict = Verdict.UNSUPPORTED
    evidence: Optional[Evidence] = None
    source: Optional[str] = None
    follows: Optional[str] = None


def no_device(op: Op) -> Device:
    """Stands in for `Site.device_of` where devices are not known yet."""
    raise LookupError("devices are known to context constraints only")


class Site(NamedTuple):  # made for each constraint of each operator
    """An operator in its place.

    Attributes:
        op: the operator as the compiler sees it, after rewrites.
        original: the operator as the graph holds it.
        graph: the whole graph.
        target: the DPU.
        seen_as: returns any operator of the graph as the compiler sees it.
        device_of: returns the device of an operator as it stands now; context stage only.
        limits: the constraint's own figures for this target.
        laid_out: type of the first input where the compiler lays it out otherwise than the graph.
    """

    op: Op
    original: Op
    graph: Graph
    target: Target
    seen_as: SeenAs
    device_of: DeviceOf = no_device
    limits: Mapping[str, Any] = {}
    laid_out: Optional[TensorType] = None

    @property
    def inputs(self) -> Tuple[TensorType, ...]:
        """Types of the inputs, in order."""
        return self.graph.input_types(self.original)

    @property
    def input(self) -> TensorType:
        """Type of the first input, as the compiler lays it out."""
        return self.laid_out or self.graph.type_of(self.original.inputs[0])

    @property
    def attrs(self) -> Any:
        """Attributes of the operator as the compiler sees it."""
        return self.op.attrs

    @property
    def producers(self) -> Tuple[Op, ...]:
        """Operators behind the inputs."""
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
    ) -> Iterator[Problem]:
        """Yields a problem for each axis whose size is outside the limit; equal axes as one.

        A target without the engine has no limit (None): another rule says so.
        """
        if limit is None or all(map(limit.__contains__, sizes)):
            return
        names = ["{}_{}".format(what, axis) for axis in axes]
        for problem in _outside(names, sizes, [limit] * len(sizes)):
            suggestion = "use {} {}".format(what, problem.nearest)
            yield dataclasses.replace(problem, suggestion=suggestion)

    def sides_within(self, pads: Sequence[int], limits: Sequence[Limit]) -> Iterator[Problem]:
        """Yields a problem for each side whose pad is outside its limit; equal sides as one.

        Args:
            pads: left, right, top, bottom.
            limits: the limit of each, in the same order.
        """
        if all(pad in limit for pad, limit in zip(pads, limits)):
            return
        yield from _outside(["pad_" + side for side in SIDES], pads, limits)

    def at_most(self, what: str, found: int, limit: Optional[int]) -> Iterator[Problem]:
        """Yields a problem where a figure is above its limit, if the target has one."""
        if limit is not None and found > limit:
            yield Problem(
                "{} is {}, more than {}".format(what, found, limit),
                found=found,
                limit="<= {}".format(limit),
                nearest=limit,
            )


def _outside(
    names: Sequence[str], figures: Sequence[int], limits: Sequence[Limit]
) -> Iterator[Problem]:
    """Yields a problem for each figure outside its limit; equal figures and limits as one."""
    outside: "dict[tuple[int, Limit], list[str]]" = {}
    for name, figure, limit in zip(names, figures, limits):
        if figure not in limit:
            outside.setdefault((figure, limit), []).append(name)
    for (figure, limit), which in outside.items():
        yield Problem(
            "{} {} {}, outside {}".format(
                _listed(which), "is" if len(which) == 1 else "are", figure, limit
            ),
            found=figure,
            limit=str(limit),
            nearest=limit.nearest(figure),
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
