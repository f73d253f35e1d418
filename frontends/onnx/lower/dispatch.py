"""Maps an operator's domain and type to its lowering."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

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
from vai_inspect.frontends.onnx.tensors import (
    Computed,
    Constant,
    DataDependentError,
    Shape,
    UndeclaredError,
    UnknownValuesError,
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
DATA_DEPENDENT = (
    "Compress",
    "ConstantOfShape",
    "NonMaxSuppression",
    "NonZero",
    "Range",
    "StringSplit",
    "Unique",
)
"""Operators of the ONNX domain without a lowering whose output shapes depend on the data."""

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
        UnreadableError: its shape is not known; a `DataDependentError` if only running tells it,
            an `UndeclaredError` if only the file could.
    """
    lowering = find_lowering(call)
    node, opset, inputs = call.node, call.opset, call.inputs
    shapes: Sequence[Optional[Shape]] = [None] * len(node.outputs)
    if lowering is None:
        domain = call.node.domain
        name = f"{domain}::{call.node.op_type}" if domain else ""
        message = f"an operator of the domain {domain}" if domain else ""
        if any(one.graph is not None for one in call.node.attributes.values()):
            message = "it runs inner graphs, whose operators are not inspected"
        try:
            call.unknown(shapes, name, message, opaque=True)
        except UnreadableError as error:
            if not domain and call.node.op_type in DATA_DEPENDENT:
                raise DataDependentError(str(error)) from error
            if None in call.declared:
                raise UndeclaredError(str(error)) from error
            raise
        return
    problem = problem_with(lowering, call) or call.lost()
    if not problem:
        return
    call.discard()
    try:
        call.unknown(shapes, message=unreadable(problem), opaque=True)
    except UnreadableError:
        call.node, call.opset, call.inputs = node, opset, inputs
        shapes = _shapes(call, lowering)
        call.unknown(shapes, message=unreadable(problem), opaque=True)


def _shapes(call: Call, lowering: Lowering) -> List[Shape]:
    """Returns the output shapes of a node whose weights or settings are computed.

    They are those with constants of the same shapes.

    Raises:
        UnreadableError: the node is broken, or its shapes depend on the values.
    """
    node, opset, inputs = call.node, call.opset, call.inputs
    call.inputs = tuple(
        Constant(one.shape, one.dtype) if at and isinstance(one, Computed) else one
        for at, one in enumerate(inputs)
    )
    causes: List[UnknownValuesError] = []

    def noted(call: Call) -> None:
        try:
            lowering(call)
        except UnknownValuesError as error:
            causes.append(error)
            raise

    try:
        problem = problem_with(noted, call) or call.lost()
        if not problem:
            return [one.shape for one in call.results if isinstance(one, (Constant, Computed))]
        if causes and isinstance(inputs[causes[0].at], Computed):
            raise DataDependentError(problem)
        raise UnreadableError(problem)
    finally:
        call.discard()
        call.node, call.opset, call.inputs = node, opset, inputs
