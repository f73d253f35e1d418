"""The nodes of a graph in order, while some are replaced by others."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Set

from vai_inspect.core.ir.names import Names


class RefusedError(Exception):
    """A rewrite is not done at a node; the message says why."""


class NodeList:
    """Copies of the nodes of a graph, with what they read and output.

    Attributes:
        nodes: the copies, in the order of the graph.
        outside: names of tensors that are outputs of the graph or read in branches and bodies.
    """

    def __init__(self, graph: Any) -> None:
        """Copies the nodes.

        Args:
            graph: an `onnx.GraphProto`; it is not changed.
        """
        self.nodes = [_copied(node) for node in graph.node]
        self._slots: List[List[Any]] = []
        self._slot_of: Dict[int, int] = {}
        self._gone: List[Any] = []  # kept, as their ids name them
        self._producers: Dict[str, Any] = {}
        self._readers: Dict[str, List[Any]] = {}
        self.outside = {info.name for info in graph.output}
        for number, node in enumerate(self.nodes):
            self._slots.append([node])
            self._add(node, number)
            self.outside.update(_read_inside(node))

    def contains(self, node: Any) -> bool:
        """Returns whether a node is still in the graph."""
        return id(node) in self._slot_of

    def producer(self, tensor: str) -> Any:
        """Returns the node that outputs a tensor, or None."""
        return self._producers.get(tensor)

    def only_reader(self, node: Any) -> Any:
        """Returns the only reader of a node's output, or None."""
        (given,) = [one for one in node.output if one][:1] or ("",)
        readers = self._readers.get(given, [])
        return readers[0] if len(readers) == 1 and given not in self.outside else None

    def replace(self, old: Sequence[Any], new: Sequence[Any]) -> None:
        """Replaces nodes by others; the last ones have the same outputs.

        Raises:
            RefusedError: another node reads an output that would be removed.
        """
        gone = {id(one) for one in old}
        given = {name for one in new for name in one.output}
        lost = {name for one in old for name in one.output if name} - given
        read = {name for one in new for name in one.input}
        for name in lost:
            others = any(id(one) not in gone for one in self._readers.get(name, ()))
            if others or name in read or name in self.outside:
                raise RefusedError("something else reads what is between")
        slots = {self._slot_of[id(one)] for one in old}
        at = max(slots)
        last = max(place for place, one in enumerate(self._slots[at]) if id(one) in gone)
        self._slots[at][last + 1 : last + 1] = new
        for slot in slots:
            self._slots[slot] = [one for one in self._slots[slot] if id(one) not in gone]
        for one in old:
            self._remove(one)
        for one in new:
            self._add(one, at)

    def kept(self) -> List[Any]:
        """Returns the nodes now, in order."""
        return [one for slot in self._slots for one in slot]

    def _add(self, node: Any, slot: int) -> None:
        self._slot_of[id(node)] = slot
        for name in node.output:
            self._producers.setdefault(name, node)
        for name in node.input:
            self._readers.setdefault(name, []).append(node)

    def _remove(self, node: Any) -> None:
        del self._slot_of[id(node)]
        self._gone.append(node)
        for name in node.output:
            if self._producers.get(name) is node:
                del self._producers[name]
        for name in set(node.input):
            self._readers[name] = [one for one in self._readers[name] if one is not node]


def names_of(graph: Any) -> Names:
    """Returns the names of a graph and of its branches and bodies, all taken."""
    names = Names()
    for name in dict.fromkeys(_names_in(graph)):
        names.take(name)
    return names


def _names_in(graph: Any) -> List[str]:
    found = [one.name for one in (*graph.initializer, *graph.input, *graph.output)]
    for node in graph.node:
        found += (node.name, *node.input, *node.output)
        for inner in _graphs_of(node):
            found += _names_in(inner)
    return found


def _copied(node: Any) -> Any:
    made = type(node)()
    made.CopyFrom(node)
    return made


def _read_inside(node: Any) -> Set[str]:
    """Returns the names that the branches and bodies of a node read."""
    found: Set[str] = set()
    for graph in _graphs_of(node):
        for inner in graph.node:
            found.update(inner.input)
            found |= _read_inside(inner)
        found.update(info.name for info in graph.output)
    return found


def _graphs_of(node: Any) -> List[Any]:
    return [
        graph
        for one in node.attribute
        for graph in (*one.graphs, *((one.g,) if one.HasField("g") else ()))
    ]
