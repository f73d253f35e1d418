"""How many subgraphs and crossings there are, counted again only where a change matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Tuple

from vai_inspect.core.partition.clusters import Cells, Tensor
from vai_inspect.core.partition.merge import Parts, TooMuchWorkError

Span = Tuple[int, int]
_EACH = 20
"""Cells and edges that could be looked at in the time that it takes to begin with a span."""


@dataclass(frozen=True)
class Tally:
    """Figures of a partition: what an inspection's summary counts."""

    dpu_subgraphs: int = 0
    cpu_subgraphs: int = 0
    crossings: int = 0
    crossing_bytes: int = 0

    def plus(self, other: "Tally", sign: int = 1) -> "Tally":
        """Returns the sum, or with sign -1 the difference."""
        return Tally(
            self.dpu_subgraphs + sign * other.dpu_subgraphs,
            self.cpu_subgraphs + sign * other.cpu_subgraphs,
            self.crossings + sign * other.crossings,
            self.crossing_bytes + sign * other.crossing_bytes,
        )


class Counter:
    """Counts the subgraphs and crossings of cells, and of the same cells with some moved.

    Bottlenecks cut the graph into spans. What happens in one span changes nothing in another:
    every way between them leads through the cell that they share.

    Attributes:
        total: the figures as the cells stand.
        work: how many cells and edges were looked at since.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._on_dpu = list(cells.on_dpu)
        ends = sorted({0, *cells.bottlenecks(), max(0, len(cells) - 1)})
        self._spans: List[Span] = list(zip(ends, ends[1:])) or [(0, len(cells) - 1)]
        self._tensors: Dict[int, List[Tensor]] = {}
        self._in_spans: List[Tuple[int, ...]] = [()] * len(cells)
        for number, (first, last) in enumerate(self._spans):
            for cell in range(first, last + 1):
                self._in_spans[cell] += (number,)
        for tensor in cells.tensors:
            self._tensors.setdefault(self._in_spans[tensor[1]][0], []).append(tensor)
        self.work = 0
        self._as_is = [self._count(number) for number in range(len(self._spans))]
        self.total = Tally()
        for tally in self._as_is:
            self.total = self.total.plus(tally)
        self.work = 0

    def moved(self, names: Iterable[str], most: Optional[int] = None) -> Optional[Tally]:
        """Returns the figures with some operators moved from the CPU to the DPU.

        Args:
            names: the operators.
            most: how many cells and edges may be looked at; None for any number.

        Returns:
            The figures, or None where more would have to be looked at.
        """
        moved = [self._cells.of[name] for name in names if name in self._cells.of]
        touched = sorted({span for cell in moved for span in self._in_spans[cell]})
        if most is not None and sum(map(self._size, touched)) > most:
            return None
        end = None if most is None else self.work + most
        total = self.total
        for cell in moved:
            self._on_dpu[cell] = True
        try:
            for number in touched:
                now = self._count(number, None if end is None else end - self.work)
                total = total.plus(self._as_is[number], -1).plus(now)
        except TooMuchWorkError:
            self.work = end or self.work
            return None
        finally:
            for cell in moved:
                self._on_dpu[cell] = self._cells.on_dpu[cell]
        return total

    def _size(self, number: int) -> int:
        """Returns how many cells and edges any count of a span looks at, or could meanwhile."""
        first, last = self._spans[number]
        return _EACH + last - first + 1 + len(self._tensors.get(number, ()))

    def _count(self, number: int, most: Optional[int] = None) -> Tally:
        """Counts one span; the part of its first cell is counted with the span before it."""
        first, last = self._spans[number]
        on_dpu = self._on_dpu
        parts = Parts(self._cells, on_dpu, (first, last), most)
        self.work += _EACH + parts.work
        part_of = parts.numbers()
        crossing: Dict[Tuple[object, int], int] = {}
        for source, target, value, size in self._tensors.get(number, ()):
            if on_dpu[source] is not on_dpu[target]:
                crossing[value, part_of[target]] = size
        shared = number > 0
        return Tally(
            parts.count(True) - (shared and on_dpu[first]),
            parts.count(False) - (shared and not on_dpu[first]),
            len(crossing),
            sum(crossing.values()),
        )
