"""The graph in cells: operators that stay together wherever the others run."""

from __future__ import annotations

import hashlib
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Set, Tuple
from weakref import WeakKeyDictionary

from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Graph

Tensor = Tuple[int, int, Tuple[str, int], int]
"""The giving cell, the reading cell, the value (operator, output) and its bytes."""
Key = Tuple[int, bytes]


class Cells:
    """The operators in cells, the smallest pieces that subgraphs are made of.

    An operator on the DPU whose inputs all come from one cell on the DPU belongs to that cell:
    no way leads out of it and back, whatever else becomes of the graph. Each operator on the CPU
    is a cell of its own, so that it can be moved to the DPU and the rest stays as it is. Inputs
    and outputs of the graph and constants are in none. The graph of the cells has no cycle.

    Attributes:
        of: the cell of each operator.
        on_dpu: the device of each cell.
        after: the cells that read each cell.
        before: the cells that each cell reads.
        tensors: what passes from cell to cell, each value once for each reading cell.
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
            cell = self._place(op.name, {self.of[value.op] for value in read}, devices)
            for value in read:
                source = self.of[value.op]
                if source != cell:
                    key = (value.op, value.index)
                    size = dpu_bytes(graph.type_of(value))
                    found[key, cell] = (source, cell, key, size)
        self.tensors = tuple(found.values())

    def __len__(self) -> int:
        return len(self.on_dpu)

    def _place(self, name: str, sources: Set[int], devices: Mapping[str, Device]) -> int:
        here = devices[name] is Device.DPU
        if here and len(sources) == 1 and self.on_dpu[next(iter(sources))]:
            cell = next(iter(sources))
        else:
            cell = len(self.on_dpu)
            self.on_dpu.append(here)
            self.after.append(set())
            self.before.append(set(sources))
            for source in sources:
                self.after[source].add(cell)
        self.of[name] = cell
        return cell

    def bottlenecks(self) -> Iterator[int]:
        """Yields each cell that every way from those before it to those after it leads through."""
        sources = [cell for cell, before in enumerate(self.before) if not before]
        reached = sources[-1] if sources else 0
        for cell, after in enumerate(self.after):
            if reached <= cell:
                yield cell
            reached = max(reached, max(after, default=0))

    @property
    def keys(self) -> List[Key]:
        """A key of each cell that neither names nor the order of independent operators change.

        It is the least of its operators': how far from an input, then a digest.
        """
        if self._keys is None:
            marks = _MARKS.get(self._graph)
            if marks is None:
                marks = _MARKS[self._graph] = _marks(self._graph)
            keys: Dict[int, Key] = {}
            for name, cell in self.of.items():
                keys[cell] = min(keys.get(cell, marks[name]), marks[name])
            self._keys = [keys[cell] for cell in range(len(self))]
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
        behind = sorted(both[reader.name] for reader in graph.consumers(op))
        both[op.name] = _digest([back[op.name], *behind])
    return {name: (depth[name], digest) for name, digest in both.items()}


def _digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).digest()
