"""What an operator costs: multiply-accumulate operations and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from vai_inspect.core.ir import OPS, Graph, Op, TensorType
from vai_inspect.core.ir.ops import Received


@dataclass(frozen=True)
class Macs:
    """The multiply-accumulate operations of an operator for the shapes it has.

    Attributes:
        count: how many, or None where they are not known.
        unknown: why they are unknown; None where they are known.
    """

    count: Optional[int]
    unknown: Optional[str]


def count_macs(op: Op, graph: Graph) -> Macs:
    """Returns the multiply-accumulate operations of an operator, or why they are not known.

    Convolutions, inner products and matrix products count; a bias is not counted. Operators
    that move, compare, add, scale or pool count 0, as the usual tables have it. A transposed
    convolution counts what falls outside its output, too.
    """
    rule = OPS[op.kind].macs
    if rule is None:
        return Macs(None, f"there is no usual count for {op.kind}")
    received = Received(
        op.attrs,
        tuple(tensor.shape for tensor in graph.input_types(op)),
        {param.role: param.type.shape for param in op.params},
    )
    count = rule(received, op.output.shape)
    if count is not None:
        return Macs(count, None)
    opaque = op.kind == "unknown"
    why = "what it computes is not known" if opaque else "the shape of its weights is not known"
    return Macs(None, why)


def macs(op: Op, graph: Graph) -> Optional[int]:
    """Returns the multiply-accumulate operations of an operator, or None; see `count_macs`."""
    return count_macs(op, graph).count


def dpu_bytes(tensor: TensorType) -> int:
    """Returns the size of a tensor as the DPU holds it: one byte (int8) an element."""
    return tensor.elements
