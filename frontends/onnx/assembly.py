"""Assembles the graph: inputs, the operators of each node in turn, outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Sequence

from vai_inspect.core.errors import CaptureError, ModelError
from vai_inspect.core.ir import Origin, Value
from vai_inspect.frontends.layout import Assembled
from vai_inspect.frontends.onnx.bodies import Bodies, Scope, body_of, read_around
from vai_inspect.frontends.onnx.call import Call, OnnxGraphBuilder
from vai_inspect.frontends.onnx.constants.evaluate import ALWAYS, KEEPS_VALUES, evaluate
from vai_inspect.frontends.onnx.file import ModelDef, dtype_of, numbers, size_problem
from vai_inspect.frontends.onnx.file.messages import GraphDef, Node, Tensor
from vai_inspect.frontends.onnx.inputs import Input
from vai_inspect.frontends.onnx.lower.dispatch import lower
from vai_inspect.frontends.onnx.origin import FRAMEWORK, described, name_of, origin_of
from vai_inspect.frontends.onnx.tensors import (
    Computed,
    Constant,
    DataDependentError,
    Named,
    Operand,
    Shape,
    UnreadableError,
    Unsized,
    checked,
)

MOST_NODES = 200_000
"""Limit of nodes; those of functions and branches count at each call."""


@dataclass
class Read:
    """A model's graph in the file's axis order.

    Attributes:
        assembled: the graph.
        quantised: number of nodes that quantise or dequantise.
        left_out: names of nodes with unknown sizes, each with the node that causes it.
        reasons: why the sizes of each node that causes others to be left out are unknown.
        named: what each name of the graph itself stands for.
    """

    assembled: Assembled
    quantised: int = 0
    left_out: Dict[str, str] = field(default_factory=dict)
    reasons: Dict[str, UnreadableError] = field(default_factory=dict)
    named: Mapping[str, Named] = field(default_factory=dict)


def assemble(model: ModelDef, graph: GraphDef, inputs: Sequence[Input]) -> Read:
    """Lowers a graph, node by node.

    Raises:
        CaptureError: a node reads a value that no earlier node computes, or there are too many.
        ModelError: a name stands for two tensors of one graph.
    """
    return _Assembly(model, graph, inputs).run()


class _Assembly:
    def __init__(self, model: ModelDef, graph: GraphDef, inputs: Sequence[Input]) -> None:
        self._model = model
        self._graph = graph
        self._inputs = inputs
        self._owned = frozenset(name_of(node, at) for at, node in enumerate(graph.nodes))
        self._builder = OnnxGraphBuilder(self._owned)
        self._sizes = {
            symbol: size for one in inputs for symbol, size in one.symbols.items() if symbol
        }
        self._outputs = {info.name: info for info in graph.outputs}
        self._left_out: Dict[str, str] = {}
        self._reasons: Dict[str, UnreadableError] = {}
        self._needed: Dict[Value, None] = {}
        self._count = 0
        self._bodies = Bodies(model)

    def run(self) -> Read:
        scope = Scope(self._graph.values)
        for one in self._inputs:
            _define(one.name, self._input(one), scope, f"Input {one.name!r}")
        self._initializers(self._graph.initializers, scope)
        self._nodes(self._graph.nodes, scope, 0)
        returned = 0
        for info in self._graph.outputs:
            found = scope.find(info.name)
            if found is None:
                raise CaptureError(
                    f"No node computes the graph's output {info.name!r}; the file is broken: "
                    "export it again."
                )
            if not isinstance(found, Unsized):
                self._return(found)
                returned += 1
        for value in self._needed:
            self._builder.output(value)
        if not returned and not self._needed:
            because = "".join(f" ({name}: {one})" for name, one in [*self._reasons.items()][:1])
            raise CaptureError(
                f"No output of the model has a known shape{because}; use fixed sizes in the export."
            )
        graph = self._builder.graph(self._graph.name or "main_graph")
        parts = frozenset(op.name for op in graph if op.name not in self._owned)
        assembled = Assembled(graph, frozenset(self._builder.transparent), parts)
        return Read(assembled, self._builder.quantised, self._left_out, self._reasons, scope.names)

    def _input(self, one: Input) -> Computed:
        value = self._builder.input(one.name, one.shape, one.dtype)
        return Computed(one.shape, one.dtype, value)

    def _initializers(self, tensors: Sequence[Tensor], scope: Scope) -> None:
        for tensor in tensors:
            try:
                shape = checked(tensor.dims)
            except UnreadableError as error:
                raise CaptureError(
                    f"The initialiser {tensor.name!r} has invalid sizes: {error}; the file is "
                    "broken: export it again."
                ) from error
            problem = size_problem(tensor)
            if problem:
                raise CaptureError(
                    f"The initialiser {tensor.name!r} is broken: {problem}; export the model again."
                )
            values = numbers(tensor)
            constant = Constant(shape, dtype_of(tensor.data_type), values, tensor.name)
            _define(tensor.name, constant, scope, "An initialiser")

    def _nodes(self, nodes: Sequence[Node], scope: Scope, depth: int) -> None:
        for number, node in enumerate(nodes):
            self._count += 1
            if self._count > MOST_NODES:
                raise CaptureError(
                    f"The model has more than {MOST_NODES:,} nodes (those of functions count at "
                    "each call); inspect a part of it."
                )
            inputs = [self._named(name, node, scope) if name else None for name in node.inputs]
            body = body_of(node, inputs, scope, self._bodies, depth)
            if body is not None:
                self._initializers(body.initializers, body.scope)
                self._nodes(body.nodes, body.scope, depth + 1)
                named = [self._named(inner, node, body.scope) for inner in body.outputs]
                _define_outputs(node, named, scope)
                continue
            around = read_around(node, scope, self._bodies)
            results = self._results(node, number, [*inputs, *around], scope)
            _define_outputs(node, results, scope)

    def _named(self, name: str, node: Node, scope: Scope) -> Named:
        found = scope.find(name)
        if found is None:
            raise CaptureError(
                f"{described(node)} reads {name!r}, which no earlier node "
                "computes: the graph is cyclic or out of order; export it again."
            )
        return found

    def _results(
        self, node: Node, number: int, inputs: Sequence[Optional[Named]], scope: Scope
    ) -> Sequence[Named]:
        causes = [one.cause for one in inputs if isinstance(one, Unsized)]
        name = self._builder.names.take(name_of(node, number))
        read = [one for one in inputs if not isinstance(one, Unsized)]
        if causes:
            return self._leave_out(node, name, causes[0], read)
        declared = [self._declared(output, scope) for output in node.outputs]
        opset = self._model.opsets.get(node.domain, 1)
        call = Call(node, name, opset, read, declared, origin_of(node), self._builder)
        constant = all(one is None or isinstance(one, Constant) for one in read)
        try:
            if node.op_type in ALWAYS or (constant and not _random(node)):
                self._builder.names.release([name])
                return _constants(call)
            lower(call)
            return call.results
        except UnreadableError as error:
            self._reasons[name] = error
            if constant:
                return self._leave_out(node, name, name, read)
            self._stand_in(Call(node, name, opset, read, declared, origin_of(node), self._builder))
            return self._leave_out(node, name, name, ())

    def _stand_in(self, call: Call) -> None:
        """Emits an operator of one element for a node whose output sizes are not known."""
        error = self._reasons[call.name]
        fixed = not isinstance(error, DataDependentError)
        call.unknown(
            [(1,)] * len(call.node.outputs),
            call.node.op_type if fixed else f"{call.node.op_type} (data-dependent sizes)",
            f"its output sizes are not known ({error}): 1 element stands for each of its outputs, "
            "and the operators after it are left out",
            opaque=fixed,
        )
        for one in call.results:
            if isinstance(one, Computed):
                self._needed[one.value] = None

    def _leave_out(
        self, node: Node, name: str, cause: str, inputs: Sequence[Optional[Operand]]
    ) -> List[Named]:
        self._left_out[name] = cause
        for one in inputs:
            if isinstance(one, Computed):
                self._needed[one.value] = None
        return [Unsized(cause)] * len(node.outputs)

    def _declared(self, name: str, scope: Scope) -> Optional[Shape]:
        """Returns the shape that the file declares for a value, with symbols resolved, or None."""
        info = scope.values.get(name)
        if info is None and scope.outer is None:
            info = self._outputs.get(name)
        if info is None or info.dims is None:
            return None
        sizes = []
        for size, symbol in zip(info.dims, info.symbols):
            known = size or self._sizes.get(symbol)  # some exporters write 0 for an open size
            if known is None:
                return None
            sizes.append(known)
        return tuple(sizes)

    def _return(self, found: Operand) -> None:
        if isinstance(found, Constant):
            node = Node("Constant", (), ())
            origin = Origin(FRAMEWORK)
            call = Call(node, "constant", 1, (), (), origin, self._builder)
            self._builder.output(call.value(found))
        else:
            self._needed.pop(found.value, None)
            self._builder.output(found.value)


def _define_outputs(node: Node, values: Sequence[Named], scope: Scope) -> None:
    """Sets what the names of a node's outputs stand for; the node may name fewer than there are.

    Raises:
        ModelError: it names more, or one of them twice.
    """
    if any(node.outputs[len(values) :]):
        raise ModelError(
            f"{described(node)} names {len(node.outputs)} outputs and has {len(values)}; the file "
            "is broken: export the model again."
        )
    for name, value in zip(node.outputs, values):
        _define(name, value, scope, described(node))


def _define(name: str, value: Named, scope: Scope, what: str) -> None:
    """Sets what a name stands for; an empty one is that of an omitted output.

    Raises:
        ModelError: it stands for another tensor of the same graph; ONNX defines each once.
    """
    if name in scope.names:
        raise ModelError(
            f"{what} defines the tensor {name!r}, which the graph already defines; each tensor of "
            "an ONNX graph is defined once: rename one of the two, or export the model again."
        )
    if name:
        scope.names[name] = value


def _random(node: Node) -> bool:
    return node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial")


def _constants(call: Call) -> Sequence[Named]:
    """Returns the outputs of a node with constant inputs: their values, or only their shapes.

    Raises:
        UnreadableError: a shape is not known.
    """
    found = evaluate(call)
    if found is not None:
        return found
    try:
        lower(call)
        results = call.results
    finally:
        call.discard()
    first = call.inputs[0] if call.inputs else None
    values = first.values if isinstance(first, Constant) else None
    keeps = call.node.op_type in KEEPS_VALUES and not call.node.domain
    return [
        one
        if isinstance(one, Unsized)
        else Constant(one.shape, one.dtype, None if at or not keeps else values)
        for at, one in enumerate(results)
    ]
