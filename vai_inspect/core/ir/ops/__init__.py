"""The vocabulary: one definition of each operator kind.

The names are XIR's op types. Two are this project's own: `return`, which marks an output of the
graph, and `unknown`, an operator without XIR equivalent.
"""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.ir.ops import (
    activations,
    convolutions,
    detection,
    joins,
    moves,
    no_xir,
    pixels,
    pools,
    products,
    reductions,
    sources,
)
from vai_inspect.core.ir.ops.activations import ACTIVATIONS
from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.convolutions import CONVOLUTIONS_2D, CONVOLUTIONS_3D
from vai_inspect.core.ir.ops.definition import (
    OpDefinition,
    Received,
    Shape,
    ShapeError,
    Trait,
    elements,
)
from vai_inspect.core.ir.ops.joins import broadcast
from vai_inspect.core.ir.ops.moves import reshaped

_GROUPS = (
    activations,
    convolutions,
    detection,
    joins,
    moves,
    no_xir,
    pixels,
    pools,
    products,
    reductions,
    sources,
)

OPS: Dict[str, OpDefinition] = {one.name: one for group in _GROUPS for one in group.DEFINITIONS}
"""Every kind by its name."""


def having(trait: Trait) -> Tuple[str, ...]:
    """Returns the kinds of a trait."""
    return tuple(name for name, one in OPS.items() if trait in one.traits)


SOURCES = frozenset(having(Trait.SOURCE))
"""Kinds without inputs."""


def output_shape(
    kind: str, attrs: Attrs, inputs: Sequence[Shape], params: Optional[Mapping[str, Shape]] = None
) -> Optional[Shape]:
    """Returns the shape that an operator gives, or None where no rule says it.

    Args:
        kind: a key of the vocabulary.
        attrs: its attributes.
        inputs: shapes of what it reads, NHWC or NDHWC.
        params: shapes of its parameters by XIR's input name, in XIR's layout.

    Raises:
        ShapeError: an operator of these attributes cannot read such inputs, or would give
            nothing.
    """
    shape = OPS[kind].output_shape(Received(attrs, tuple(inputs), params or {}))
    if shape is not None and any(size < 1 for size in shape):
        raise ShapeError(f"it would give {shape}")
    return shape


__all__ = [
    "ACTIVATIONS",
    "Attrs",
    "CONVOLUTIONS_2D",
    "CONVOLUTIONS_3D",
    "OPS",
    "OpDefinition",
    "Received",
    "SOURCES",
    "Shape",
    "ShapeError",
    "Trait",
    "broadcast",
    "elements",
    "having",
    "output_shape",
    "reshaped",
]
