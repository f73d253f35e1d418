"""The graph: operators in topological order, with constant-time producers and consumers."""

from __future__ import annotations

from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir.op import Op, TensorType, Value

Verified = Tuple[Op, Tuple[Tuple[int, ...], ...]]
"""An operator that was verified, and the shapes that it read then."""


class Graph:
    """An immutable graph of operators.

    Attributes:
        name: the model's name.
        ops: every operator in topological order, `data` and `return` among them.
        verified: operators that were verified, here or before it was rewritten; see `verify`.
        sound: whether the whole graph was verified.

    Raises:
        GraphError: a name is used twice, or an input names no earlier operator's output.
    """

    def __init__(self, name: str, ops: Iterable[Op]) -> None:
        self.name = name
        self.verified: Mapping[str, Verified] = {}
        self.sound = False
        self.ops: Tuple[Op, ...] = tuple(ops)
        self._by_name: Dict[str, Op] = {}
        consumers: Dict[str, List[str]] = {}
        for op in self.ops:
            if op.name in self._by_name:
                raise GraphError(f"The graph has two operators named {op.name!r}.")
            for value in op.inputs:
                source = self._by_name.get(value.op)
                if source is None or not 0 <= value.index < len(source.outputs):
                    raise GraphError(
                        f"Operator {op.name!r} reads {(value.op, value.index)!r}, which no "
                        "operator before it gives; the graph "
                        "must be in topological order."
                    )
                readers = consumers[value.op]
                if not readers or readers[-1] != op.name:
                    readers.append(op.name)
            self._by_name[op.name] = op
            consumers[op.name] = []
        self._consumers: Dict[str, Tuple[str, ...]] = {k: tuple(v) for k, v in consumers.items()}

    def __len__(self) -> int:
        return len(self.ops)

    def __iter__(self) -> Iterator[Op]:
        return iter(self.ops)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Op:
        return self._by_name[name]

    def __repr__(self) -> str:
        return f"Graph({self.name!r}, {len(self.ops)} operators)"

    def producers(self, op: Op) -> Tuple[Op, ...]:
        """Returns the operators that `op` reads, in the order of its inputs, each use of one."""
        return tuple([self._by_name[value.op] for value in op.inputs])

    def producer(self, op: Op, index: int = 0) -> Optional[Op]:
        """Returns the operator after one input, or None where there is no such input."""
        return self._by_name[op.inputs[index].op] if index < len(op.inputs) else None

    def consumers(self, op: Op) -> Tuple[Op, ...]:
        """Returns the operators that read any output of `op`, each once, in graph order."""
        return tuple([self._by_name[name] for name in self._consumers[op.name]])

    def type_of(self, value: Value) -> TensorType:
        """Returns the type of a value."""
        return self._by_name[value.op].outputs[value.index]

    def input_types(self, op: Op) -> Tuple[TensorType, ...]:
        """Returns the types that `op` reads, in the order of its inputs."""
        return tuple([self._by_name[value.op].outputs[value.index] for value in op.inputs])

    def rewritten(
        self,
        change: Mapping[str, Optional[Op]],
        forward: Optional[Mapping[Value, Value]] = None,
    ) -> "Graph":
        """Returns a graph with operators replaced or dropped and values redirected.

        It is this graph where there is nothing to change.

        Args:
            change: the new operator for a name, or None to drop it.
            forward: a value to read in place of another; chains are followed.
        """
        if not change and not forward:
            return self
        lead = _follower(forward or {})
        ops = []
        for op in self.ops:
            new = change.get(op.name, op)
            if new is None:
                continue
            inputs = tuple(lead(value) for value in new.inputs)
            ops.append(new if inputs == new.inputs else new.replaced(inputs=inputs))
        made = Graph(self.name, ops)
        made.verified = self.verified
        return made

    def renamed(self, names: Mapping[str, str]) -> "Graph":
        """Returns the graph with other names of operators.

        Args:
            names: the new name for a name; no two operators may get the same.
        """
        ops = []
        for op in self.ops:
            inputs = tuple(Value(names.get(one.op, one.op), one.index) for one in op.inputs)
            ops.append(op.replaced(name=names.get(op.name, op.name), inputs=inputs))
        return Graph(self.name, ops)


def _follower(forward: Mapping[Value, Value]) -> Callable[[Value], Value]:
    def lead(value: Value) -> Value:
        while value in forward:
            value = forward[value]
        return value

    return lead
