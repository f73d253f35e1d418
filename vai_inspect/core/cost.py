"""What an operator costs: multiply-accumulate operations and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from vai_inspect.core.ir import Graph, Op, TensorType
from vai_inspect.core.ir.attrs import UnknownAttrs

_FREE = frozenset(
    ("data", "const", "return", "identity", "reshape", "flatten", "squeeze", "transpose", "shape")
    + ("upload", "download", "placeholder", "random_standard_normal", "gstiling", "threshold")
    + ("concat", "stack", "pad", "strided_slice", "resize", "maxpool1d", "maxpool2d", "avgpool2d")
    + ("add", "sub", "mul", "div", "min", "max", "exp", "neg", "cast", "softmax", "argmax")
    + ("relu", "relu6", "leaky-relu", "prelu", "elu", "celu", "gelu", "mish", "selu", "sigmoid")
    + ("swish", "tanh", "hard-sigmoid", "hard-swish", "hard-tanh", "hard-softmax")
    + ("reduction_mean", "reduction_sum", "reduction_max", "reduction_product", "l2_normalize")
    + ("batchnorm", "scale", "instancenorm", "groupnorm", "pixel-shuffle", "reorg", "priorbox")
)
"""Kinds that move, compare, add, scale or pool."""

_WEIGHTED = ("inner-product", "conv1d", "conv2d", "conv3d")
_WINDOWS = ("conv2d", "conv3d")


@dataclass(frozen=True)
class Macs:
    """The multiply-accumulate operations of an operator for the shapes it has.

    Attributes:
        count: how many, or None where they cannot be told.
        untold: why not; None where they are told.
    """

    count: Optional[int]
    untold: Optional[str]


def count_macs(op: Op, graph: Graph) -> Macs:
    """Returns the multiply-accumulate operations of an operator, or why they cannot be told.

    Convolutions, inner products and matrix products count; a bias is not counted. Operators
    that move, compare, add, scale or pool count 0, as the usual tables have it. A transposed
    convolution counts what falls outside its output, too.
    """
    count = _macs(op, graph)
    if count is not None:
        return Macs(count, None)
    if op.kind == "unknown":
        why = "what it computes is not known"
    elif _counts_weights(op.kind):
        why = "the shape of its weights is not known"
    else:
        why = "there is no usual count for {}".format(op.kind)
    return Macs(None, why)


def macs(op: Op, graph: Graph) -> Optional[int]:
    """Returns the multiply-accumulate operations of an operator, or None; see `count_macs`."""
    return count_macs(op, graph).count


def dpu_bytes(tensor: TensorType) -> int:
    """Returns the size of a tensor as the DPU holds it: one byte (int8) an element."""
    return tensor.elements


def _macs(op: Op, graph: Graph) -> Optional[int]:
    if op.kind in _FREE or (isinstance(op.attrs, UnknownAttrs) and op.attrs.idle):
        return 0
    if op.kind == "matmul":
        first = graph.input_types(op)[0].shape
        inner = first[-2 if op.attributes()["transpose_a"] else -1] if len(first) > 1 else first[0]
        return op.output.elements * inner
    weights = op.param("weights")
    if weights is None or not _counts_weights(op.kind):
        return None
    if op.kind == "inner-product":
        return op.output.elements * weights.shape[-1]
    positions = graph.input_types(op)[0] if op.kind.startswith("transposed-") else op.output
    return _per_position(positions, weights)


def _counts_weights(kind: str) -> bool:
    plain = kind[len("transposed-") :] if kind.startswith("transposed-") else kind
    plain = plain[len("depthwise-") :] if plain.startswith("depthwise-") else plain
    return plain in (_WEIGHTED if plain == kind else _WINDOWS)


def _per_position(positions: TensorType, weights: TensorType) -> int:
    """Every weight is used once for each position (h, w) of each image.

    Depthwise weights [multiplier, kh, kw, c] hold one filter an output channel as well, so the
    count is the same.
    """
    return positions.elements // max(1, positions.channels) * weights.elements
