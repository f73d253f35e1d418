"""Folds explicit zero padding into the window that reads it."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import PadAttrs

LARGEST_ON_ALU = 15
"""Padding on the left and top that depthwise and pooling engines take (PG338, PG389, PG400)."""
_WINDOWS = frozenset(("conv2d", "depthwise-conv2d", "maxpool2d", "avgpool2d"))


def fold_padding(graph: Graph) -> Graph:
    """Folds a `pad` with zeros on height and width into every window that reads it.

    As the vendor's compiler does with ZeroPadding2D and ConstantPad2d before a convolution or a
    pool (UG1414; PadMergeInspect of the 3.x Keras quantiser). Every reader must be able to take
    the padding, else the operator stays. It also stays where it or a reader is left in float;
    where the sum would reach the dilated kernel's size, which no engine takes, or be more than a
    depthwise or pooling engine takes; and before an average pool that leaves its own padding out
    of the mean. Before a max pool zeros and the pool's own padding agree only where no value is
    below zero, so the fold asks for a rectifier before it.

    Requires: nothing.
    Ensures: the padding layer is in the origin of each window that it is folded into.
    """
    change: Dict[str, Optional[Op]] = {}
    forward: Dict[Value, Value] = {}
    for op in graph:
        sides = _zero_sides(op)
        if sides is None:
            continue
        readers = [change.get(reader.name) or reader for reader in graph.consumers(op)]
        folded = [_folded(reader, sides, op, graph) for reader in readers]
        if not folded or any(new is None for new in folded):
            continue
        change[op.name] = None
        forward[Value(op.name)] = op.inputs[0]
        for new in folded:
            if new is not None:
                change[new.name] = new
    return graph.rewritten(change, forward)


def _zero_sides(op: Op) -> Optional[Tuple[int, int, int, int]]:
    """Returns (left, right, top, bottom) of a 4-D zero padding of height and width."""
    if not isinstance(op.attrs, PadAttrs) or op.attrs.mode != "CONSTANT":
        return None
    if op.float_only is not None:
        return None
    pads = op.attrs.paddings
    if len(pads) != 8 or any(pads[:2]) or any(pads[6:]) or min(pads) < 0:
        return None
    if any(value != 0 for value in op.attrs.constant_values):
        return None
    return pads[4], pads[5], pads[2], pads[3]


def _folded(reader: Op, sides: Tuple[int, int, int, int], pad: Op, graph: Graph) -> Optional[Op]:
    if reader.kind not in _WINDOWS or reader.inputs[0].op != pad.name:
        return None
    if reader.float_only is not None:
        return None
    attrs = reader.attrs
    own: List[int] = list(getattr(attrs, "pad", ()))
    total = tuple(mine + side for mine, side in zip(own, sides))
    dilation = getattr(attrs, "dilation", (1, 1))
    reach = [(size - 1) * step + 1 for size, step in zip(getattr(attrs, "kernel", ()), dilation)]
    if any(side >= reach[axis // 2] for axis, side in enumerate(total)):
        return None
    if reader.kind != "conv2d" and max(total[0], total[2]) > LARGEST_ON_ALU:
        return None
    if reader.kind == "avgpool2d" and not (
        getattr(attrs, "count_include_pad", False) or not any(own)
    ):
        return None
    if reader.kind == "maxpool2d" and not _never_negative(graph[pad.inputs[0].op]):
        return None
    changed: Dict[str, Any] = {"pad": total}
    if reader.kind == "avgpool2d":
        changed["count_include_pad"] = True
    taken = reader.replaced(attrs=dataclasses.replace(attrs, **changed))
    message = f"padding {pad.layer} is folded into this operator"
    return taken.absorbed(pad, message, first=pad.origin.input_layer)


def _never_negative(op: Op) -> bool:
    return op.kind in ("relu", "relu6", "sigmoid", "softmax", "hard-sigmoid")
