"""The input of a layer's shape rule, and the rules that layers and operations share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.ir.ops import Shape, ShapeError, broadcast
from vai_inspect.frontends.keras.config.values import Array
from vai_inspect.frontends.keras.lower.layer import Layer


@dataclass(frozen=True)
class ShapeInput:
    """The arguments of a layer's call.

    Attributes:
        layer: the layer.
        shapes: shapes of the tensors it reads, in order.
        args: positional arguments of the call.
        kwargs: keyword arguments of the call.
        probe: returns the output shapes of a nested layer for input shapes, or None if they are
            not known.
    """

    layer: Layer
    shapes: Sequence[Shape]
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    probe: Callable[[Layer, Sequence[Shape]], Optional[List[Shape]]]

    @property
    def shape(self) -> Shape:
        """Shape of the first tensor."""
        if not self.shapes:
            raise ShapeError("it reads no tensor")
        return self.shapes[0]


Rule = Callable[[ShapeInput], Optional[List[Shape]]]


def same(given: ShapeInput) -> Optional[List[Shape]]:
    """The shape of the first tensor."""
    return [given.shape]


def merged(given: ShapeInput) -> Optional[List[Shape]]:
    """The broadcast shape of all: layers are called with one list, operations with operands."""
    operands = given.args if not given.layer.is_layer else ()
    if any(isinstance(operand, (tuple, list, dict)) for operand in operands):
        return None
    arrays = [operand.shape for operand in operands if isinstance(operand, Array)]
    return [broadcast([*given.shapes, *arrays])]
