"""Generates framework code for the DPU part of a network."""

from __future__ import annotations

from typing import List, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.cut import Cut
from vai_inspect.planning.cut_code.keras import keras_code
from vai_inspect.planning.cut_code.sides import Sides
from vai_inspect.planning.cut_code.torch import torch_code


def cut_code(graph: Graph, cut: Cut) -> Optional[str]:
    """Returns code that builds the DPU part of a model, `part` of `model`.

    If the framework has no name for a value at a boundary of the part, the code is a comment with
    the user's source line; if that is unknown too, the result is None.

    Args:
        graph: the graph.
        cut: where the part begins and ends.
    """
    sides = Sides.of(graph, cut)
    if not sides.ends:
        return None
    framework = sides.ends[0].origin.framework
    if framework == "keras":
        return keras_code(graph, sides)
    if framework == "torch":
        return torch_code(graph, sides) or _by_hand(sides)
    return None


def _by_hand(sides: Sides) -> Optional[str]:
    """Returns comments that name the lines to change."""
    lines: List[str] = []
    for words, ops in (("start after", sides.starts), ("return", sides.ends)):
        for op in ops:
            if op.kind == "data":
                continue
            if not op.origin.source:
                return None
            lines.append(f"# {words} {op.name}, {_line(op)}")
    return "\n".join(["# write a forward that computes only the DPU part:", *lines])


def _line(op: Op) -> str:
    frame = op.origin.source[-1]
    return f"line {frame.line} of {frame.file} ({frame.function})"
