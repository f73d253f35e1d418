"""Operators without XIR equivalent, with rules for their output shape."""

from __future__ import annotations

from typing import Dict

from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower.selection import axis_of
from vai_inspect.frontends.onnx.tensors import UnreadableError


def _same(call: Call) -> None:
    call.unknown([call.x.shape])


def _top_k(call: Call) -> None:
    axis = axis_of(call, -1)
    count = call.integer("k") if call.opset < 10 else int(call.values(1)[0])
    shape = (*call.x.shape[:axis], count, *call.x.shape[axis + 1 :])
    call.unknown([shape] * len(call.node.outputs))


def _one_hot(call: Call) -> None:
    rank = call.x.rank + 1
    axis = call.integer("axis", -1) % rank
    depth = int(call.values(1)[0])
    call.unknown([(*call.x.shape[:axis], depth, *call.x.shape[axis:])])


def _einsum(call: Call) -> None:
    equation = call.text("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if not arrow or "." in equation or len(terms) != len(call.inputs):
        raise UnreadableError(f"its equation is {equation[:40]!r}")
    sizes: Dict[str, int] = {}
    for at, term in enumerate(terms):
        shape = call.input(at).shape
        if len(term) != len(shape):
            raise UnreadableError("its equation does not fit its inputs")
        sizes.update(zip(term, shape))
    if any(letter not in sizes for letter in right):
        raise UnreadableError(f"its equation is {equation[:40]!r}")
    call.unknown([tuple(sizes[letter] for letter in right)])


def _grid_sample(call: Call) -> None:
    grid = call.input(1).shape
    call.unknown([(*call.x.shape[:2], *grid[1:-1])])


def _recurrent(call: Call) -> None:
    """LSTM, GRU, RNN: [seq, directions, batch, hidden], and the states."""
    if call.x.rank != 3 or call.integer("layout"):
        raise UnreadableError("its batch axis is first")
    steps, batch, _ = call.x.shape
    hidden = call.integer("hidden_size")
    sides = 2 if call.text("direction", "forward") == "bidirectional" else 1
    state = (sides, batch, hidden)
    call.unknown([(steps, sides, batch, hidden), state, state][: len(call.node.outputs)])


def _roi_align(call: Call) -> None:
    size = (call.integer("output_height", 1), call.integer("output_width", 1))
    call.unknown([(call.input(1).shape[0], call.x.shape[1], *size)])


def _eye(call: Call) -> None:
    call.unknown([call.x.shape], dtype="float32")


def _det(call: Call) -> None:
    call.unknown([call.x.shape[:-2]])


def _attention(call: Call) -> None:
    """[batch, heads, length, size], or with the heads in the last axis."""
    query, values = call.x.shape, call.input(2).shape
    if len(query) != 4 or len(values) != 4 or any(call.node.outputs[1:]):
        raise UnreadableError("its inputs do not have four axes, or it returns its state")
    call.unknown([(*query[:3], values[3])])


_SAME = ("CumSum", "Hardmax", "LogSoftmax", "ReverseSequence", "ScatterElements", "Scatter")
LOWERINGS: Dict[str, Lowering] = {
    **dict.fromkeys((*_SAME, "ScatterND", "Trilu"), _same),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    **dict.fromkeys(("EyeLike", "RandomNormalLike", "RandomUniformLike"), _eye),
    "Attention": _attention,
    "Det": _det,
    "Einsum": _einsum,
    "GridSample": _grid_sample,
    "OneHot": _one_hot,
    "RoiAlign": _roi_align,
    "TopK": _top_k,
}
