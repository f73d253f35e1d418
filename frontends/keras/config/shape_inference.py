"""Lowers planned calls and infers the shapes between them."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Callable, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.core.ir import TensorType
from vai_inspect.core.ir.ops import Shape, ShapeError
from vai_inspect.frontends.keras.config.call_order import PlannedCall, PlannedTensor
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.shape_input import ShapeInput
from vai_inspect.frontends.keras.config.shapes import layer_shapes
from vai_inspect.frontends.keras.lower.assembly import Assembly
from vai_inspect.frontends.keras.lower.call import OutputUnknownError
from vai_inspect.frontends.keras.lower.channels_first import (
    keeps_first,
    to_first,
    turned,
    with_channels_last,
    with_tensors,
)
from vai_inspect.frontends.keras.lower.dispatch import LayerRefusesError
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.steps import InputTensor, Step, Symbol

_ASSUMED = (
    "the file does not determine its output shape; that of its input is shown, and no other "
    "operator reads it"
)

Types = Tuple[TensorType, ...]
Declared = Callable[[], Optional[Sequence[Shape]]]
"""Returns the output shapes of a call that the file declares; used if no rule infers them."""


def _undeclared() -> None:
    """Returns no declared shapes."""


def agrees(own: Sizes, shape: Shape) -> bool:
    """Returns whether two shapes are equal except for the batch and open dimensions of `own`."""
    pairs = list(zip(own, shape))[1:]
    return len(own) == len(shape) and all(recorded in (None, size) for recorded, size in pairs)


class ShapeInference:
    """Infers the outputs of each call, in topological order.

    Args:
        path: the file, for messages.
        recorded: whether the shapes recorded in the file are valid for the input shapes.
        assume_last: see `capture_stored`.
    """

    def __init__(self, path: str, recorded: bool, assume_last: bool) -> None:
        self.path = path
        self._recorded = recorded
        self._assume_last = assume_last

    def write(self, assembly: Assembly, call: PlannedCall) -> None:
        """Lowers one call and sets the shapes of its outputs.

        Raises:
            OutputUnknownError: the output shape is not known.
            LayerRefusesError: the layer does not accept its inputs.
            ModelError: the file contradicts the result.
        """
        types = self._types(assembly, call, call.step, partial(self._declared, call))
        assembly.enter(self._settled(call, types))

    def inferred(self, call: PlannedCall) -> Step:
        """Returns one call with its output shapes, in the user's axis order.

        A channels-first layer is inferred with channels last.

        Raises:
            OutputUnknownError, LayerRefusesError, ModelError: see `write`.
        """
        step: Step = call.step
        declared: Declared = partial(self._declared, call)
        first = keeps_first(step.operation)
        if first:
            known = {id(one): turned(one) for one in step.inputs if len(one.shape) > 2}
            step, declared = with_channels_last(with_tensors(step, known)), _undeclared
        try:
            types = self._types(_assembly_of(step), call, step, declared)
        except OutputUnknownError:
            shapes = self._declared(call)
            if not first or shapes is None:
                raise
            types = tuple(TensorType(shape, _dtype(call.step)) for shape in shapes)
        else:
            types = tuple(map(_first, types)) if first else types
        return dataclasses.replace(call.step, outputs=tuple(self._settled(call, types)))

    def _types(
        self, assembly: Assembly, call: PlannedCall, step: Step, declared: Declared
    ) -> Types:
        """Lowers a call and returns its output types, those of its input if they may be assumed."""
        try:
            return _lowered(assembly, step, declared)
        except OutputUnknownError:
            if not (self._assume_last and call.last and step.inputs):
                raise
        shapes = [step.inputs[0].shape] * (max(call.outputs, default=0) + 1)
        step = dataclasses.replace(_with_outputs(step, shapes), messages=(_ASSUMED,))
        return assembly.call(step)

    def _settled(self, call: PlannedCall, types: Sequence[TensorType]) -> List[PlannedTensor]:
        """Sets the shapes of a call's outputs and compares them with the recorded ones."""
        tensors = [call.outputs.get(index, PlannedTensor()) for index in range(len(types))]
        for tensor, inferred in zip(tensors, types):
            tensor.shape, tensor.dtype = inferred.shape, inferred.dtype
            record = tensor.recorded[0] if self._recorded and tensor.recorded else None
            if record is not None and not agrees(record, inferred.shape):
                raise ModelError(
                    f"{self.path} contradicts itself: the output shape of layer "
                    f"{call.step.path!r} is {inferred.shape} by its settings, but {record} is "
                    "recorded."
                )
        if any(index >= len(types) for index in call.outputs):
            raise ModelError(
                f"{self.path} reads {max(call.outputs) + 1} outputs of layer "
                f"{call.step.path!r}, which has {len(types)}."
            )
        return tensors

    def _declared(self, call: PlannedCall) -> Optional[List[Shape]]:
        """Returns the output shapes of a call in the file, or None if one is incomplete."""
        if not self._recorded:
            return None
        shapes: List[Shape] = []
        inputs = call.step.inputs
        batch = inputs[0].shape[0] if inputs and inputs[0].shape else 1
        for index in range(max(call.outputs, default=-1) + 1):
            tensor = call.outputs.get(index)
            sizes = None if tensor is None else tensor.hint
            if tensor is not None and tensor.recorded is not None:
                sizes = tensor.recorded[0]
            if sizes is None or None in sizes[1:]:
                return None
            shapes.append(tuple(batch if size is None else size for size in sizes))
        return shapes or None


def _lowered(assembly: Assembly, step: Step, declared: Declared) -> Types:
    """Lowers one call, with the declared output shapes if no rule infers them."""
    read = [tensor.shape for tensor in step.inputs]
    try:
        given = ShapeInput(step.operation, read, step.args, step.kwargs, _probe)
        shapes = layer_shapes(given)
    except ShapeError as error:
        received = ", ".join(map(str, read))
        raise LayerRefusesError(f"layer {step.path!r} refuses {received}: {error}") from error
    try:
        return assembly.call(step if shapes is None else _with_outputs(step, shapes))
    except OutputUnknownError:
        found = declared()
        if found is None:
            raise
        return assembly.call(_with_outputs(step, found))


def _with_outputs(step: Step, shapes: Sequence[Shape]) -> Step:
    dtype = _dtype(step)
    return dataclasses.replace(step, outputs=tuple(Symbol(tuple(one), dtype) for one in shapes))


def _dtype(step: Step) -> str:
    return step.operation.compute_dtype or (step.inputs[0].dtype if step.inputs else "float32")


def _assembly_of(step: Step) -> Assembly:
    """Returns the beginning of a graph of one call."""
    return Assembly([InputTensor("input", one) for one in step.inputs], [])


def _first(tensor: TensorType) -> TensorType:
    if tensor.rank < 3:
        return tensor
    return TensorType(tuple(tensor.shape[axis] for axis in to_first(tensor.rank)), tensor.dtype)


def _probe(layer: Layer, shapes: Sequence[Shape]) -> Optional[List[Shape]]:
    """Returns the output shapes of a nested layer by lowering it separately, or None."""
    read = tuple(Symbol(shape, "float32") for shape in shapes)
    step = Step(layer, "layer", read, {}, read)
    try:
        types = _lowered(_assembly_of(step), step, _undeclared)
    except OutputUnknownError:
        return None
    return [tensor.shape for tensor in types]
