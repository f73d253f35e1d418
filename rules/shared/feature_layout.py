"""How the compiler lays the features of an inner product out as a feature map.

The pass TransferMatMulToConv2d makes a convolution of every inner product before operators are
placed. From release 2.0 on a map that is flattened directly before it is kept as the window of the
convolution where it fits; other features are factorised: their prime
factors, in ascending order, go round robin to height, width and channels.

Sources: the published pass; layouts of compiled models of releases 1.4.1 to 3.5.0.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from vai_inspect.core.ir import ACTIVATIONS, Graph, Op
from vai_inspect.rules.shared.layouts import RESHAPES, pixel_to_nchw, to_nchw

AXES = 3


class Layout(NamedTuple):
    """A feature map of one image."""

    height: int
    width: int
    channels: int

    def __str__(self) -> str:
        return f"{self.height} x {self.width} x {self.channels}"


def factorised(features: int, kernel: int, channels: int) -> Optional[Layout]:
    """Returns the layout of factorised features, or None where there is none.

    Args:
        features: number of input features.
        kernel: the largest kernel size; height and width stay below it.
        channels: the most input channels; the channels of the layout stay below it.
    """
    if features < 2:
        return None
    found = _primes(features)
    factors = sorted(found if len(found) >= AXES else [features, 1, 1])
    limits, sizes = (kernel, kernel, channels), [1, 1, 1]
    axis = refused = 0
    while factors and refused < AXES:
        size = sizes[axis] * factors[0]
        if size < limits[axis]:
            sizes[axis] = size
            factors.pop(0)
            refused = 0
        else:
            refused += 1
        axis = (axis + 1) % AXES
    return None if any(factor > 1 for factor in factors) else Layout(*sizes)


def _primes(number: int) -> List[int]:
    found: List[int] = []
    factor = 2
    while factor * factor <= number:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1 if factor == 2 else 2
    return [*found, number] if number > 1 else found


def own_map(product: Op, graph: Graph) -> Optional[Layout]:
    """Returns the feature map that an inner product reads, or None where it reads a vector.

    That is the map that is flattened directly before it (a permute to NCHW before the flatten is
    folded into the weights), or, after another inner product, a map of one pixel.
    """
    features = graph.input_types(product)[0].channels
    before = graph.producer(product)
    if before is not None and before.kind in RESHAPES:
        value = before.inputs[0]
        source = graph.producer(before)
        if source is not None and source.kind == "transpose":
            if not to_nchw(source):
                return None
            value = source.inputs[0]
        elif source is not None and pixel_to_nchw(source, graph):
            value = source.inputs[0]
        shape = graph.type_of(value).shape
        whole = len(shape) == 4 and shape[1] * shape[2] * shape[3] == features
        return Layout(shape[1], shape[2], shape[3]) if whole else None
    return Layout(1, 1, features) if reads_product(product, graph) else None


def reads_product(product: Op, graph: Graph) -> bool:
    """Returns whether an inner product reads another one, or its activation."""
    before = graph.producer(product)
    while before is not None and before.kind in ACTIVATIONS:
        before = graph.producer(before)
    return before is not None and before.kind == "inner-product"
