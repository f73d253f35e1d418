"""A decomposed hard-sigmoid: relu6(x + 3) * (1 / 6)."""

from __future__ import annotations

import dataclasses
from typing import Dict, NamedTuple, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs

MESSAGE = "the vendor's Keras quantiser fuses relu6(x + 3) * (1 / 6) into one hard-sigmoid"
OTHER = (
    "the vendor's Keras quantiser fuses relu6(x + {:g}) * {:g} into a hard-sigmoid, relu6(x + 3) * "
    "(1 / 6), without an error: another function; train with 3 and 1 / 6"
)
_SHIFT, _FACTOR = 3.0, 1 / 6
_CLOSE = 1e-4


class _Number(NamedTuple):
    """A constant operand and the other operand."""

    other: Value
    constant: Op
    number: float


class _Chain(NamedTuple):
    """The operators of a decomposed hard-sigmoid before its product, in reverse order."""

    scale: _Number
    rectifier: Op
    total: Op
    shift: _Number

    @property
    def message(self) -> str:
        shift, factor = self.shift.number, self.scale.number
        if abs(shift - _SHIFT) < _CLOSE and abs(factor - _FACTOR) < _CLOSE:
            return MESSAGE
        return OTHER.format(shift, factor)


def join_written_out(graph: Graph) -> Graph:
    """Fuses `relu6(x + 3) * (1 / 6)` into one `hard-sigmoid`.

    The ReLU(6) must be a layer, the sum and the product bare operations with a number after the
    tensor, as in keras.applications' MobileNetV3 (README of the TF2 quantiser). Executed, 2.5 to
    3.5: a division by 6, tf.nn.relu6, `3. + x` and `(1 / 6) * r` are not recognised, and the two
    numbers are not compared. The intermediate tensors must have no other reader.

    Requires: constants of one element have their number.
    Ensures: the origin of the hard-sigmoid lists all three layers; their constants are removed.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        chain = _chain(op, graph)
        if chain is None:
            continue
        source = chain.shift.other
        hard = op.quantised(kind="hard-sigmoid", attrs=NoAttrs(), inputs=(source,))
        for inner in (chain.total, chain.rectifier):
            hard = hard.replaced(origin=hard.origin.merged(inner.origin))
            hard = hard.replaced(messages=hard.messages + inner.messages)
            change[inner.name] = None
        for constant in (chain.scale.constant, chain.shift.constant):
            if len(graph.consumers(constant)) == 1:
                change[constant.name] = None
        origin = dataclasses.replace(hard.origin, first=chain.total.origin.input_layer)
        change[op.name] = hard.replaced(origin=origin).noted(chain.message)
    return graph.rewritten(change) if change else graph


def other_numbers(product: Op, graph: Graph) -> Optional[Tuple[float, float]]:
    """Returns the two numbers of a chain that is fused although they differ, or None.

    Args:
        product: the product at the end of the chain.
        graph: the graph, before or after other passes.
    """
    chain = _chain(product, graph)
    if chain is None or chain.message == MESSAGE:
        return None
    call = chain.rectifier.origin.call
    layer = call is not None and call.is_layer
    return (chain.shift.number, chain.scale.number) if layer else None


def _chain(product: Op, graph: Graph) -> Optional[_Chain]:
    """Returns the operators before the product of a decomposed hard-sigmoid, or None."""
    scale = _with_number(product, "mul", graph)
    if scale is None:
        return None
    rectifier = graph[scale.other.op]
    if rectifier.kind != "relu6" or rectifier.float_only is not None:
        return None
    total = graph[rectifier.inputs[0].op]
    shift = _with_number(total, "add", graph)
    if shift is None or any(len(graph.consumers(op)) != 1 for op in (rectifier, total)):
        return None
    return _Chain(scale, rectifier, total, shift)


def _with_number(op: Op, kind: str, graph: Graph) -> Optional[_Number]:
    """Returns the operands of a bare operation whose second operand is a number, or None."""
    call = op.origin.call
    if op.kind != kind or len(op.inputs) != 2 or call is None or call.is_layer:
        return None
    other, value = op.inputs
    attrs = graph[value.op].attrs
    number = attrs.number if isinstance(attrs, TensorAttrs) else None
    return None if number is None else _Number(other, graph[value.op], number)
