"""Numbers of subgraphs and crossings, recounted only in the spans that a change affects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Tuple

from vai_inspect.core.partition.clusters import Clusters, Tensor
from vai_inspect.core.partition.merge import Parts, TooMuchWorkError

Span = Tuple[int, int]
_EACH = 20
"""Clusters and edges that take as long to visit as the setup of a span."""


@dataclass(frozen=True)
class PartitionStats:
    """Counts of a partition, as in an inspection's summary."""

    dpu_subgraphs: int = 0
    cpu_subgraphs: int = 0
    crossings: int = 0
    crossing_bytes: int = 0

    def plus(self, other: "PartitionStats", sign: int = 1) -> "PartitionStats":
        """Returns the sum, or with sign -1 the difference."""
        return PartitionStats(
            self.dpu_subgraphs + sign * other.dpu_subgraphs,
            self.cpu_subgraphs + sign * other.cpu_subgraphs,
            self.crossings + sign * other.crossings,
            self.crossing_bytes + sign * other.crossing_bytes,
        )


class Counter:
    """Counts the subgraphs and crossings of clusters, and of the same clusters with some moved.

    Bottlenecks cut the graph into spans. A change in one span does not affect another:
    every path between them leads through the cluster that they share.

    Attributes:
        total: the counts with no cluster moved.
        work: clusters and edges visited so far.
    """

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._on_dpu = list(clusters.on_dpu)
        ends = sorted({0, *clusters.bottlenecks(), max(0, len(clusters) - 1)})
        self._spans: List[Span] = list(zip(ends, ends[1:])) or [(0, len(clusters) - 1)]
        self._tensors: Dict[int, List[Tensor]] = {}
        self._in_spans: List[Tuple[int, ...]] = [()] * len(clusters)
        for number, (first, last) in enumerate(self._spans):
            for cluster in range(first, last + 1):
                self._in_spans[cluster] += (number,)
        for tensor in clusters.tensors:
            self._tensors.setdefault(self._in_spans[tensor[1]][0], []).append(tensor)
        self.work = 0
        self._as_is = [self._count(number) for number in range(len(self._spans))]
        self.total = PartitionStats()
        for tally in self._as_is:
            self.total = self.total.plus(tally)
        self.work = 0

    def moved(self, names: Iterable[str], most: Optional[int] = None) -> Optional[PartitionStats]:
        """Returns the counts with some operators moved from the CPU to the DPU.

        Args:
            names: the operators.
            most: upper bound of clusters and edges to visit; None for no bound.

        Returns:
            The counts, or None where the bound is reached.
        """
        moved = [self._clusters.of[name] for name in names if name in self._clusters.of]
        touched = sorted({span for cluster in moved for span in self._in_spans[cluster]})
        if most is not None and sum(map(self._size, touched)) > most:
            return None
        end = None if most is None else self.work + most
        total = self.total
        for cluster in moved:
            self._on_dpu[cluster] = True
        try:
            for number in touched:
                now = self._count(number, None if end is None else end - self.work)
                total = total.plus(self._as_is[number], -1).plus(now)
        except TooMuchWorkError:
            self.work = end or self.work
            return None
        finally:
            for cluster in moved:
                self._on_dpu[cluster] = self._clusters.on_dpu[cluster]
        return total

    def _size(self, number: int) -> int:
        """Returns the work of counting a span, in clusters and edges."""
        first, last = self._spans[number]
        return _EACH + last - first + 1 + len(self._tensors.get(number, ()))

    def _count(self, number: int, most: Optional[int] = None) -> PartitionStats:
        """Counts one span; the part of its first cluster is counted with the span before it."""
        first, last = self._spans[number]
        on_dpu = self._on_dpu
        parts = Parts(self._clusters, on_dpu, (first, last), most)
        self.work += _EACH + parts.work
        part_of = parts.numbers()
        crossing: Dict[Tuple[object, int], int] = {}
        for source, target, value, size in self._tensors.get(number, ()):
            if on_dpu[source] is not on_dpu[target]:
                crossing[value, part_of[target]] = size
        shared = number > 0
        return PartitionStats(
            parts.count(True) - (shared and on_dpu[first]),
            parts.count(False) - (shared and not on_dpu[first]),
            len(crossing),
            sum(crossing.values()),
        )
