"""One call for a lowering: its arguments and module, and methods that emit operators.

Shapes and axes are in PyTorch's own order here.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

from vai_inspect.core.ir import CallForm, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, UnknownAttrs
from vai_inspect.core.ir.ops.no_xir import costs_nothing
from vai_inspect.frontends.graph_builder import CallBuilder, GraphBuilder, UnreadableError
from vai_inspect.frontends.torch.capture.trace_ir import Constant, Step, Tensor, tensors_in
from vai_inspect.frontends.torch.capture.value_dependence import is_random
from vai_inspect.frontends.torch.capture.wrappers import COMPUTED
from vai_inspect.frontends.torch.lower.quantizer_arguments import (
    as_written,
    kept_arguments,
    with_shape,
)

AnyTensor = Union[Tensor, Constant]
_SYNONYMS = {"axis": "dim", "axes": "dim", "x": "input", "self": "input", "keepdims": "keepdim"}
_SYNONYMS.update({"x1": "input", "x2": "other", "tensor": "input"})


class TraceBuilder(GraphBuilder):
    """The graph, and the value of each tensor of the trace.

    Attributes:
        values: the value of each tensor, by its identity.
        constants: the value of each constant tensor, by its key.
        sources: the calls of constants that have no reader yet, by tensor.
    """

    def __init__(self, owned: Iterable[str]) -> None:
        """Starts an empty graph; see `GraphBuilder`."""
        super().__init__("torch", owned)
        self.values: Dict[int, Value] = {}
        self.constants: Dict[int, Value] = {}
        self.sources: Dict[int, CallForm] = {}


class Call(CallBuilder):
    """The lowering of one call of a module, function or method to the IR.

    A lowering calls `emit` for each operator; what was emitted last gives what the call gives,
    unless it says otherwise with `give`.

    Attributes:
        step: the call.
        module: the leaf module with its settings, or None for a function.
        name: the name of the call's main operator; others are `<name>/<suffix>`.
        tensors: the tensors among the arguments, in order.
        x: the first of them; a call that reads none has no lowering.
        output: the first output tensor.
    """

    KEPT = frozenset({"const"})  # another call may read them; unread ones are removed later
    builder: TraceBuilder

    def __init__(self, step: Step, name: str, builder: TraceBuilder) -> None:
        super().__init__(name, builder)
        self.step = step
        self.module: Any = step.module
        self.tensors: Tuple[AnyTensor, ...] = tuple(tensors_in((step.args, step.kwargs)))
        self.output: Tensor = step.outputs[0]
        self.x = self.tensors[0] if self.tensors else self.output
        self._given: Optional[List[Value]] = None
        self._arguments: Tuple[Tuple[str, str], ...] = kept_arguments(step)

    @property
    def reads_input(self) -> bool:
        """Whether the first tensor among the arguments is an input of the model."""
        value = self.builder.values.get(id(self.x))
        return any(value == Value(op.name) for op in self.builder.ops if op.kind == "data")

    @property
    def origin(self) -> Origin:
        """The user's module, source lines and form of the call."""
        step = self.step
        layers = (step.scope,) if step.scope else ()
        return Origin("torch", layers, step.frames, self._form())

    def given(self, *required: str, **optional: Any) -> Any:
        """Returns the arguments by name, according to the function's signature.

        Args:
            required: names of the arguments without a default, in order.
            optional: names and defaults of the others, in order.

        Raises:
            UnreadableError: the call does not fit this signature.
        """
        order = [*required, *optional]
        if len(self.step.args) > len(order):
            raise UnreadableError(f"it has {len(self.step.args)} arguments")
        found: Dict[str, Any] = dict(optional)
        found.update(zip(order, self.step.args))
        for key, value in self.step.kwargs.items():
            known = key if key in order else _SYNONYMS.get(key, key)
            if known in order:
                found[known] = value
        for name in required:
            if name not in found:
                raise UnreadableError(f"it has no argument {name!r}")
        return SimpleNamespace(**found)

    def settings(self, *required: str, **optional: Any) -> Any:
        """Returns the leaf module, whose attributes are its settings, or a function's arguments.

        Args:
            required: as of `given`.
            optional: as of `given`, by the names that the module's attributes have.

        Raises:
            UnreadableError: see `given`.
        """
        return self.given(*required, **optional) if self.module is None else self.module

    def value(self, tensor: Any, suffix: str = "const") -> Value:
        """Returns the value of an argument; a number or a constant tensor is a `const`."""
        if isinstance(tensor, Tensor):
            made = self.builder.sources.pop(id(tensor), None)
            if made is not None:
                origin = replace(self.origin, call=made)
                name = f"{self.name}/{suffix}"
                value = self.write_const(name, tensor.shape, tensor.dtype, origin=origin)
                self.builder.values[id(tensor)] = value
                self.builder.replace_last(with_shape(self.builder.ops[-1], tensor.shape))
            return self.builder.values[id(tensor)]
        if isinstance(tensor, Constant):
            known = self.builder.constants.get(tensor.key)
            if known is None:
                name = tensor.path or f"{self.name}/{suffix}"
                known = self.write_const(name, tensor.shape or (1,), tensor.dtype)
                self.builder.constants[tensor.key] = known
                self.builder.replace_last(as_written(self.builder.ops[-1], tensor))
            return known
        if isinstance(tensor, (bool, int, float)):
            name = f"{self.name}/{suffix}"
            return self.write_const(name, (1,), self.output.dtype, float(tensor))
        raise UnreadableError(f"it reads a {type(tensor).__name__}")

    def shape_of(self, value: Value) -> Tuple[int, ...]:
        """Returns the shape of a value, in PyTorch's order."""
        return self.builder.types[value].shape

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
            attrs: its attributes; axes in PyTorch's order.
            inputs: its inputs; by default the call's first tensor.
            shape: output shape in PyTorch's order; by default that of the call.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: suffix of its name; empty only for the call's main operator.
            dtype: element type of the output; by default that of the call.
        """
        sources = (self.value(self.x),) if inputs is None else tuple(inputs)
        size = tuple(self.output.shape if shape is None else shape)
        if inputs is None and shape is None and size == self.x.shape == ():
            size = self.shape_of(sources[0])  # a scalar constant is stored with one element
        element = dtype or self.output.dtype
        weights = (Param(role, TensorType(tuple(one), element)) for role, one in params)
        return self.write(kind, attrs, sources, (TensorType(size, element),), weights, suffix)

    def unknown(
        self,
        framework_type: str,
        message: str = "",
        transparent: bool = False,
        suffix: str = "",
        opaque: bool = False,
        macs: Optional[int] = None,
    ) -> Value:
        """Emits an operator without XIR equivalent, with every input, output and weight.

        Args:
            framework_type: the framework's own name for it.
            message: why it has no XIR equivalent, if its name does not say so.
            transparent: whether the order of axes means nothing to it, as with a function of
                each element.
            suffix: suffix of its name, if it is not the call's main operator.
            opaque: see `UnknownAttrs`.
            macs: likewise.
        """
        inputs = tuple(
            self.value(one, f"const_{at}" if at else "const") for at, one in enumerate(self.tensors)
        )
        if macs is None and not opaque and self.module is not None:
            # A user's subclass of a torch class has its own name.
            macs = 0 if costs_nothing(self.step.module_class) else None
        attrs = UnknownAttrs(framework_type, opaque, random=is_random(framework_type), macs=macs)
        outputs = [TensorType(one.shape, one.dtype) for one in self.step.outputs]
        weights = _weights(self.module)
        value = self.write("unknown", attrs, inputs, outputs, weights, suffix, message)
        if transparent:
            self.builder.transparent.add(value.op)
        self._given = [Value(value.op, at) for at in range(len(outputs))]
        return value

    def source(self) -> None:
        """Lowers a call that reads no tensor: constants, each written where it is read.

        Random values are an operator.
        """
        if self.step.constant:
            self.builder.sources.update((id(one), self._form()) for one in self.step.outputs)
            self._given = []
        else:
            self.unknown(self.step.operation)

    def give(self, *values: Value) -> None:
        """Sets the output values of the call; by default the output of the last operator."""
        self._given = list(values)

    def keep_argument(self, name: str, value: str) -> None:
        """Keeps an argument of the user's call for the quantiser rules.

        To be called before the operators are emitted.
        """
        self._arguments += ((name, value),)

    def discard(self) -> None:
        """Removes the emitted operators except constants."""
        super().discard()
        self._given = None

    def results(self) -> List[Value]:
        """Returns the value of each output tensor of the call."""
        if self._given is not None:
            return self._given
        ops = self.ops
        return [Value(ops[-1].name)] if ops else []

    def _form(self) -> CallForm:
        step, arguments = self.step, self._arguments + self.step.within
        if self.module is not None:
            arguments += tuple(("computed", name) for name in vars(self.module).get(COMPUTED, ()))
        return CallForm(step.module_class or step.operation, bool(step.module_class), arguments)


def _weights(module: Any) -> Tuple[Param, ...]:
    if module is None:
        return ()
    return tuple(
        Param(name, TensorType(tuple(one.shape), str(one.dtype).replace("torch.", "")))
        for name, one in module.named_parameters()
    )
