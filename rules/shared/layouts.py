"""Reshapes and permutes that rules tell from others."""

from __future__ import annotations

from vai_inspect.core.ir import Graph, Op

RESHAPES = ("reshape", "flatten", "squeeze")
FLATTENS = ("flatten", "reshape")
TO_NCHW = (0, 3, 1, 2)
"""The order of a permute from NHWC to NCHW."""
TO_NHWC = (0, 2, 3, 1)
OF_GROUPS = (0, 2, 1, 3, 4)
"""The order of a shuffle of channels, laid out as (n, groups, channels, h, w)."""


def to_nchw(node: Op) -> bool:
    """Returns whether an operator is the permute from NHWC to NCHW."""
    return node.kind == "transpose" and tuple(node.attributes()["order"]) == TO_NCHW


def pixel_to_nchw(node: Op, graph: Graph) -> bool:
    """Returns whether a reshape is the permute from NHWC to NCHW of a map of one pixel."""
    if node.kind != "reshape":
        return False
    shape = graph.input_types(node)[0].shape
    return len(shape) == 4 and node.output.shape == (shape[0], shape[3], 1, 1) != shape


def folded_into_weights(permute: Op, graph: Graph) -> bool:
    """Returns whether a permute to NCHW is read only by flattens whose inner products absorb it."""
    if not to_nchw(permute):
        return False
    readers = graph.consumers(permute)
    return bool(readers) and all(feeds_products(reader, graph) for reader in readers)


def feeds_products(reshape: Op, graph: Graph) -> bool:
    """Returns whether an operator is a flatten that only inner products read."""
    readers = graph.consumers(reshape)
    return (
        reshape.kind in FLATTENS
        and bool(readers)
        and all(reader.kind == "inner-product" for reader in readers)
    )
