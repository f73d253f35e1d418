"""Lowers planned calls and infers the shapes between them."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Callable, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.core.ir import TensorType
from vai_inspect.core.ir.ops import Shape, ShapeError
from vai_inspect.frontends.keras.config.call_order import Planned, Symbol
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.shape_input import Given
from vai_inspect.frontends.keras.config.shapes import layer_shapes
from vai_inspect.frontends.keras.live.nested import mapped
from vai_inspect.frontends.keras.live.trace import InputTensor, Step
from vai_inspect.frontends.keras.lower.assembly import Assembly
from vai_inspect.frontends.keras.lower.call import OutputUnknownError
from vai_inspect.frontends.keras.lower.channels_first import Turned, keeps_first, to_first, to_last
from vai_inspect.frontends.keras.lower.dispatch import LayerRefusesError
from vai_inspect.frontends.keras.lower.layer import Layer

_ASSUMED = (
    "the file does not determine its output shape; that of its input is shown, and no other "
    "operator reads it"
)


Declared = Callable[[], Optional[Sequence[Shape]]]
"""Returns the output shapes of a call that the file declares; used if no rule infers them."""


def _undeclared() -> None:
    """Returns no declared shapes."""


def agrees(own: Sizes, shape: Shape) -> bool:
    """Returns whether two shapes are equal except for the batch and open dimensions of `own`."""
    pairs = list(zip(own, shape))[1:]
    return len(own) == len(shape) and all(recorded in (None, size) for recorded, size in pairs)


class Steps:
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

    def write(self, assembly: Assembly, call: Planned) -> None:
        """Lowers one call and sets the shapes of its outputs.

        Raises:
            OutputUnknownError: the output shape is not known.
            LayerRefusesError: the layer does not accept its inputs.
            ModelError: the file contradicts the result.
        """
        types = self._lowered(assembly, call, partial(self._declared, call))
        assembly.enter(self._settled(call, types))

    def inferred(self, call: Planned) -> Step:
        """Returns one call with its output shapes, in the user's axis order.

        A channels-first layer is inferred with channels last.

        Raises:
            OutputUnknownError, LayerRefusesError, ModelError: see `write`.
        """
        inferred: Planned = call
        declared: Declared = partial(self._declared, call)
        first = keeps_first(call.layer)
        if first:
            inferred, declared = _with_channels_last(call), _undeclared
        try:
            assembly = Assembly([InputTensor("input", one) for one in inferred.inputs], [])
            types = self._lowered(assembly, inferred, declared)
        except OutputUnknownError:
            shapes = self._declared(call)
            if not first or shapes is None:
                raise
            types = tuple(TensorType(shape, _dtype(call)) for shape in shapes)
        else:
            types = tuple(map(_first, types)) if first else types
        outputs = tuple(self._settled(call, types))
        return dataclasses.replace(_step(call, None), outputs=outputs)

    def _lowered(
        self, assembly: Assembly, call: Planned, declared: Declared
    ) -> Tuple[TensorType, ...]:
        try:
            return _lowered(assembly, call, declared)
        except OutputUnknownError:
            if not (self._assume_last and call.last and call.inputs):
                raise
        shapes = [call.inputs[0].shape] * (max(call.outputs, default=0) + 1)
        return assembly.call(dataclasses.replace(_step(call, shapes), messages=(_ASSUMED,)))

    def _settled(self, call: Planned, types: Sequence[TensorType]) -> List[Symbol]:
        """Sets the shapes of a call's outputs and compares them with the recorded ones."""
        symbols = [call.outputs.get(index, Symbol()) for index in range(len(types))]
        for symbol, tensor in zip(symbols, types):
            symbol.shape, symbol.dtype = tensor.shape, tensor.dtype
            record = symbol.recorded[0] if self._recorded and symbol.recorded else None
            if record is not None and not agrees(record, tensor.shape):
                raise ModelError(
                    f"{self.path} contradicts itself: the output shape of layer {call.path!r} is "
                    f"{tensor.shape} by its settings, but {record} is recorded."
                )
        if any(index >= len(types) for index in call.outputs):
            raise ModelError(
                f"{self.path} reads {max(call.outputs) + 1} outputs of layer {call.path!r}, which "
                f"has {len(types)}."
            )
        return symbols

    def _declared(self, call: Planned) -> Optional[List[Shape]]:
        """Returns the output shapes of a call in the file, or None if one is incomplete."""
        if not self._recorded:
            return None
        shapes: List[Shape] = []
        batch = call.inputs[0].shape[0] if call.inputs and call.inputs[0].shape else 1
        for index in range(max(call.outputs, default=-1) + 1):
            symbol = call.outputs.get(index)
            sizes = None if symbol is None else symbol.hint
            if symbol is not None and symbol.recorded is not None:
                sizes = symbol.recorded[0]
            if sizes is None or None in sizes[1:]:
                return None
            shapes.append(tuple(batch if size is None else size for size in sizes))
        return shapes or None


def _lowered(assembly: Assembly, call: Planned, declared: Declared) -> Tuple[TensorType, ...]:
    """Lowers one call, with the declared output shapes if no rule infers them."""
    try:
        given = Given(call.layer, _shapes(call), call.args, call.kwargs, _probe)
        known = layer_shapes(given)
    except ShapeError as error:
        raise LayerRefusesError(
            "layer {!r} refuses {}: {}".format(call.path, ", ".join(map(str, _shapes(call))), error)
        ) from error
    try:
        return assembly.call(_step(call, known))
    except OutputUnknownError:
        shapes = declared()
        if shapes is None:
            raise
        return assembly.call(_step(call, shapes))


def _step(call: Planned, shapes: Optional[Sequence[Shape]]) -> Step:
    outputs: Optional[Tuple[Symbol, ...]] = None
    if shapes is not None:
        outputs = tuple(_symbol(shape, _dtype(call)) for shape in shapes)
    return Step(
        call.layer, call.path, call.args, call.kwargs, call.inputs, outputs, calls=call.calls
    )


def _dtype(call: Planned) -> str:
    return call.layer.compute_dtype or (call.inputs[0].dtype if call.inputs else "float32")


def _symbol(shape: Shape, dtype: str) -> Symbol:
    symbol = Symbol()
    symbol.shape, symbol.dtype = tuple(shape), dtype
    return symbol


def _shapes(call: Planned) -> List[Shape]:
    return [symbol.shape for symbol in call.inputs]


def _with_channels_last(call: Planned) -> Planned:
    """Returns the channels-last equivalent of a call."""
    rank = len(call.inputs[0].shape) if call.inputs else 0
    known = {
        id(one): _symbol(tuple(one.shape[axis] for axis in to_last(len(one.shape))), one.dtype)
        for one in call.inputs
        if len(one.shape) > 2
    }
    return dataclasses.replace(
        call,
        layer=Turned(call.layer, rank),
        args=mapped(call.args, known.get),
        kwargs=mapped(call.kwargs, known.get),
        inputs=tuple(known.get(id(one), one) for one in call.inputs),
    )


def _first(tensor: TensorType) -> TensorType:
    if tensor.rank < 3:
        return tensor
    return TensorType(tuple(tensor.shape[axis] for axis in to_first(tensor.rank)), tensor.dtype)


def _probe(layer: Layer, shapes: Sequence[Shape]) -> Optional[List[Shape]]:
    """Returns the output shapes of a nested layer by lowering it separately, or None."""
    symbols = tuple(_symbol(shape, "float32") for shape in shapes)
    call = Planned(layer, "layer", symbols, {}, symbols)
    try:
        assembly = Assembly([InputTensor("input", one) for one in symbols], [])
        types = _lowered(assembly, call, _undeclared)
    except OutputUnknownError:
        return None
    return [tensor.shape for tensor in types]
