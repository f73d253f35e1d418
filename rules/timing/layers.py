"""A graph as the layers that a compiler makes of it, and what travels between them and memory.

A layer is an operator that takes time, with what is fused into it: a depthwise convolution and the
convolution that alone reads it, a sum and the convolution that alone gives one of its operands.
What takes no time is another view of what it reads; a concatenation is its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, Dict, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.ir import Op, TensorType
from vai_inspect.rules.timing.work import COSTS, Engines, Work, work

Part = Tuple[str, float]
"""An operator whose output is stored, and how many bytes of it are read."""


@dataclass
class Layer:
    """One layer.

    Attributes:
        ops: the operators in it that take time; the last gives what the layer gives.
        reads: what it reads but its weights.
        array: cycles of the array.
        engine: cycles of the ALU.
        weights: bytes of its parameters.
        serial: whether it computes and transfers one after the other, not at once.
        read: bytes from memory.
        written: bytes to memory; until it is known what stays on chip, all that it gives.
    """

    ops: List[str]
    reads: Tuple[Part, ...]
    array: int
    engine: int
    weights: int
    serial: bool = False
    read: float = 0.0
    written: float = 0.0

    @property
    def cycles(self) -> int:
        """Cycles that it computes."""
        return self.array + self.engine


class Layers:
    """The layers of one graph on one target, for any set of operators on the DPU.

    Attributes:
        works: what each operator takes on its own, as far as it was asked.
        images: images in a batch; bytes and cycles are those of one.
    """

    def __init__(self, ops: Sequence[Op], engines: Engines) -> None:
        """Keeps the graph.

        Args:
            ops: its operators in topological order.
            engines: the target's engines.
        """
        self._ops = ops
        self._engines = engines
        self._by_name = {op.name: op for op in ops}
        self.works: Dict[str, Optional[Work]] = {}
        batches = [op.output.shape[0] for op in ops if op.kind == "data" and op.output.rank > 1]
        self.images = max([1, *batches])
        self._bytes = {
            op.name: sum(map(dpu_bytes, op.outputs)) / (1 if op.kind == "const" else self.images)
            for op in ops
        }

    def on(self, dpu: AbstractSet[str]) -> Tuple[List[Layer], Dict[str, Tuple[Part, ...]]]:
        """Returns the layers in the order in which they run, and what each operator's output is.

        Args:
            dpu: names of the operators on the DPU, constants not among them.

        Raises:
            KeyError: nothing is known of what a kind of operator costs there.
        """
        parts: Dict[str, Tuple[Part, ...]] = {}
        readers: Dict[str, List[str]] = {}
        layers: Dict[str, Layer] = {}
        outside: Set[str] = set()
        for op in self._ops:
            name = op.name
            if name not in dpu:
                outside.update(source for value in op.inputs for source, _ in parts[value.op])
                parts[name] = ((name, self._bytes[name]),)
                continue
            taken = self._work(op)
            if taken is None:
                parts[name] = self._view(op, parts)
                continue
            reads = [part for value in op.inputs for part in parts[value.op]]
            for source, _ in reads:
                readers.setdefault(source, []).append(name)
            if taken.used < 1.0:
                reads = [(source, size * taken.used) for source, size in reads]
            size = self._bytes[name]
            parts[name] = ((name, size),)
            layers[name] = Layer(
                [name], tuple(reads), taken.array, taken.engine, taken.weights, written=size
            )
        found = self._fused(layers, readers, outside)
        self._transfers(found, outside)
        return found, parts

    def _fused(
        self, layers: Dict[str, Layer], readers: Dict[str, List[str]], outside: AbstractSet[str]
    ) -> List[Layer]:
        """Joins layers; what is between the parts of one stays on chip."""
        order = {name: place for place, name in enumerate(layers)}
        for name in list(layers):
            kind = self._by_name[name].kind
            if kind not in ("conv2d", "add"):
                continue
            wanted = "depthwise-conv2d" if kind == "conv2d" else "conv2d"
            own = layers[name]
            before = [
                source
                for source, _ in own.reads
                if source in layers
                and self._by_name[source].kind == wanted
                and source not in outside
                and readers[source] == [name]
            ]
            if not before or (kind == "conv2d" and len(own.reads) > 1):
                continue
            first = layers.pop(max(before, key=order.__getitem__))
            kept = tuple(part for part in own.reads if part[0] != first.ops[-1])
            layers[name] = Layer(
                first.ops + own.ops,
                first.reads + kept,
                first.array + own.array,
                first.engine + own.engine,
                first.weights + own.weights,
                serial=kind == "add",
                written=own.written,
            )
        return list(layers.values())

    def _transfers(self, layers: Sequence[Layer], outside: AbstractSet[str]) -> None:
        """Counts bytes. An output that fits in one feature bank stays there for the next layer."""
        read_by: Dict[str, Set[int]] = {}
        for place, layer in enumerate(layers):
            for source, _ in layer.reads:
                read_by.setdefault(source, set()).add(place)
        kept = ""
        for place, layer in enumerate(layers):
            layer.read = layer.weights
            for source, size in layer.reads:
                layer.read += size if source != kept else 0.0
            kept = name = layer.ops[-1]
            if layer.written > self._engines.bank:
                kept = ""
            elif name not in outside and read_by.get(name) == {place + 1}:
                layer.written = 0.0

    def _view(self, op: Op, parts: Dict[str, Tuple[Part, ...]]) -> Tuple[Part, ...]:
        if len(op.inputs) == 1 and op.kind != "strided_slice":
            return parts[op.inputs[0].op]
        seen = tuple(part for value in op.inputs for part in parts[value.op])
        if op.kind != "strided_slice":
            return seen
        share = op.output.elements / max(1, self._by_name[op.inputs[0].op].output.elements)
        return tuple((source, size * share) for source, size in seen)

    def _work(self, op: Op) -> Optional[Work]:
        name = op.name
        if name not in self.works:
            free = COSTS[op.kind] is None
            self.works[name] = None if free else work(op, self._types(op), self._engines)
        return self.works[name]

    def _types(self, op: Op) -> List[TensorType]:
        """Returns the types that an operator reads, without constants where it reads others."""
        given = [(self._by_name[value.op], value.index) for value in op.inputs]
        if len(given) > 1:
            given = [pair for pair in given if pair[0].kind != "const"] or given
        return [one.outputs[index] for one, index in given]
