"""A hard-sigmoid that is written out: relu6(x + 3) * (1 / 6)."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs

MESSAGE = "the vendor's Keras quantiser takes relu6(x + 3) * (1 / 6) as one hard-sigmoid"
_CLOSE = 1e-4


def join_written_out(graph: Graph) -> Graph:
    """Joins `relu6(x + 3) * (1 / 6)` into one `hard-sigmoid`.

    The ReLU(6) must be a layer; the sum and the product may be bare operations, as they are in
    keras.applications' MobileNetV3 (README of the TF2 quantiser). A division by 6 is not known
    to be recognised, so it stays. Nothing else may read what lies between.

    Requires: constants of one element carry their number.
    Ensures: all three layers stand in the origin of the hard-sigmoid; their constants are gone.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        found = _chain(op, graph)
        if found is None:
            continue
        source, rectifier, total, constants = found
        hard = op.replaced(kind="hard-sigmoid", attrs=NoAttrs(), inputs=(source,), float_only=None)
        for inner in (total, rectifier):
            hard = hard.replaced(origin=hard.origin.merged(inner.origin))
            hard = hard.replaced(messages=hard.messages + inner.messages)
            change[inner.name] = None
        change.update((constant.name, None) for constant in constants)
        change[op.name] = hard.noted(MESSAGE)
    return graph.rewritten(change) if change else graph


def _chain(product: Op, graph: Graph) -> Optional[Tuple[Value, Op, Op, Tuple[Op, ...]]]:
    """Returns x, the ReLU6, the sum and the constants behind a product; None for any other."""
    scaled = _with_number(product, "mul", 1 / 6, graph)
    if scaled is None:
        return None
    rectifier = graph[scaled[0].op]
    if rectifier.kind != "relu6" or rectifier.float_only is not None:
        return None
    total = graph[rectifier.inputs[0].op]
    shifted = _with_number(total, "add", 3.0, graph)
    if shifted is None or any(len(graph.consumers(op)) != 1 for op in (rectifier, total)):
        return None
    constants = tuple(op for op in (scaled[1], shifted[1]) if len(graph.consumers(op)) == 1)
    return shifted[0], rectifier, total, constants


def _with_number(op: Op, kind: str, number: float, graph: Graph) -> "Optional[Tuple[Value, Op]]":
    """Returns the other operand and the constant, where one operand is this number."""
    if op.kind != kind or len(op.inputs) != 2:
        return None
    for constant, other in (op.inputs, op.inputs[::-1]):
        attrs = graph[constant.op].attrs
        found = attrs.number if isinstance(attrs, TensorAttrs) else None
        if found is not None and abs(found - number) < _CLOSE:
            return other, graph[constant.op]
    return None
