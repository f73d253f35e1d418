"""What a lowering sees of one node, and how it writes the operators that the node becomes.

Shapes and axes are in the file's own order here.
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
    """The graph, and what the assembly keeps from node to node."""

    def __init__(self, owned: Iterable[str]) -> None:
        """Starts an empty graph; see `GraphBuilder`."""
        super().__init__("onnx", owned)
        self.constants: Dict[int, Tuple[Known, Value]] = {}
        self.quantised = 0


class Call(CallBuilder):
    """One node on its way into the IR.

    A lowering calls `emit` for each operator; what was emitted last is what the node gives, unless
    the lowering says otherwise with `give`.

    Attributes:
        node: the node.
        name: the name of its own operator; others are `<name>/<suffix>`.
        opset: version of the operator set of the node's domain.
        inputs: what it reads; None where an input is left out.
        told: shape of each output that the file gives, None where it does not.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        opset: int,
        inputs: Sequence[Optional[Operand]],
        told: Sequence[Optional[Shape]],
        origin: Origin,
        memory: Memory,
    ) -> None:
        super().__init__(name, memory)
        self.node = node
        self.opset = opset
        self.inputs = tuple(inputs)
        self.told = tuple(told)
        self._origin = origin
        self._memory = memory
        self._held: List[int] = []
        self._given: Optional[List[Named]] = None

    @property
    def origin(self) -> Origin:
        """The node, and the module that it was exported from."""
        return self._origin

    @property
    def x(self) -> Operand:
        """The first input."""
        return self.input(0)

    @property
    def module(self) -> str:
        """Class of the torch.nn module that the node is all or a part of; empty where unknown."""
        call = self._origin.call
        return call.name if call is not None and call.is_layer else ""

    @property
    def results(self) -> List[Named]:
        """What the node gives, in order."""
        if self._given is not None:
            return self._given
        return [self._computed(Value(self._memory.ops[-1].name))] if self._own else []

    def has(self, at: int) -> bool:
        """Tells whether an input is there."""
        return at < len(self.inputs) and self.inputs[at] is not None

    def input(self, at: int) -> Operand:
        """Returns an input.

        Raises:
            UnreadableError: there is none.
        """
        found = self.inputs[at] if at < len(self.inputs) else None
        if found is None:
            raise UnreadableError(f"its input {at} is missing")
        return found

    def constant(self, at: int) -> Known:
        """Returns an input that depends on no input of the model.

        Raises:
            UnreadableError: there is none, or it does.
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
        """Returns an attribute that holds whole numbers."""
        found = self.node.attributes.get(name)
        if found is None:
            if default is None:
                raise UnreadableError(f"it has no attribute {name!r}")
            return tuple(default)
        return found.integers

    def integer(self, name: str, default: int = 0) -> int:
        """Returns an attribute that is a whole number."""
        found = self.node.attributes.get(name)
        return default if found is None else found.integer

    def number(self, name: str, default: float) -> float:
        """Returns an attribute that is a number."""
        found = self.node.attributes.get(name)
        return default if found is None else found.number

    def text(self, name: str, default: str) -> str:
        """Returns an attribute that is a text."""
        found = self.node.attributes.get(name)
        return default if found is None else found.text

    def tensor(self, name: str) -> Optional[Tensor]:
        """Returns an attribute that is a tensor, or None."""
        found = self.node.attributes.get(name)
        return None if found is None else found.tensor

    def axes(self, rank: int, at: int = 1) -> Optional[Tuple[int, ...]]:
        """Returns axes counted from the front: an attribute, or an input from some opset on."""
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
        """Writes one operator; its shape is that of the kind's definition.

        Args:
            kind: a key of the vocabulary.
            attrs: its attributes; axes in the file's order.
            inputs: what it reads; by default the node's first input.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: set for every operator but the node's own.
            dtype: its output's element type; by default its first input's.
            shape: its output shape where the definition does not say it.

        Raises:
            UnreadableError: such an operator cannot read such inputs.
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
        """Writes an operator without XIR equivalent.

        Args:
            shapes: shape of each output; None takes the file's.
            name: what it is called, where that is not the operator's type.
            message: why it has no XIR equivalent, where its name does not say so.
            dtype: its outputs' element type; by default its first input's.
            opaque: see `UnknownAttrs`.
            any_order: whether it works in any order of axes, all its tensors in the same one;
                functions of each element do.
            reads: how many of its inputs are tensors that it computes with, where the others
                are settings such as a shape; by default all.

        Raises:
            UnreadableError: neither a rule nor the file tells a shape.
        """
        chosen = [given if given is not None else told for given, told in zip(shapes, self.told)]
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
        taken = self.write("unknown", attrs, inputs, outputs, message=message).op
        if any_order or (computes_each_element(called) and not opaque):
            self._memory.transparent.add(taken)
        self.give(*(self._computed(Value(taken, at)) for at in range(len(outputs))))

    def give(self, *results: Named) -> None:
        """Says what the node gives, where it is not what was emitted last."""
        self._given = list(results)

    def give_values(self, values: Sequence[Value]) -> None:
        """Says which values the node gives."""
        self.give(*map(self._computed, values))

    def pass_on(self) -> None:
        """Gives the first input as it is; no operator is written."""
        self.give(self.x)

    def read_as(self, op_type: str, inputs: Sequence[Optional[Operand]]) -> None:
        """Reads the node as another operator of ONNX' own domain, with these inputs."""
        self.node = dataclasses.replace(self.node, op_type=op_type, domain="")
        self.opset = self.integer("opset", max(self.opset, 13))  # as QLinearSoftmax names it
        self.inputs = tuple(inputs)

    def quantises(self) -> None:
        """Counts the node as one of a quantised model."""
        self._memory.quantised += 1

    def discard(self) -> None:
        """Forgets what was emitted, and the constants that nothing else has read."""
        super().discard()
        for key in self._held:
            self._memory.constants.pop(key, None)
        self._held.clear()
        self._given = None

    def _computed(self, value: Value) -> Computed:
        tensor = self._memory.types[value]
        return Computed(tensor.shape, tensor.dtype, value)
