"""Shape rules: the output shape of an operator, from its kind, attributes and inputs.

They stand for the framework where a model is read from a file without it, and check it where it
is there.
"""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Sequence

from vai_inspect.core.ir.attrs import Attrs
from vai_inspect.core.ir.shapes import joins, moves, windows
from vai_inspect.core.ir.shapes.base import Received, Rule, Shape, ShapeError
from vai_inspect.core.ir.shapes.joins import broadcast
from vai_inspect.core.ir.shapes.moves import elements, reshaped

RULES: Dict[str, Rule] = {**windows.RULES, **joins.RULES, **moves.RULES}
"""The rule of each kind that a frontend of float models writes."""


def output_shape(
    kind: str, attrs: Attrs, inputs: Sequence[Shape], params: Optional[Mapping[str, Shape]] = None
) -> Optional[Shape]:
    """Returns the shape that an operator gives, or None where no rule tells it.

    Args:
        kind: a key of the vocabulary.
        attrs: its attributes.
        inputs: shapes of what it reads, NHWC or NDHWC.
        params: shapes of its parameters by XIR's input name, in XIR's layout.

    Raises:
        ShapeError: an operator of these attributes cannot read such inputs, or would give
            nothing.
    """
    rule = RULES.get(kind)
    if rule is None:
        return None
    shape = rule(Received(attrs, tuple(inputs), params or {}))
    if shape is not None and any(size < 1 for size in shape):
        raise ShapeError("it would give {}".format(shape))
    return shape


__all__ = [
    "RULES",
    "Shape",
    "ShapeError",
    "broadcast",
    "elements",
    "output_shape",
    "reshaped",
]
