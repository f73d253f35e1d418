"""What vai_q_pytorch makes of a float module (releases 2.5, 3.0 and 3.5, default options)."""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, NamedTuple, Optional, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import Graph, Op, verify
from vai_inspect.core.ir.attrs import LeakyReluAttrs

SLOPE = 26 / 256
"""The one slope that the DPU's leaky ReLU has."""


def quantized(captured: Captured, convert: bool) -> Captured:
    """Returns a captured module as vai_q_pytorch hands it to the compiler.

    Args:
        captured: what the frontend read.
        convert: whether activations are replaced by those of the DPU.
    """
    passes: Tuple[Callable[[Graph], Graph], ...] = (mark_float, note_splits)
    graph = captured.graph
    for run in (*passes, convert_activations) if convert else passes:
        graph = run(graph)
    return dataclasses.replace(captured, graph=verify(graph))


class InFloat(NamedTuple):
    """Why an operator stays in float, and what to write instead."""

    reason: str
    remedy: Remedy


_SEVERAL = InFloat(
    "releases 3.0 and 3.5 write no file for an operator with several results",
    exact("write slices, such as x[:, :k] and x[:, k:]", "chunk-to-slices"),
)
_ADAPTIVE_MAX = InFloat(
    "releases 3.0 and 3.5 keep adaptive max pools in float, and 2.5 cannot convert them to XIR",
    exact("use nn.MaxPool2d with the window as kernel and stride"),
)
FLOAT: Dict[str, InFloat] = {
    **dict.fromkeys(("unbind", "tensor_split", "unsafe_chunk"), _SEVERAL),
    **{f"adaptive_max_pool{rank}d": _ADAPTIVE_MAX for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPool{rank}d": _ADAPTIVE_MAX for rank in (1, 2, 3)},
}
"""What stays in float, by the class or function that the user wrote. Source: executed."""

_TEXT_PADDING = InFloat(
    "padding={!r} is given as text: releases 3.0 and 3.5 keep the whole convolution in float, and "
    "2.5 stops",
    exact(
        "give the padding as numbers (for an even kernel and 'same' pad before it with "
        "nn.ZeroPad2d)",
        "numeric-padding",
    ),
)


def mark_float(graph: Graph) -> Graph:
    """Marks the operators that the quantiser leaves in float.

    Requires: nothing.
    Ensures: each says why, and what to write instead.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        found = _in_float(op)
        if found is not None and op.kind not in ("const", "unknown"):
            change[op.name] = op.replaced(float_only=found.reason, float_remedy=found.remedy)
    return graph.rewritten(change) if change else graph


def _in_float(op: Op) -> Optional[InFloat]:
    call = op.origin.call
    if call is None:
        return None
    padding = dict(call.arguments).get("padding")
    if padding is not None:
        return InFloat(_TEXT_PADDING.reason.format(padding), _TEXT_PADDING.remedy)
    return FLOAT.get(call.name)


SPLITS = ("chunk", "split", "split_with_sizes")


def note_splits(graph: Graph) -> Graph:
    """Notes on the slices of `chunk` and `split` that older releases do not trace them so.

    Source: executed. 2.5 writes one operator with one result, which is wrong or refused; 3.0
    writes no file for chunk and a wrong graph for split; 3.5 traces both as slices.

    Requires: nothing.
    Ensures: each part carries the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        if op.kind == "strided_slice" and call is not None and call.name in SPLITS:
            change[op.name] = op.noted(
                f"release 3.5 traces {call.name} as slices; 2.5 and 3.0 do not, and write a wrong "
                "file or none: for them write the slices, such as x[:, :k] and x[:, k:]"
            )
    return graph.rewritten(change) if change else graph


def convert_activations(graph: Graph) -> Graph:
    """Replaces nn.ReLU6 by ReLU, and the slope of every leaky ReLU by 26/256.

    Source: the quantisers of 2.5, 3.0 and 3.5, executed (3.0 and 3.5 warn with REPLACE_RELU6 and
    LEAKYRELU, 2.5 is silent). F.relu6 and Hardtanh(0, 6) stay.

    Requires: nothing.
    Ensures: each operator that computes another function afterwards carries a message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        if op.kind == "relu6" and call is not None and call.is_layer and call.name == "ReLU6":
            change[op.name] = op.replaced(kind="relu").noted(
                "the vendor's PyTorch quantiser replaces nn.ReLU6 by nn.ReLU, also in your own "
                "module while it quantises: another function above 6, so check the accuracy"
            )
        elif isinstance(op.attrs, LeakyReluAttrs) and abs(op.attrs.alpha - SLOPE) >= 1e-7:
            change[op.name] = op.replaced(attrs=LeakyReluAttrs(SLOPE)).noted(
                f"the vendor's PyTorch quantiser replaces the slope {op.attrs.alpha:g} by 26/256 "
                "= 0.1015625: another function below 0; train with that slope or check the accuracy"
            )
    return graph.rewritten(change) if change else graph
