"""A call for its lowering: inputs and settings, and methods that emit operators."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError
from vai_inspect.core.ir import CallForm, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs, UnknownAttrs
from vai_inspect.core.ir.ops import output_shape
from vai_inspect.frontends.graph_builder import CallBuilder, GraphBuilder
from vai_inspect.frontends.keras.lower.quantizer_settings import kept_settings
from vai_inspect.frontends.keras.lower.steps import Step

Shape = Tuple[int, ...]


class OutputUnknownError(CaptureError):
    """The output shape of a call is not known, neither from Keras nor by a rule."""


class Call(CallBuilder):
    """The lowering of one call of a layer or operation to the IR.

    A lowering calls `emit` for each operator; the output of the last is that of the call.

    Attributes:
        operation: the layer or operation, with its settings as attributes.
        path: its path in the model, the origin of every operator emitted.
        args: positional arguments of the call; tensors are symbolic.
        kwargs: keyword arguments, likewise.
        training: whether it is called with training=True, or within a model that is.
        name: the name of the call's own operator; others are `<name>/<suffix>`.
        inputs: its input values, in the order of the call's arguments.
        types: their types, NHWC.
        dtype: the element type that the call computes in.
    """

    def __init__(
        self, step: Step, name: str, builder: GraphBuilder, values: Mapping[int, Value]
    ) -> None:
        super().__init__(name, builder)
        self.operation = step.operation
        self.path = step.path
        self.args, self.kwargs, self.training = step.args, step.kwargs, step.training
        self.inputs: Tuple[Value, ...] = tuple([values[id(tensor)] for tensor in step.inputs])
        self.types = tuple([_type(tensor) for tensor in step.inputs])
        self.dtype = self._dtype(step)
        # A quantiser sees a user's own layer as one layer, whatever it contains.
        form = step.operation if step.within is None else step.within
        self._form = CallForm(
            form.class_name,
            form.is_layer,
            arguments=kept_settings(form, step.training),
            base=form.keras_class,
            calls=step.calls,
        )
        own = (step.within_path,) if step.within_path else ()
        self._origin = Origin("keras", (self.path,), call=self._form, own=own)
        self._step = step
        self._values = values

    @property
    def origin(self) -> Origin:
        """The layer, and the argument that the operators come from; see `from_argument`."""
        return self._origin

    @property
    def shape(self) -> Shape:
        """Shape of the first input."""
        return self.types[0].shape

    @property
    def knows_outputs(self) -> bool:
        """Whether `outputs` is available."""
        return self._step.outputs is not None

    @property
    def outputs(self) -> Tuple[TensorType, ...]:
        """Output types of the call, as Keras infers them.

        Raises:
            OutputUnknownError: the model is read without Keras, and no rule infers the shape. A
                lowering whose operators have shape rules does not need it.
        """
        if self._step.outputs is None:
            raise OutputUnknownError(
                f"The output shape of layer {self.path!r} ({self.operation.class_name}) is not "
                "known."
            )
        return tuple(_type(tensor) for tensor in self._step.outputs)

    @property
    def output(self) -> TensorType:
        """Type of the first output; see `outputs`."""
        return self.outputs[0]

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
        """Emits one operator.

        Args:
            kind: a key of the vocabulary.
            attrs: its attributes; none by default.
            inputs: its inputs; by default the operator emitted last, else the call's inputs.
            shape: its output shape; by default from its shape rule, else that of the call.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: set for every operator but the call's own.
            dtype: its output's element type; by default the call's.
        """
        if inputs is None:
            inputs = (Value(self.ops[-1].name),) if self.ops else self.inputs
        attrs = NoAttrs() if attrs is None else attrs
        if shape is None:
            types = self.types if inputs is self.inputs else map(self._type_of, inputs)
            sizes = {role: tuple(size) for role, size in params}
            shape = output_shape(kind, attrs, [one.shape for one in types], sizes)
        if shape is None:
            shape = self.output.shape
        output = TensorType(tuple(map(int, shape)), dtype or self.dtype)
        weights = [Param(role, self._parameter(size)) for role, size in params]
        return self.write(kind, attrs, inputs, (output,), weights, suffix)

    def const(
        self, shape: Sequence[int], suffix: str = "const", number: Optional[float] = None
    ) -> Value:
        """Emits a constant; a scalar is a tensor of one element.

        Args:
            shape: its shape.
            suffix: of its name.
            number: its value, if it is a single number.
        """
        size = tuple(shape) or (1,)
        attrs = TensorAttrs(size, self.dtype.upper(), number)
        return self.emit("const", attrs, (), size, suffix=suffix)

    def operand(self, value: Any, suffix: str = "const") -> Value:
        """Returns the value of an argument; a number or an array becomes a constant."""
        found = self._values.get(id(value))
        if found is not None:
            return found
        return self.const(_constant_shape(value), suffix, number_of(value))

    def constant_shape(self, value: Any) -> Optional[Shape]:
        """Returns the shape of a constant argument, or None for a tensor of the graph."""
        return None if id(value) in self._values else _constant_shape(value)

    def last(self) -> Value:
        """The output of the last operator."""
        return Value(self.ops[-1].name)

    def unknown(
        self,
        framework_type: str,
        message: str = "",
        suffix: str = "",
        macs: Optional[int] = None,
    ) -> None:
        """Emits an operator without XIR equivalent, with every input, output and weight.

        Args:
            framework_type: the framework's own name for it.
            message: why it has no XIR equivalent, if its name does not show that.
            suffix: suffix of its name, for operators after the main one such as an activation.
            macs: its multiply-accumulates, if known.
        """
        inputs = (Value(self.ops[-1].name),) if self.ops else self.inputs
        # An activation after the main operator has the shape of its input.
        outputs = (self.last_type(),) if suffix and not self.knows_outputs else self.outputs
        attrs = UnknownAttrs(framework_type, macs=macs)
        weights = () if suffix else self.operation.weights()
        self.write("unknown", attrs, inputs, outputs, weights, suffix, message)

    def from_argument(self, name: str, value: str) -> None:
        """Sets the argument of the call that the following operators come from."""
        form = dataclasses.replace(self._form, arguments=((name, value),))
        self._origin = dataclasses.replace(self._origin, call=form)

    def last_type(self) -> TensorType:
        """Type of the last operator's output, or of the first input."""
        return self.ops[-1].output if self.ops else self.types[0]

    def mismatch(self) -> str:
        """Returns how the operators differ from the call's outputs, or an empty text."""
        ops = self.ops
        if not ops:
            return "it became no operator"
        if self._step.outputs is None:
            return ""
        found = tuple(tensor.shape for tensor in ops[-1].outputs)
        expected = tuple(tuple(tensor.shape) for tensor in self._step.outputs)
        return "" if found == expected else f"its output is {found}, in Keras {expected}"

    def discard(self) -> None:
        """Removes the emitted operators."""
        super().discard()
        self._origin = dataclasses.replace(self._origin, call=self._form)

    def finished(self) -> List[Op]:
        """Returns the operators; the last one has the notes on shapes."""
        for message in self._step.messages:
            self.note(message)
        return self.ops

    def _dtype(self, step: Step) -> str:
        if step.outputs is not None:
            return str(step.outputs[0].dtype)
        return self.operation.compute_dtype or self.types[0].dtype

    def _type_of(self, value: Value) -> TensorType:
        """Returns the type of an input of the call, or of an emitted operator."""
        for known, tensor in zip(self.inputs, self.types):
            if known == value:
                return tensor
        return self.builder.types[value]

    def _parameter(self, shape: Sequence[int]) -> TensorType:
        return TensorType(tuple(shape), self.operation.variable_dtype or self.dtype)


Lowering = Callable[[Call], None]
"""Emits the operators of a call."""


def number_of(value: Any) -> Optional[float]:
    """Returns a plain number or an array of one element as a float, None for anything else."""
    if hasattr(value, "numpy") and getattr(value, "shape", None) is not None:
        value = value.numpy()
    if hasattr(value, "item") and getattr(value, "size", 0) == 1:
        value = value.item()
    return float(value) if isinstance(value, (int, float)) else None


def _constant_shape(value: Any) -> Shape:
    """Returns the shape of an array, or of nested lists of numbers."""
    if isinstance(value, (list, tuple)):
        return (len(value),) + (_constant_shape(value[0]) if value else ())
    return tuple(getattr(value, "shape", ()))


def _type(tensor: Any) -> TensorType:
    return TensorType(tuple(tensor.shape), str(tensor.dtype))
