"""Lays the 2.5 inspector's account of a network beside this project's, operator by operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from vai_inspect.core.inspection import InspectedOp, Inspection

VERDICTS = json.loads((Path(__file__).parent / "verdicts_2_5.json").read_text("utf-8"))
TARGETS: Tuple[str, ...] = tuple(VERDICTS["targets"])
CASES: Dict[str, Any] = VERDICTS["cases"]

NAMES: Dict[str, Tuple[str, ...]] = {
    "adaptive_avg_pool2d": ("avgpool2d",),
    "avgpool": ("avgpool2d",),
    "batch_norm": ("batchnorm",),
    "bmm": ("matmul",),
    "conv_transpose_2d": ("transposed-conv2d",),
    "conv_transpose_3d": ("transposed-conv3d",),
    "dense": ("inner-product",),
    "depthwise_conv2d": ("depthwise-conv2d",),
    "depthwise_conv3d": ("depthwise-conv3d",),
    "depthwise_conv_transpose_2d": ("transposed-depthwise-conv2d",),
    "elementwise_sub": ("sub",),
    "elemwise_add": ("add",),
    "elemwise_div": ("div",),
    "elemwise_exp": ("exp",),
    "elemwise_mul": ("mul",),
    "flatten": ("flatten", "reshape"),
    "hardtanh": ("hard-tanh",),
    "hswish": ("hard-swish",),
    "leaky_relu": ("leaky-relu",),
    "max": ("reduction_max", "max"),
    "maxpool": ("maxpool2d",),
    "mean": ("reduction_mean",),
    "permute": ("transpose",),
    "pixel_shuffle": ("pixel-shuffle",),
    "relu": ("relu", "relu6"),
    "relu6": ("relu6",),
    "rsub": ("sub",),
    "select": ("strided_slice", "unknown"),
    "squeeze": ("squeeze", "reshape"),
    "sum": ("reduction_sum",),
    "transpose": ("transpose",),
    "unsqueeze": ("reshape",),
    "aten::argmax": ("argmax",),
    "aten::elu": ("elu",),
    "aten::gelu": ("gelu",),
    "aten::instance_norm": ("instancenorm",),
    "aten::reflection_pad2d": ("pad",),
    "aten::selu": ("selu",),
    "aten::silu": ("swish",),
    "aten::split_with_sizes": ("strided_slice",),
    "aten::upsample_bicubic2d": ("resize", "unknown"),
}
"""XIR types by the vendor's name where that is another; a name that XIR lacks is `unknown` here."""

NOT_COMPARED = ("input", "const")
"""The vendor places inputs and constants by their readers; here the user gives the inputs."""


class Told(NamedTuple):
    """What the vendor's inspector tells of an operator."""

    type: str
    shape: str
    inserted: bool
    device: str


class Pair(NamedTuple):
    """An operator in both accounts; one side is missing where only one of them has it."""

    case: str
    told: Optional[Told]
    ours: Optional[InspectedOp]


def told(case: str, target: str) -> Optional[List[Told]]:
    """Returns what the vendor's inspector tells of a case on a target; None where it crashed."""
    place = TARGETS.index(target)
    for devices, targets in CASES[case]["devices"]:
        if place in targets:
            rows = []
            for node, letter in zip(CASES[case]["nodes"], devices):
                name, _, shape = node.partition(" ")
                device = {"d": "dpu", "c": "cpu"}[letter]
                rows.append(Told(name.rstrip("+"), shape, name.endswith("+"), device))
            return rows
    return None


def pairs(case: str, target: str, ours: Inspection) -> Iterator[Pair]:
    """Yields the operators of both accounts, those that match side by side.

    Two match where type and shape do, in the order of the graph; else where only the order of the
    axes differs, since the vendor leaves what it cannot convert in NCHW.
    """
    waiting = [op for op in ours.ops if op.type not in ("data", "const", "return")]
    rest = []
    rows = [row for row in told(case, target) or () if row.type not in NOT_COMPARED]
    for row in rows:
        found = _match(row, waiting, _shape)
        if found is None:
            rest.append(row)
        else:
            yield Pair(case, row, found)
    for row in rest:
        yield Pair(case, row, _match(row, waiting, _sizes))
    for op in waiting:
        yield Pair(case, None, op)


def _match(
    row: Told, waiting: List[InspectedOp], form: Callable[[str], Any]
) -> Optional[InspectedOp]:
    """Takes the first operator of the row's type and shape out of those that wait."""
    for name in NAMES.get(row.type, (row.type, "unknown")):
        for place, op in enumerate(waiting):
            shape = "x".join(str(size) for size in op.op.output.shape)
            if op.type == name and form(shape) == form(row.shape):
                return waiting.pop(place)
    return None


def _shape(text: str) -> str:
    return text


def _sizes(text: str) -> List[str]:
    return sorted(text.split("x"))
