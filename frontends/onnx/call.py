"""The call of a node: what its lowering reads, and methods that emit operators.

Shapes and axes are in the file's order.
"""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import OPS, Origin, Param, TensorType, Trait, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, UnknownAttrs
from vai_inspect.core.ir.ops.no_xir import computes_each_element
from vai_inspect.frontends.graph_builder import CallBuilder, GraphBuilder
from vai_inspect.frontends.onnx.file.messages import Node
from vai_inspect.frontends.onnx.node_reader import NodeReader
from vai_inspect.frontends.onnx.tensors import (
    Computed,
    Constant,
    Named,
    Operand,
    Shape,
    UnreadableError,
    Unsized,
    checked,
    shape_of,
)

Params = Sequence[Tuple[str, Sequence[int]]]


class OnnxGraphBuilder(GraphBuilder):
    """The graph, with the constants that nodes share.

    Attributes:
        constants: the value of each constant that was written, by its identity.
        quantised: number of nodes that quantise or dequantise.
    """

    def __init__(self, owned: Iterable[str]) -> None:
        """Starts an empty graph; see `GraphBuilder`."""
        super().__init__("onnx", owned)
        self.constants: Dict[int, Tuple[Constant, Value]] = {}
        self.quantised = 0


class Call(CallBuilder, NodeReader):
    """The lowering of one node to the IR.

    A lowering calls `emit` for each operator; the last one is the output of the node unless the
    lowering sets the outputs with `set_outputs`.

    Attributes:
        name: the name of its main operator; others are `<name>/<suffix>`.
        declared: shape of each output according to the file, or None.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        opset: int,
        inputs: Sequence[Optional[Operand]],
        declared: Sequence[Optional[Shape]],
        origin: Origin,
        graph: OnnxGraphBuilder,
    ) -> None:
        super().__init__(name, graph)
        self.node = node
        self.opset = opset
        self.inputs = tuple(inputs)
        self.declared = tuple(declared)
        self._origin = origin
        self._graph = graph
        self._held: List[int] = []
        self._given: Optional[List[Named]] = None

    @property
    def origin(self) -> Origin:
        """The node and the module from which it was exported."""
        return self._origin

    @property
    def module(self) -> str:
        """Class of the torch.nn module of the node; empty if unknown."""
        call = self._origin.call
        return call.name if call is not None and call.is_layer else ""

    @property
    def results(self) -> List[Named]:
        """The outputs of the node, in order."""
        if self._given is not None:
            return self._given
        return [self._computed(Value(self._graph.ops[-1].name))] if self._own else []

    def lost(self) -> str:
        """Returns which outputs of the node the results are not; empty if they are all."""
        count = max((at for at, name in enumerate(self.node.outputs, 1) if name), default=0)
        known = len(self.results)
        return "" if count <= known else f"it names {count} outputs, of which {known} is known"

    def value(self, operand: Operand, suffix: str = "const") -> Value:
        """Returns the value of an operand; a constant becomes a `const`."""
        if isinstance(operand, Computed):
            return operand.value
        known = self._graph.constants.get(id(operand))
        if known is None:
            known = operand, self._const(operand, suffix)
            self._graph.constants[id(operand)] = known
            self._held.append(id(operand))
        return known[1]

    def _const(self, constant: Constant, suffix: str) -> Value:
        values = constant.values
        number = float(values[0]) if values is not None and len(values) == 1 else None
        name = constant.name or self.name + "/" + suffix
        return self.write_const(name, constant.shape or (1,), constant.dtype, number)

    def shape(self, value: Value) -> Shape:
        """Returns the shape of a value."""
        return self._graph.types[value].shape

    def emit(
        self,
        kind: str,
        attrs: Optional[Attrs] = None,
        inputs: Optional[Sequence[Value]] = None,
        params: Params = (),
        suffix: str = "",
        dtype: Optional[str] = None,
        shape: Optional[Sequence[int]] = None,
    ) -> Value:
        """Emits one operator; the shape rule of its kind gives the output shape.

        Args:
            kind: a key of the vocabulary.
            attrs: its attributes; axes in the file's order.
            inputs: its inputs; by default the node's first input.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: suffix of its name; empty only for the node's main operator.
            dtype: element type of the output; by default that of the first input.
            shape: output shape, for kinds without a shape rule.

        Raises:
            UnreadableError: the operator does not accept these inputs.
        """
        sources = (self.value(self.x),) if inputs is None else tuple(inputs)
        chosen = NoAttrs() if attrs is None else attrs
        before = [self.shape(value) for value in sources]
        given = {role: tuple(one) for role, one in params}
        found = shape_of(kind, chosen, before, given)
        if found is None and Trait.ELEMENTWISE in OPS[kind].traits:
            found = (1,)
        if found is None:
            found = None if shape is None else tuple(shape)
        if found is None:
            raise UnreadableError("its output shape is not known")
        element = dtype or self._graph.types[sources[0]].dtype
        weights = (Param(role, TensorType(one, element)) for role, one in given.items())
        output = TensorType(checked(found), element)
        return self.write(kind, chosen, sources, (output,), weights, suffix)

    def unknown(
        self,
        shapes: Sequence[Optional[Sequence[int]]],
        name: str = "",
        message: str = "",
        dtype: Optional[str] = None,
        opaque: bool = False,
        any_order: bool = False,
        reads: Optional[int] = None,
    ) -> None:
        """Emits an operator without XIR equivalent.

        Args:
            shapes: shape of each output; None for the shape that the file declares. One that the
                node omits needs none.
            name: its name, if it differs from the operator type.
            message: why it has no XIR equivalent, if the name does not say so.
            dtype: element type of the outputs; by default that of the first input.
            opaque: see `UnknownAttrs`.
            any_order: whether it is independent of the axis order if all its tensors share it, as
                element-wise functions are.
            reads: number of leading inputs that are tensors, if the others are settings such as a
                shape; by default all.

        Raises:
            UnreadableError: neither a rule nor the file gives a shape.
        """
        element = dtype or next((one.dtype for one in self.inputs if one is not None), "float32")
        outputs = []
        named = [at for at, name in enumerate(self.node.outputs[: len(shapes)]) if name]
        for at in named:
            shape = self.declared[at] if shapes[at] is None else shapes[at]
            if shape is None:
                raise UnreadableError("its output shape is not known")
            outputs.append(TensorType(checked(shape), element))
        called = name or self.node.op_type
        inputs = tuple(
            self.value(one, f"const_{at}" if at else "const")
            for at, one in enumerate(self.inputs[:reads])
            if one is not None
        )
        attrs = UnknownAttrs(called, opaque)
        written = self.write("unknown", attrs, inputs, outputs, message=message).op
        if any_order or (computes_each_element(called) and not opaque):
            self._graph.transparent.add(written)
        results: List[Named] = [Unsized("")] * len(shapes)
        for at, place in enumerate(named):
            results[place] = self._computed(Value(written, at))
        self.set_outputs(*results)

    def set_outputs(self, *results: Named) -> None:
        """Sets the outputs of the node; by default the output of the last operator."""
        self._given = list(results)

    def set_output_values(self, values: Sequence[Value]) -> None:
        """Sets the outputs of the node to values of the graph."""
        self.set_outputs(*map(self._computed, values))

    def quantises(self) -> None:
        """Counts the node as a quantising one."""
        self._graph.quantised += 1

    def discard(self) -> None:
        """Removes the emitted operators and the constants that no other node has read."""
        super().discard()
        for key in self._held:
            self._graph.constants.pop(key, None)
        self._held.clear()
        self._given = None

    def _computed(self, value: Value) -> Computed:
        tensor = self._graph.types[value]
        return Computed(tensor.shape, tensor.dtype, value)


Lowering = Callable[[Call], None]
"""Emits the operators of a node."""
