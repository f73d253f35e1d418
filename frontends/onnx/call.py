"""The call of one node: its inputs and attributes for a lowering, and methods that emit operators.

Shapes and axes are in the file's order here.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import OPS, Origin, Param, TensorType, Trait, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, UnknownAttrs
from vai_inspect.core.ir.ops.no_xir import computes_each_element
from vai_inspect.frontends.graph_builder import CallBuilder, GraphBuilder
from vai_inspect.frontends.onnx.file.messages import Node, Tensor
from vai_inspect.frontends.onnx.tensors import (
    Computed,
    Known,
    Named,
    Operand,
    Shape,
    UnreadableError,
    checked,
    shape_of,
)

Params = Sequence[Tuple[str, Sequence[int]]]


class Memory(GraphBuilder):
    """The graph, and the state of the assembly between nodes."""

    def __init__(self, owned: Iterable[str]) -> None:
        """Starts an empty graph; see `GraphBuilder`."""
        super().__init__("onnx", owned)
        self.constants: Dict[int, Tuple[Known, Value]] = {}
        self.quantised = 0


class Call(CallBuilder):
    """The lowering of one node to the IR.

    A lowering calls `emit` for each operator; the last one is the output of the node unless the
    lowering sets the outputs with `give`.

    Attributes:
        node: the node.
        name: the name of its main operator; others are `<name>/<suffix>`.
        opset: version of the operator set of the node's domain.
        inputs: the inputs; None for an omitted input.
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
        memory: Memory,
    ) -> None:
        super().__init__(name, memory)
        self.node = node
        self.opset = opset
        self.inputs = tuple(inputs)
        self.declared = tuple(declared)
        self._origin = origin
        self._memory = memory
        self._held: List[int] = []
        self._given: Optional[List[Named]] = None

    @property
    def origin(self) -> Origin:
        """The node and the module from which it was exported."""
        return self._origin

    @property
    def x(self) -> Operand:
        """The first input."""
        return self.input(0)

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
        return [self._computed(Value(self._memory.ops[-1].name))] if self._own else []

    def has(self, at: int) -> bool:
        """Returns whether an input is present."""
        return at < len(self.inputs) and self.inputs[at] is not None

    def input(self, at: int) -> Operand:
        """Returns an input.

        Raises:
            UnreadableError: the input is missing.
        """
        found = self.inputs[at] if at < len(self.inputs) else None
        if found is None:
            raise UnreadableError(f"its input {at} is missing")
        return found

    def constant(self, at: int) -> Known:
        """Returns an input that is constant.

        Raises:
            UnreadableError: the input is missing or depends on the model's inputs.
        """
        found = self.input(at)
        if not isinstance(found, Known):
            raise UnreadableError(f"its input {at} is computed from the model's inputs")
        return found

    def values(self, at: int) -> Tuple[Any, ...]:
        """Returns the elements of a constant input.

        Raises:
            UnreadableError: they are not known.
        """
        found = self.constant(at).values
        if found is None:
            raise UnreadableError(f"the values of its input {at} are not known")
        return found

    def integers(self, name: str, default: Optional[Sequence[int]] = None) -> Tuple[int, ...]:
        """Returns an attribute that is a list of integers."""
        found = self.node.attributes.get(name)
        if found is None:
            if default is None:
                raise UnreadableError(f"it has no attribute {name!r}")
            return tuple(default)
        return found.integers

    def integer(self, name: str, default: int = 0) -> int:
        """Returns an attribute that is an integer."""
        found = self.node.attributes.get(name)
        return default if found is None else found.integer

    def number(self, name: str, default: float) -> float:
        """Returns an attribute that is a number."""
        found = self.node.attributes.get(name)
        return default if found is None else found.number

    def text(self, name: str, default: str) -> str:
        """Returns an attribute that is a string."""
        found = self.node.attributes.get(name)
        return default if found is None else found.text

    def tensor(self, name: str) -> Optional[Tensor]:
        """Returns an attribute that is a tensor, or None."""
        found = self.node.attributes.get(name)
        return None if found is None else found.tensor

    def axes(self, rank: int, at: int = 1) -> Optional[Tuple[int, ...]]:
        """Returns non-negative axes, from an attribute or (in later opsets) an input."""
        if "axes" in self.node.attributes:
            given: Sequence[int] = self.node.attributes["axes"].integers
        elif self.has(at):
            given = self.values(at)
        else:
            return None
        if any(not -rank <= axis < rank for axis in given):
            raise UnreadableError(f"it has axes {list(given)} of {rank}")
        return tuple(sorted(int(axis) % rank for axis in given))

    def value(self, operand: Operand, suffix: str = "const") -> Value:
        """Returns the value of an operand; a constant becomes a `const`."""
        if isinstance(operand, Computed):
            return operand.value
        known = self._memory.constants.get(id(operand))
        if known is None:
            known = operand, self._const(operand, suffix)
            self._memory.constants[id(operand)] = known
            self._held.append(id(operand))
        return known[1]

    def _const(self, constant: Known, suffix: str) -> Value:
        values = constant.values
        number = float(values[0]) if values is not None and len(values) == 1 else None
        name = constant.name or self.name + "/" + suffix
        return self.write_const(name, constant.shape or (1,), constant.dtype, number)

    def shape(self, value: Value) -> Shape:
        """Returns the shape of a value."""
        return self._memory.types[value].shape

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
        element = dtype or self._memory.types[sources[0]].dtype
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
            shapes: shape of each output; None for the shape that the file declares.
            name: its name, if it differs from the operator type.
            message: why it has no XIR equivalent, if the name does not say so.
            dtype: element type of the outputs; by default that of the first input.
            opaque: see `UnknownAttrs`.
            any_order: whether it works in any axis order that all its tensors share, as
                element-wise functions do.
            reads: number of leading inputs that are tensors, if the others are settings such as a
                shape; by default all.

        Raises:
            UnreadableError: neither a rule nor the file gives a shape.
        """
        chosen = [
            shape if shape is not None else declared
            for shape, declared in zip(shapes, self.declared)
        ]
        element = dtype or next((one.dtype for one in self.inputs if one is not None), "float32")
        outputs = []
        for shape in chosen:
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
            self._memory.transparent.add(written)
        self.give(*(self._computed(Value(written, at)) for at in range(len(outputs))))

    def give(self, *results: Named) -> None:
        """Sets the outputs of the node; by default the output of the last operator."""
        self._given = list(results)

    def give_values(self, values: Sequence[Value]) -> None:
        """Sets the outputs of the node to values of the graph."""
        self.give(*map(self._computed, values))

    def pass_on(self) -> None:
        """Sets the output to the first input, without an operator."""
        self.give(self.x)

    def read_as(self, op_type: str, inputs: Sequence[Optional[Operand]]) -> None:
        """Treats the node as another operator of the ONNX domain, with these inputs."""
        self.node = dataclasses.replace(self.node, op_type=op_type, domain="")
        self.opset = self.integer("opset", max(self.opset, 13))  # as QLinearSoftmax names it
        self.inputs = tuple(inputs)

    def quantises(self) -> None:
        """Counts the node as a quantising one."""
        self._memory.quantised += 1

    def discard(self) -> None:
        """Removes the emitted operators and the constants that no other node has read."""
        super().discard()
        for key in self._held:
            self._memory.constants.pop(key, None)
        self._held.clear()
        self._given = None

    def _computed(self, value: Value) -> Computed:
        tensor = self._memory.types[value]
        return Computed(tensor.shape, tensor.dtype, value)
