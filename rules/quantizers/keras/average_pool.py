"""Average pools: the DPU multiplies the sum by a factor and shifts it, an inexact mean."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Dict, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import AvgPool2dAttrs

_SPECIAL: Dict[Tuple[int, int], Fraction] = {
    (3, 3): Fraction(9 * 7, 64),
    (5, 5): Fraction(25 * 10, 256),
    (6, 6): Fraction(36 * 7, 256),
    (7, 7): Fraction(49 * 21, 1024),
    (14, 14): Fraction(196 * 21, 4096),
}
"""vitis_pooling.py; the PyTorch quantiser has 3x6 and 6x3 as well."""
_LARGEST = 255
_SQUARE_UP_TO = 8


def scale_averages(graph: Graph) -> Graph:
    """Adds a message about the scale of average pools (convert_average_pooling_to_dpu_version).

    The operator stays an `avgpool2d`: window and shape are the same, the mean is scaled.

    Requires: nothing.
    Ensures: an average pool whose mean is inexact on the DPU has a message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        if isinstance(op.attrs, AvgPool2dAttrs) and op.float_only is None:
            scale = dpu_scale(op.attrs.kernel, op.attrs.global_)
            if scale != 1:
                change[op.name] = op.noted(_message(scale))
    return graph.rewritten(change) if change else graph


def dpu_scale(kernel: Tuple[int, int], is_global: bool = False) -> Fraction:
    """Returns the ratio of the DPU's mean to the exact mean.

    Args:
        kernel: (w, h).
        is_global: whether the pool is global; a rectangle then counts as the square of the least
            common multiple of its sides, if that is at most 8.
    """
    width, height = kernel
    if is_global and width != height:
        side = width * height // math.gcd(width, height)
        if side <= _SQUARE_UP_TO:
            width = height = side
    if max(width, height) > _LARGEST:
        return Fraction(1)
    special = _SPECIAL.get((width, height))
    return _best(width * height) if special is None else special


def _best(elements: int) -> Fraction:
    """Returns the factor of the best shift.

    The factor is elements * round(2^n / elements) / 2^n, with the n below
    ceil(log2(elements * 128)) for which it is closest to 1.
    """
    shifts = range(math.ceil(math.log2(elements * 128)))
    scales = [Fraction(elements * round(2**shift / elements), 2**shift) for shift in shifts]
    return min(scales, key=lambda scale: abs(scale - 1))


def _message(scale: Fraction) -> str:
    return (
        "the vendor's Keras quantiser converts the average pool to the DPU version, whose mean is "
        f"the exact mean times {scale.numerator}/{scale.denominator} = {float(scale):.5f}"
    )
