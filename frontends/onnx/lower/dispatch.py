"""Maps an operator's domain and type to its lowering."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.frontends.graph_builder import UnreadableError, problem_with, unreadable
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower import (
    activation,
    conv,
    elementwise,
    normalization,
    others,
    pooling,
    products,
    quantised,
    reduction,
    resize,
    selection,
    shape,
)

TABLES = (
    activation,
    conv,
    elementwise,
    normalization,
    others,
    pooling,
    products,
    quantised,
    reduction,
    resize,
    selection,
    shape,
)
"""Modules with lowerings, each of a group of operators."""
LOWERINGS: Dict[str, Lowering] = {
    name: lowering for table in TABLES for name, lowering in table.LOWERINGS.items()
}
"""Operators of the ONNX domain by type."""

_MICROSOFT = "com.microsoft"


def find_lowering(call: Call) -> Optional[Lowering]:
    """Returns the lowering of a node, or None."""
    node = call.node
    if not node.domain:
        return LOWERINGS.get(node.op_type)
    if node.op_type in quantised.VENDOR:
        return quantised.VENDOR[node.op_type]
    if node.domain == _MICROSOFT:
        own = {"Gelu": LOWERINGS["Gelu"], **quantised.MICROSOFT}
        return own.get(node.op_type)
    return None


def lower(call: Call) -> None:
    """Lowers one node.

    A node without a lowering, or whose lowering fails, becomes an `unknown` operator with its own
    type and the shape that the file declares.

    Raises:
        UnreadableError: its shape is not known.
    """
    lowering = find_lowering(call)
    shapes = [None] * len(call.node.outputs)
    if lowering is None:
        domain = call.node.domain
        name = f"{domain}::{call.node.op_type}" if domain else ""
        message = f"an operator of the domain {domain}" if domain else ""
        if any(one.graph is not None for one in call.node.attributes.values()):
            message = "it runs inner graphs, whose operators are not inspected"
        call.unknown(shapes, name, message, opaque=True)
        return
    problem = problem_with(lowering, call)
    if not problem:
        return
    call.discard()
    try:
        call.unknown(shapes, message=unreadable(problem), opaque=True)
    except UnreadableError as error:
        raise UnreadableError(problem) from error
