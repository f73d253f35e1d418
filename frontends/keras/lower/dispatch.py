"""Maps a layer's class to its lowering."""

from __future__ import annotations

from functools import partial
from typing import Dict, List, Optional

from vai_inspect.core.errors import CaptureError
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.ops import ShapeError
from vai_inspect.frontends.graph_builder import UnreadableError, problem_with, unreadable
from vai_inspect.frontends.keras.lower import (
    activation,
    conv,
    dense,
    identity,
    merge,
    normalization,
    opaque_layers,
    ops_math,
    ops_nn,
    ops_shape,
    pooling,
    reshaping,
    resize,
    transposed,
    wrapped,
)
from vai_inspect.frontends.keras.lower.call import Call, Lowering, OutputUnknownError
from vai_inspect.frontends.keras.lower.channels_first import keeps_first
from vai_inspect.frontends.keras.lower.layer import Layer


class LayerRefusesError(CaptureError):
    """A layer does not accept its inputs, in a model that is read without Keras."""


LAYERS: Dict[str, Lowering] = {
    **conv.LAYERS,
    **transposed.LAYERS,
    **dense.LAYERS,
    **pooling.LAYERS,
    **activation.LAYERS,
    **normalization.LAYERS,
    **merge.LAYERS,
    **reshaping.LAYERS,
    **resize.LAYERS,
    **identity.LAYERS,
    **opaque_layers.LAYERS,
    **wrapped.LAYERS,
}
"""Keras's layers by class name."""

OPERATIONS: Dict[str, Lowering] = {
    **ops_math.OPERATIONS,
    **ops_nn.OPERATIONS,
    **ops_shape.OPERATIONS,
}
"""Keras's operations (`keras.ops`) by class name; some share a layer's name, such as Add."""


def lower(call: Call) -> List[Op]:
    """Returns the operators of one call; the output of the last is the output of the call.

    A call without a lowering, or whose lowering fails, becomes an `unknown` operator with the
    framework's own name.

    Raises:
        OutputUnknownError: the config does not determine the output shape.
    """
    name = call.operation.class_name
    lowering = find_lowering(call.operation)
    if lowering is None:
        call.unknown(name)
        return call.finished()
    _check_layout(call)
    problem = problem_with(partial(_lower, lowering), call, Call.mismatch)
    if problem:
        call.discard()
        call.unknown(name, unreadable(problem))
    return call.finished()


def find_lowering(operation: Layer) -> Optional[Lowering]:
    """Returns the lowering of a layer or operation, or None.

    A user's subclass is read as the Keras class it extends unless it overrides `call`.
    """
    table = LAYERS if operation.is_layer else OPERATIONS
    return None if operation.keras_class is None else table.get(operation.keras_class)


def _lower(lowering: Lowering, call: Call) -> None:
    """Lowers a call; raises for invalid inputs, as Keras would."""
    try:
        lowering(call)
    except ShapeError as error:
        if call.knows_outputs:
            raise UnreadableError(str(error)) from error
        shapes = ", ".join(str(tensor.shape) for tensor in call.types)
        raise LayerRefusesError(f"layer {call.path!r} refuses {shapes}: {error}") from error


def _check_layout(call: Call) -> None:
    """Rejects a channels-first call that was not converted, such as that of a nested layer.

    Raises:
        OutputUnknownError: the layer is channels-first; the model must be loaded.
    """
    if keeps_first(call.operation):
        raise OutputUnknownError(
            f"Layer {call.path!r} ({call.operation.class_name}) keeps its channels first"
        )
