"""Nodes that expand to other nodes: functions of the file, and branches of constant conditions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.onnx.file.messages import (
    Attribute,
    Function,
    ModelDef,
    Node,
    Tensor,
    ValueInfo,
)
from vai_inspect.frontends.onnx.file.model_file import read_graph
from vai_inspect.frontends.onnx.origin import described
from vai_inspect.frontends.onnx.tensors import Constant, Named

DEEPEST = 32
"""Limit of nested functions and branches."""


@dataclass
class Scope:
    """The values of names, with their declared shapes.

    Attributes:
        values: declarations of values in the file, by name.
        names: the value of each name in this scope.
        outer: the enclosing scope of a branch; None for a function.
    """

    values: Dict[str, ValueInfo] = field(default_factory=dict)
    names: Dict[str, Named] = field(default_factory=dict)
    outer: Optional["Scope"] = None

    def find(self, name: str) -> Optional[Named]:
        """Returns the value of a name, or None."""
        scope: Optional[Scope] = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


@dataclass
class Body:
    """The expansion of a node, and the names of its outputs."""

    nodes: Sequence[Node]
    outputs: Sequence[str]
    scope: Scope
    initializers: Sequence[Tensor] = ()


class Bodies:
    """The functions of a model, and the free names of its inner graphs (cached)."""

    def __init__(self, model: ModelDef) -> None:
        self.functions = model.functions
        self._free: Dict[int, Tuple[memoryview, FrozenSet[str]]] = {}

    def free(self, node: Node, depth: int = 0) -> FrozenSet[str]:
        """Returns the free names of the inner graphs of a node.

        Raises:
            CaptureError: the graphs are nested too deeply, or one is invalid.
        """
        found: Set[str] = set()
        for attribute in node.attributes.values():
            data = attribute.graph
            if data is None:
                continue
            if depth >= DEEPEST:
                raise _too_deep(node)
            if id(data) not in self._free:
                self._free[id(data)] = data, self._read_by(data, node, depth)
            found |= self._free[id(data)][1]
        return frozenset(found)

    def _read_by(self, data: memoryview, node: Node, depth: int) -> FrozenSet[str]:
        graph = read_graph(data, described(node))
        own = {one.name for one in graph.inputs} | {one.name for one in graph.initializers}
        read = {one.name for one in graph.outputs}
        for inner in graph.nodes:
            read.update(inner.inputs)
            read |= self.free(inner, depth + 1)
            own.update(inner.outputs)
        return frozenset(read - own)


def body_of(
    node: Node,
    inputs: Sequence[Optional[Named]],
    scope: Scope,
    bodies: Bodies,
    depth: int,
) -> Optional[Body]:
    """Returns the expansion of a node, or None if it is an operator.

    Raises:
        CaptureError: functions or branches are nested too deeply or recursive.
    """
    function = bodies.functions.get((node.domain, node.op_type, node.overload))
    decided = node.op_type == "If" and not node.domain and _decided(inputs)
    if function is None and not decided:
        return None
    if depth >= DEEPEST:
        raise _too_deep(node)
    return _branch(node, inputs, scope) if function is None else _called(node, inputs, function)


def read_around(node: Node, scope: Scope, bodies: Bodies) -> List[Named]:
    """Returns the values of the enclosing graph that inner graphs of a Loop, Scan or If read.

    Constants are omitted.

    Raises:
        CaptureError: the graphs are nested too deeply, or one is invalid.
    """
    found = (scope.find(name) for name in sorted(bodies.free(node)))
    return [one for one in found if one is not None and not isinstance(one, Constant)]


def _too_deep(node: Node) -> CaptureError:
    return CaptureError(
        f"{described(node)} expands to nodes nested more than {DEEPEST} deep, "
        "or to itself; export the model again."
    )


def _decided(inputs: Sequence[Optional[Named]]) -> bool:
    first = inputs[0] if inputs else None
    return isinstance(first, Constant) and first.values is not None and len(first.values) == 1


def _branch(node: Node, inputs: Sequence[Optional[Named]], scope: Scope) -> Optional[Body]:
    first = inputs[0]
    assert isinstance(first, Constant)
    assert first.values is not None
    branch = node.attributes.get("then_branch" if first.values[0] else "else_branch")
    if branch is None or branch.graph is None:
        return None
    graph = read_graph(branch.graph, described(node))
    inner = Scope(graph.values, outer=scope)
    outputs = [one.name for one in graph.outputs]
    return Body(graph.nodes, outputs, inner, graph.initializers)


def _called(node: Node, inputs: Sequence[Optional[Named]], function: Function) -> Body:
    inner = Scope()
    for name, value in zip(function.inputs, inputs):
        if value is not None:
            inner.names[name] = value
    left_out = {name for name in function.inputs if name not in inner.names}
    attributes = {**function.defaults, **node.attributes}
    nodes: List[Node] = []
    for one in function.nodes:
        name = f"{node.name}/{one.name or one.op_type}" if node.name else one.name
        nodes.append(
            dataclasses.replace(
                one,
                name=name,
                inputs=tuple("" if read in left_out else read for read in one.inputs),
                attributes=_filled(one.attributes, attributes),
                metadata=one.metadata or node.metadata,
            )
        )
    return Body(nodes, function.outputs, inner)


def _filled(own: Dict[str, Attribute], given: Dict[str, Attribute]) -> Dict[str, Attribute]:
    """Substitutes the caller's attributes for references in a function's node."""
    filled = {}
    for name, attribute in own.items():
        if not attribute.reference:
            filled[name] = attribute
        elif attribute.reference in given:
            filled[name] = dataclasses.replace(given[attribute.reference], name=name)
    return filled
