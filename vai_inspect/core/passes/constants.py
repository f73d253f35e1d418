"""Folds operators that depend on no input into one constant for each reader."""

from __future__ import annotations

import dataclasses
from typing import Dict, List, Set

from vai_inspect.core.ir import Graph, Op, TensorType, Value
from vai_inspect.core.ir.attrs import TensorAttrs, UnknownAttrs
from vai_inspect.core.ir.names import Names


def constant_ops(graph: Graph) -> Set[str]:
    """Returns the names of the operators that depend on no input, constants among them."""
    found: Set[str] = set()
    for op in graph:
        computed = bool(op.inputs) and all(value.op in found for value in op.inputs)
        if op.kind == "const" or (computed and op.kind != "return" and not _random(op)):
            found.add(op.name)
    return found


def fold_constants(graph: Graph) -> Graph:
    """Replaces operators that depend on no input by the constants that they compute.

    Anchors, grids and position tables are computed once. A constant is inserted before its first
    reader and named after it, so that a value that a model computes in its first forward and
    caches reads the same before and after.

    Requires: nothing.
    Ensures: a constant is read by operators that depend on an input alone. Layers with weights of
        their own that are folded are in its origin, with a message.
    """
    constant = constant_ops(graph)
    folded = {name for name in constant if graph[name].kind != "const"}
    return _Folding(graph, constant, folded).run() if folded else graph


class _Folding:
    def __init__(self, graph: Graph, constant: Set[str], folded: Set[str]) -> None:
        self._graph = graph
        self._constant = constant
        self._folded = folded
        self._names = Names()
        for op in graph:
            if op.name not in folded:
                self._names.take(op.name)
        self._known: Dict[Value, Value] = {}
        self._ops: List[Op] = []

    def run(self) -> Graph:
        read = {
            value.op for op in self._graph if op.name not in self._folded for value in op.inputs
        }
        for op in self._graph:
            if op.name in self._folded or (op.kind == "const" and self._vanishes(op, read)):
                continue
            inputs = tuple(self._read(value, op) for value in op.inputs)
            self._ops.append(op if inputs == op.inputs else op.replaced(inputs=inputs))
        return Graph(self._graph.name, self._ops)

    def _vanishes(self, op: Op, read: Set[str]) -> bool:
        """Returns whether a constant is read by what is folded alone."""
        return op.name not in read and bool(self._graph.consumers(op))

    def _read(self, value: Value, reader: Op) -> Value:
        if value.op not in self._folded:
            return value
        if value not in self._known:
            around = "constant" if reader.kind == "return" else reader.name
            name = self._names.take(around + "/const")
            self._ops.append(self._made(name, value, reader))
            self._known[value] = Value(name)
        return self._known[value]

    def _made(self, name: str, value: Value, reader: Op) -> Op:
        tensor = self._graph.type_of(value)
        tensor = TensorType(tensor.shape or (1,), tensor.dtype)
        attrs = TensorAttrs(tensor.shape, tensor.dtype.upper())
        made = Op(name=name, kind="const", attrs=attrs, outputs=(tensor,), origin=reader.origin)
        layers = tuple(dict.fromkeys(op.layer for op in self._before(value) if op.params))
        if not layers:
            return made
        origin = dataclasses.replace(made.origin, layers=(*layers, *made.origin.layers))
        text = f"{', '.join(layers)} depend on no input: computed once, before the network runs"
        return made.replaced(origin=origin).noted(text)

    def _before(self, value: Value) -> List[Op]:
        """Returns the folded operators that compute a value, in order."""
        found: Dict[str, Op] = {}
        waiting = [value.op]
        while waiting:
            op = self._graph[waiting.pop()]
            if op.name not in found:
                found[op.name] = op
                waiting += [one.op for one in op.inputs]
        return [op for op in self._graph if op.name in found]


def _random(op: Op) -> bool:
    random = isinstance(op.attrs, UnknownAttrs) and op.attrs.random
    return random or op.kind == "random_standard_normal"
