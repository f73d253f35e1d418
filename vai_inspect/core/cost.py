"""What an operator costs: multiply-accumulate operations and bytes."""

from __future__ import annotations

from typing import Optional

from vai_inspect.core.ir import Graph, Op, TensorType

_FREE = frozenset(
    ("data", "const", "return", "identity", "reshape", "flatten", "squeeze", "transpose")
    + ("concat", "stack", "pad", "strided_slice", "resize", "maxpool1d", "maxpool2d", "avgpool2d")
    + ("add", "sub", "mul", "div", "min", "max", "exp", "neg", "cast", "softmax", "argmax")
    + ("relu", "relu6", "leaky-relu", "prelu", "elu", "celu", "gelu", "mish", "selu", "sigmoid")
    + ("swish", "tanh", "hard-sigmoid", "hard-swish", "hard-tanh", "batchnorm", "scale")
    + ("reduction_mean", "reduction_sum", "reduction_max", "reduction_product", "l2_normalize")
    + ("pixel-shuffle", "reorg", "instancenorm", "groupnorm", "threshold", "shape")
)


def macs(op: Op, graph: Graph) -> Optional[int]:
    """Returns the multiply-accumulate operations of an operator for the shapes it has.

    Convolutions, inner products and matrix products count; a bias is not counted. Operators
    that move, compare, add or pool count 0, as the usual tables have it.

    Returns:
        The count, or None where it cannot be told: an unknown operator, missing weights.
    """
    if op.kind in _FREE:
        return 0
    weights = op.param("weights")
    if op.kind == "matmul":
        first = graph.input_types(op)[0].shape
        inner = first[-2 if op.attributes()["transpose_a"] else -1] if len(first) > 1 else first[0]
        return op.output.elements * inner
    if weights is None:
        return None
    if op.kind == "inner-product":
        return op.output.elements * weights.shape[-1]
    if op.kind.startswith("transposed-"):
        return _per_position(op, graph.input_types(op)[0], weights)
    return _per_position(op, op.output, weights)


def dpu_bytes(tensor: TensorType) -> int:
    """Returns the size of a tensor as the DPU holds it: one byte (int8) an element."""
    return tensor.elements


def _per_position(op: Op, positions: TensorType, weights: TensorType) -> int:
    """Every weight is used once for each position (h, w) of each image.

    Depthwise weights [multiplier, kh, kw, c] hold one filter an output channel as well, so the
    count is the same.
    """
    count = positions.elements // max(1, positions.channels)
    return count * weights.elements
