"""Graphs that are dense, wide or have as many root causes as operators.

Run as a script it inspects one and prints the seconds that it took.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Dict, List

from tests.graphs import conv, node
from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.targets.lookup import lookup

SHAPE = (1, 8, 8, 1)


def _conv(name: str, source: str, channels: int, size: int) -> Any:
    shape = (*SHAPE[:3], channels)
    return conv(name, source, shape, 1, (size, size), pad=(size // 2,) * 4)


def _ended(name: str, ops: List[Any], read: List[str]) -> Graph:
    shape = (*SHAPE[:3], len(read))
    ops.append(node("all", "concat", read, shape, a.AxisAttrs(3)))
    ops.append(node("return", "return", ["all"], shape))
    return Graph(name, ops)


def dense(number: int) -> Graph:
    """Convolutions each of which reads all before it; every second is too large for any DPU."""
    ops, made = [node("data", "data", shape=SHAPE)], ["data"]
    for at in range(number):
        source = "data"
        if at:
            source = "cat{}".format(at)
            shape = (*SHAPE[:3], len(made))
            ops.append(node(source, "concat", list(made), shape, a.AxisAttrs(3)))
        ops.append(_conv("conv{}".format(at), source, len(made), 17 if at % 2 else 3))
        made.append("conv{}".format(at))
    return _ended("dense", ops, made)


def wide(number: int) -> Graph:
    """As many branches, every second on the CPU, in one concatenation."""
    ops, made = [node("data", "data", shape=SHAPE)], []
    for at in range(number):
        ops.append(_conv("conv{}".format(at), "data", 1, 17 if at % 2 else 3))
        made.append("conv{}".format(at))
    return _ended("wide", ops, made)


def motley(number: int) -> Graph:
    """Branches each of which ends in an operator of another kind that nobody knows."""
    ops, made = [node("data", "data", shape=SHAPE)], []
    for at in range(number):
        kind = "".join(chr(ord("a") + int(digit)) for digit in str(at))
        ops.append(_conv("conv{}".format(at), "data", 1, 3))
        made.append("own_{}".format(kind))
        ops.append(node(made[-1], "unknown", ["conv{}".format(at)], SHAPE, a.UnknownAttrs(kind)))
    return _ended("motley", ops, made)


def outputs(number: int) -> Graph:
    """Branches that are all outputs, every second on the CPU."""
    ops = [node("data", "data", shape=SHAPE)]
    ops += [_conv("conv{}".format(at), "data", 1, 17 if at % 2 else 3) for at in range(number)]
    names = [op.name for op in ops[1:]]
    return Graph("outputs", [*ops, *(node("out_" + one, "return", [one], SHAPE) for one in names)])


GRAPHS: Dict[str, Any] = {"dense": dense, "wide": wide, "motley": motley}


def main() -> None:
    """Inspects the graph of the name and size given."""
    captured = Captured(
        GRAPHS[sys.argv[1]](int(sys.argv[2])), ModelInfo("m", "keras", "3", "config")
    )
    target = lookup("DPUCZDX8G_ISA1_B4096")
    start = time.process_time()
    inspection = inspect_graph(captured, target)
    print(time.process_time() - start, len(inspection.root_causes))


if __name__ == "__main__":
    main()
