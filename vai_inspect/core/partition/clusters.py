"""The graph in clusters: operators that stay together wherever the others run."""

from __future__ import annotations

import hashlib
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Set, Tuple
from weakref import WeakKeyDictionary

from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Graph

Tensor = Tuple[int, int, Tuple[str, int], int]
"""The giving cluster, the reading cluster, the value (operator, output) and its bytes."""
Key = Tuple[int, bytes]


class Clusters:
    """The operators in clusters, the smallest pieces that subgraphs are made of.

    An operator on the DPU whose inputs all come from one cluster on the DPU belongs to it: no path
    leads out of it and back, whatever else becomes of the graph. Each operator on the CPU is a
    cluster of its own, so that it can be moved to the DPU and the rest stays as it is. Inputs and
    outputs of the graph and constants are in none. The graph of the clusters has no cycle.

    Attributes:
        of: the cluster of each operator.
        on_dpu: the device of each cluster.
        after: the clusters that read each cluster.
        before: the clusters that each cluster reads.
        tensors: what passes from cluster to cluster, each value once for each reading cluster.
    """

    def __init__(self, graph: Graph, devices: Mapping[str, Device]) -> None:
        self.of: Dict[str, int] = {}
        self.on_dpu: List[bool] = []
        self.after: List[Set[int]] = []
        self.before: List[Set[int]] = []
        self._graph = graph
        self._keys: Optional[List[Key]] = None
        found: Dict[Tuple[Tuple[str, int], int], Tensor] = {}
        for op in graph:
            if op.kind in ("data", "return", "const"):
                continue
            read = [value for value in op.inputs if value.op in self.of]
            cluster = self._place(op.name, {self.of[value.op] for value in read}, devices)
            for value in read:
                source = self.of[value.op]
                if source != cluster:
                    key = (value.op, value.index)
                    size = dpu_bytes(graph.type_of(value))
                    found[key, cluster] = (source, cluster, key, size)
        self.tensors = tuple(found.values())

    def __len__(self) -> int:
        return len(self.on_dpu)

    def _place(self, name: str, sources: Set[int], devices: Mapping[str, Device]) -> int:
        here = devices[name] is Device.DPU
        if here and len(sources) == 1 and self.on_dpu[next(iter(sources))]:
            cluster = next(iter(sources))
        else:
            cluster = len(self.on_dpu)
            self.on_dpu.append(here)
            self.after.append(set())
            self.before.append(set(sources))
            for source in sources:
                self.after[source].add(cluster)
        self.of[name] = cluster
        return cluster

    def bottlenecks(self) -> Iterator[int]:
        """Yields each cluster that every path from earlier to later clusters crosses."""
        sources = [cluster for cluster, before in enumerate(self.before) if not before]
        reached = sources[-1] if sources else 0
        for cluster, after in enumerate(self.after):
            if reached <= cluster:
                yield cluster
            reached = max(reached, max(after, default=0))

    @property
    def keys(self) -> List[Key]:
        """A key of each cluster that neither names nor the order of independent operators change.

        It is the least of its operators': how far from an input, then a digest.
        """
        if self._keys is None:
            marks = _MARKS.get(self._graph)
            if marks is None:
                marks = _MARKS[self._graph] = _marks(self._graph)
            keys: Dict[int, Key] = {}
            for name, cluster in self.of.items():
                keys[cluster] = min(keys.get(cluster, marks[name]), marks[name])
            self._keys = [keys[cluster] for cluster in range(len(self))]
        return self._keys


_MARKS: "WeakKeyDictionary[Graph, Dict[str, Key]]" = WeakKeyDictionary()
"""The marks of graphs that are in use: they depend on the graph alone, not on the devices."""


def _marks(graph: Graph) -> Dict[str, Key]:
    """Returns the depth of each operator, and a digest of its kind, shapes and surroundings."""
    back: Dict[str, bytes] = {}
    depth: Dict[str, int] = {}
    for op in graph:
        own = "|".join([op.kind, *(str(tensor.shape) for tensor in op.outputs)])
        read = (back[value.op] + b"%d" % value.index for value in op.inputs)
        back[op.name] = _digest([own.encode("utf-8", "replace"), *read])
        depth[op.name] = 1 + max((depth[value.op] for value in op.inputs), default=0)
    both: Dict[str, bytes] = {}
    for op in reversed(graph.ops):
        after = sorted(both[reader.name] for reader in graph.consumers(op))
        both[op.name] = _digest([back[op.name], *after])
    return {name: (depth[name], digest) for name, digest in both.items()}


def _digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()
