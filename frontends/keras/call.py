"""What a lowering sees of one call, and how it writes the operators that the call becomes."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.ir import Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs, UnknownAttrs
from vai_inspect.frontends.keras.layer import seen
from vai_inspect.frontends.keras.names import Names
from vai_inspect.frontends.keras.trace import Step

Shape = Tuple[int, ...]


class Call:
    """One call of a layer or operation on its way into the IR.

    A lowering calls `emit` for each operator; the last one gives what the call gives.

    Attributes:
        operation: the layer or operation, with its settings as attributes.
        path: its path in the model, the origin of every operator emitted.
        name: the name of the call's own operator; others are `<name>/<suffix>`.
        inputs: the values it reads, in the order of the call's arguments.
        types: their types, NHWC.
        outputs: the types that the call gives, as Keras infers them.
        ops: what was emitted so far.
    """

    def __init__(self, step: Step, name: str, names: Names, values: Mapping[int, Value]) -> None:
        self.operation = seen(step.operation)
        self.path = step.path
        self.name = name
        self.inputs: Tuple[Value, ...] = tuple(values[id(tensor)] for tensor in step.inputs)
        self.types = tuple(_type(tensor) for tensor in step.inputs)
        self.outputs = tuple(_type(tensor) for tensor in step.outputs)
        self.ops: List[Op] = []
        self._step = step
        self._names = names
        self._values = values

    @property
    def shape(self) -> Shape:
        """Shape of the first input."""
        return self.types[0].shape

    @property
    def output(self) -> TensorType:
        """Type of the first output."""
        return self.outputs[0]

    @property
    def kwargs(self) -> Dict[str, Any]:
        """Keyword arguments of the call."""
        return self._step.kwargs

    @property
    def args(self) -> Tuple[Any, ...]:
        """Positional arguments of the call; tensors are symbolic."""
        return self._step.args

    def emit(
        self,
        kind: str,
        attrs: Optional[Attrs] = None,
        inputs: Optional[Sequence[Value]] = None,
        shape: Optional[Sequence[int]] = None,
        params: Sequence[Tuple[str, Sequence[int]]] = (),
        suffix: str = "",
        dtype: Optional[str] = None,
    ) -> Value:
        """Writes one operator.

        Args:
            kind: a key of the vocabulary.
            attrs: its attributes; none by default.
            inputs: what it reads; by default what was emitted last, else the call's inputs.
            shape: its output shape; by default the call's.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: set for every operator but the call's own.
            dtype: its output's element type; by default the call's.
        """
        if inputs is None:
            inputs = (Value(self.ops[-1].name),) if self.ops else self.inputs
        name = self.name if not suffix else self._names.take(self.name + "/" + suffix)
        given = self.output
        output = TensorType(given.shape if shape is None else tuple(shape), dtype or given.dtype)
        self.ops.append(
            Op(
                name=name,
                kind=kind,
                attrs=NoAttrs() if attrs is None else attrs,
                inputs=tuple(inputs),
                outputs=(output,),
                params=tuple(Param(role, self._parameter(size)) for role, size in params),
                origin=Origin("keras", (self.path,)),
            )
        )
        return Value(name)

    def const(self, shape: Sequence[int], suffix: str = "const") -> Value:
        """Writes a constant; a scalar is a tensor of one element."""
        size = tuple(shape) or (1,)
        dtype = self.output.dtype
        return self.emit("const", TensorAttrs(size, dtype.upper()), (), size, suffix=suffix)

    def operand(self, value: Any, suffix: str = "const") -> Value:
        """Returns the value behind an argument; a number or an array becomes a constant."""
        found = self._values.get(id(value))
        return found if found is not None else self.const(getattr(value, "shape", ()), suffix)

    def unknown(self, framework_type: str, message: str = "", suffix: str = "") -> None:
        """Writes an operator that XIR has no word for; it keeps every input, output and weight.

        Args:
            framework_type: the framework's own name for it.
            message: why it has no XIR word, where its name does not say so.
            suffix: set for what stands behind the call's own operator, such as its activation.
        """
        inputs = (Value(self.ops[-1].name),) if self.ops else self.inputs
        self.ops.append(
            Op(
                name=self.name if not suffix else self._names.take(self.name + "/" + suffix),
                kind="unknown",
                attrs=UnknownAttrs(framework_type),
                inputs=inputs,
                outputs=self.outputs,
                params=() if suffix else tuple(self.operation.weights()),
                origin=Origin("keras", (self.path,)),
                messages=(message,) if message else (),
            )
        )

    def note(self, message: str) -> None:
        """Adds a message to what was emitted last."""
        self.ops[-1] = self.ops[-1].noted(message)

    def last_type(self) -> TensorType:
        """Type of what was emitted last, or of the first input."""
        return self.ops[-1].output if self.ops else self.types[0]

    def discard(self) -> None:
        """Forgets what was emitted."""
        self._names.release(op.name for op in self.ops if op.name != self.name)
        self.ops.clear()

    def finished(self) -> List[Op]:
        """Returns the operators; the notes on shapes stand at the last one."""
        for message in self._step.messages:
            self.note(message)
        return self.ops

    def _parameter(self, shape: Sequence[int]) -> TensorType:
        return TensorType(tuple(shape), self.operation.variable_dtype or self.output.dtype)


def _type(tensor: Any) -> TensorType:
    return TensorType(tuple(tensor.shape), str(tensor.dtype))
