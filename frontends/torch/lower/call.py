"""What a lowering sees of one call, and how it writes the operators that the call becomes.

Shapes and axes are in PyTorch's own order here.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple, Union

from vai_inspect.core.ir import CallForm, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs, UnknownAttrs
from vai_inspect.core.ir.names import Names
from vai_inspect.core.ir.ops.no_xir import costs_nothing
from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
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


class UnreadableError(Exception):
    """A call that a lowering does not know how to read; the text says why."""


class Memory:
    """What the assembly keeps from call to call: values, names, types, what is transparent.

    Attributes:
        sources: how constants were made that nothing has read yet, by tensor.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.ops: List[Op] = []
        self.types: Dict[Value, TensorType] = {}
        self.values: Dict[int, Value] = {}
        self.constants: Dict[int, Value] = {}
        self.sources: Dict[int, CallForm] = {}
        self.transparent: Set[str] = set()

    def add(self, op: Op) -> None:
        """Writes an operator."""
        self.ops.append(op)
        for index, tensor in enumerate(op.outputs):
            self.types[Value(op.name, index)] = tensor


class Call:
    """One call of a module, function or method on its way into the IR.

    A lowering calls `emit` for each operator; what was emitted last gives what the call gives,
    unless it says otherwise with `give`.

    Attributes:
        step: the call.
        module: the leaf module with its settings; None for a function.
        name: the name of the call's own operator; others are `<name>/<suffix>`.
    """

    def __init__(self, step: Step, name: str, memory: Memory) -> None:
        self.step = step
        self.module: Any = step.module
        self.name = name
        self._memory = memory
        self._begin = len(memory.ops)
        self._own = False
        self._taken: List[str] = []
        self._given: Optional[List[Value]] = None
        self._arguments: Tuple[Tuple[str, str], ...] = kept_arguments(step)

    @property
    def x(self) -> AnyTensor:
        """The first tensor among the arguments."""
        for tensor in tensors_in((self.step.args, self.step.kwargs)):
            return tensor  # type: ignore[no-any-return]
        raise UnreadableError("it reads no tensor")

    @property
    def output(self) -> Tensor:
        """The first tensor that the call gives."""
        return self.step.outputs[0]

    @property
    def ops(self) -> List[Op]:
        """What was emitted so far."""
        return self._memory.ops[self._begin :]

    def given(self, *required: str, **optional: Any) -> Any:
        """Returns the arguments by name, as the function's signature has them.

        Args:
            required: names of the arguments without a default, in order.
            optional: names and defaults of the others, in order.

        Raises:
            UnreadableError: the call does not fit this signature.
        """
        order = [*required, *optional]
        if len(self.step.args) > len(order):
            raise UnreadableError("it has {} arguments".format(len(self.step.args)))
        found: Dict[str, Any] = dict(optional)
        found.update(zip(order, self.step.args))
        for key, value in self.step.kwargs.items():
            known = key if key in order else _SYNONYMS.get(key, key)
            if known in order:
                found[known] = value
        for name in required:
            if name not in found:
                raise UnreadableError("it has no argument {!r}".format(name))
        return SimpleNamespace(**found)

    def value(self, tensor: Any, suffix: str = "const") -> Value:
        """Returns the value of an argument; a number or a constant tensor is a `const`."""
        if isinstance(tensor, Tensor):
            made = self._memory.sources.pop(id(tensor), None)
            if made is not None:
                name = self._memory.names.take(self.name + "/" + suffix)
                value = self._const(name, tensor.shape, tensor.dtype, form=made)
                self._memory.values[id(tensor)] = value
                self._memory.ops[-1] = with_shape(self._memory.ops[-1], tensor.shape)
            return self._memory.values[id(tensor)]
        if isinstance(tensor, Constant):
            known = self._memory.constants.get(tensor.key)
            if known is None:
                name = self._memory.names.take(tensor.path or self.name + "/" + suffix)
                known = self._const(name, tensor.shape or (1,), tensor.dtype)
                self._memory.constants[tensor.key] = known
                self._memory.ops[-1] = as_written(self._memory.ops[-1], tensor)
            return known
        if isinstance(tensor, (bool, int, float)):
            name = self._memory.names.take(self.name + "/" + suffix)
            return self._const(name, (1,), self.output.dtype, float(tensor))
        raise UnreadableError("it reads a {}".format(type(tensor).__name__))

    def _const(
        self,
        name: str,
        shape: Tuple[int, ...],
        dtype: str,
        number: Optional[float] = None,
        form: Optional[CallForm] = None,
    ) -> Value:
        """Writes a constant that comes from where it is read; `form` is how it was made."""
        origin = self._origin()
        self._memory.add(
            Op(
                name=name,
                kind="const",
                attrs=TensorAttrs(shape, dtype.upper(), number),
                outputs=(TensorType(shape, dtype),),
                origin=replace(origin, call=form or origin.call),
            )
        )
        return Value(name)

    def shape_of(self, value: Value) -> Tuple[int, ...]:
        """Returns the shape of a value, in PyTorch's order."""
        return self._memory.types[value].shape

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
            attrs: its attributes; axes in PyTorch's order.
            inputs: what it reads; by default the call's first tensor.
            shape: its output shape in PyTorch's order; by default the call's.
            params: XIR's input name and shape of each parameter, in XIR's layout.
            suffix: set for every operator but the call's own.
            dtype: its output's element type; by default the call's.
        """
        sources = (self.value(self.x),) if inputs is None else tuple(inputs)
        size = tuple(self.output.shape if shape is None else shape)
        if inputs is None and shape is None and size == self.x.shape == ():
            size = self.shape_of(sources[0])  # a constant of no axes lies as one of one element
        element = dtype or self.output.dtype
        name = self._take(suffix)
        self._memory.add(
            Op(
                name=name,
                kind=kind,
                attrs=NoAttrs() if attrs is None else attrs,
                inputs=sources,
                outputs=(TensorType(size, element),),
                params=tuple(Param(role, TensorType(tuple(one), element)) for role, one in params),
                origin=self._origin(),
            )
        )
        return Value(name)

    def unknown(
        self,
        framework_type: str,
        message: str = "",
        transparent: bool = False,
        suffix: str = "",
        opaque: bool = False,
        macs: Optional[int] = None,
    ) -> Value:
        """Writes an operator without XIR equivalent; it keeps every input, output and weight.

        Args:
            framework_type: the framework's own name for it.
            message: why it has no XIR word, where its name does not say so.
            transparent: whether the order of axes means nothing to it, as with a function of
                each element.
            suffix: set where it is not the call's own operator.
            opaque: see `UnknownAttrs`.
            macs: likewise.
        """
        tensors = list(tensors_in((self.step.args, self.step.kwargs)))
        inputs = tuple(
            self.value(one, "const_{}".format(at) if at else "const")
            for at, one in enumerate(tensors)
        )
        if macs is None and not opaque and self.module is not None:
            # A class of the user's that extends one of torch's has another name.
            macs = 0 if costs_nothing(torch_class(self.module)) else None
        name = self._take(suffix)
        self._memory.add(
            Op(
                name=name,
                kind="unknown",
                attrs=UnknownAttrs(
                    framework_type, opaque, random=is_random(framework_type), macs=macs
                ),
                inputs=inputs,
                outputs=tuple(TensorType(one.shape, one.dtype) for one in self.step.outputs),
                params=_weights(self.module),
                origin=self._origin(),
                messages=(message,) if message else (),
            )
        )
        if transparent:
            self._memory.transparent.add(name)
        self._given = [Value(name, at) for at in range(len(self.step.outputs))]
        return Value(name)

    def source(self) -> None:
        """Has what the call gives without reading any tensor written: constants where it is read.

        Random values are an operator.
        """
        if self.step.constant:
            self._memory.sources.update((id(one), self._form()) for one in self.step.outputs)
            self._given = []
        else:
            self.unknown(self.step.operation)

    def give(self, *values: Value) -> None:
        """Says which values the call gives, where it is not what was emitted last."""
        self._given = list(values)

    def keep_argument(self, name: str, value: str) -> None:
        """Keeps an argument as it was given, for what the vendor's quantiser makes of it.

        To be called before the operators are emitted.
        """
        self._arguments += ((name, value),)

    def note(self, message: str) -> None:
        """Adds a message to what was emitted last."""
        self._memory.ops[-1] = self._memory.ops[-1].noted(message)

    def discard(self) -> None:
        """Forgets what was emitted; constants stay, and vanish where nothing reads them."""
        kept = [op for op in self.ops if op.kind == "const"]
        gone = {op.name for op in self.ops if op.kind != "const"}
        self._memory.ops[self._begin :] = kept
        self._memory.names.release(gone - {self.name})
        self._memory.transparent -= gone
        self._given, self._own = None, False

    def results(self) -> List[Value]:
        """Returns the value of each tensor that the call gives."""
        if self._given is not None:
            return self._given
        return [Value(self.ops[-1].name)] if self.ops else []

    def _take(self, suffix: str) -> str:
        if not suffix and not self._own:
            self._own = True
            return self.name
        return self._memory.names.take(self.name + "/" + (suffix or "op"))

    def _origin(self) -> Origin:
        step = self.step
        layers = (step.scope,) if step.scope else ()
        return Origin("torch", layers, step.frames, self._form())

    def _form(self) -> CallForm:
        if self.module is not None:
            computed = vars(self.module).get(COMPUTED, ())
            arguments = self._arguments + tuple(("computed", name) for name in computed)
            return CallForm(torch_class(self.module) or self.step.operation, True, arguments)
        if self.step.whole:
            return CallForm(self.step.whole, True, self._arguments)
        return CallForm(self.step.operation, False, self._arguments)


def _weights(module: Any) -> Tuple[Param, ...]:
    if module is None:
        return ()
    return tuple(
        Param(name, TensorType(tuple(one.shape), str(one.dtype).replace("torch.", "")))
        for name, one in module.named_parameters()
    )
