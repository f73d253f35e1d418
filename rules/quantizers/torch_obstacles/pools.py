"""Pools and resizes with an open size, a size that does not divide, or a dilation."""

from __future__ import annotations

from typing import List, Tuple

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import MaxPool2dAttrs
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, left_in_float, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, arguments, call_of, calls, described, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

_ADAPTIVE = ("AdaptiveAvgPool2d", "adaptive_avg_pool2d")


@obstacle(
    "torch.pools.open_size",
    effects=since_3(
        fails("quantise", "the generated Python is invalid", "SyntaxError"),
        fails("quantise", "it stops with a TypeError", "TypeError"),
    ),
    remedy="use integers: the output size of the pool, size= in place of scale_factor=",
    source=EXECUTED,
    passes=(
        example("AdaptiveAvgPool2d(1)", lambda s: s.layer("AdaptiveAvgPool2d", "avgpool2d")),
        example("area with a size", lambda s: s.call("interpolate", mode="area")),
    ),
    fails=(
        example(
            "AdaptiveAvgPool2d((None, 4))",
            lambda s: s.layer("AdaptiveAvgPool2d", "avgpool2d", output_size="(None, 4)"),
        ),
        example(
            "area with a factor",
            lambda s: s.call("interpolate", mode="area", scale_factor="0.5"),
        ),
    ),
)
@each(arguments("output_size", "scale_factor"))
def open_size(scene: Scene, op: Op) -> Found:
    """An adaptive average pool with None in its size, or an area resize by a factor."""
    size, factor = call_of(op).argument("output_size"), call_of(op).argument("scale_factor")
    if size is not None and "None" in size:
        return f"the output size {size} leaves an axis open"
    if factor is not None and call_of(op).argument("mode") == "area":
        return f"mode='area' with scale_factor={factor}"
    return None


def _pool(before: int, after: int) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.input((1, 8, before, before))
        sketch.layer("AdaptiveAvgPool2d", "unknown", shape=(1, 8, after, after))

    return draw


_IN_FLOAT = left_in_float("quantise", "it stays in float; a warning without a code is printed")


@obstacle(
    "torch.pools.adaptive_not_dividing",
    effects=since_3(_IN_FLOAT),
    remedy="choose an output size that divides the input, or use nn.AvgPool2d",
    source=EXECUTED,
    passes=(
        example("16 to 4", lambda s: s.layer("AdaptiveAvgPool2d", "avgpool2d")),
        example("16 to 3: windows of one size and stride", _pool(16, 3), "2.5"),
    ),
    fails=(
        example("14 to 5", _pool(14, 5)),
        example("16 to 3", _pool(16, 3), "3.0", "3.5"),
    ),
)
@each(calls(*_ADAPTIVE))
def adaptive_not_dividing(scene: Scene, op: Op) -> Found:
    """An adaptive average pool whose output size does not divide the input size.

    Release 2.5 writes a pool with one kernel and stride, which is correct if all of torch's windows
    have the same.
    """
    if op.kind != "unknown" or call_of(op).argument("output_size"):
        return None
    before, after = scene.graph.input_types(op)[0].shape[2:], op.output.shape[2:]
    wrong = [pair for pair in zip(before, after) if len(set(_windows(*pair))) > 1]
    effects = since_3(_IN_FLOAT)
    if wrong:
        text = "it is written as a pool with one kernel and stride, which computes another mean"
        effects = since_3(_IN_FLOAT, changes("export", text))
    found = f"the output size {after} does not divide the input size {before}"
    return Hit((op.name,), found, effects=effects)


def _windows(before: int, after: int) -> List[Tuple[int, int]]:
    """Returns (size, step from the previous window) of each of torch's windows."""
    starts = [at * before // after for at in range(after)]
    ends = [-(-(at + 1) * before // after) for at in range(after)]
    steps = [b - a for a, b in zip(starts, starts[1:])] or [before]
    return [(end - start, step) for start, end, step in zip(starts, ends, [steps[0], *steps])]


def _max_pool(dilation: int) -> Draw:
    attrs = MaxPool2dAttrs((3, 3), (1, 1), dilation=(dilation, dilation))
    return lambda s: s.layer("MaxPool2d", "maxpool2d", attrs=attrs)


@obstacle(
    "torch.pools.dilated_max",
    effects=in_all(
        changes("export", "only kernel, stride and pad are written; the dilation is lost")
    ),
    remedy="use a pool without dilation",
    source="the vendor's open quantiser of 3.5, executed, the attributes of the file inspected; "
    "2.5 and 3.0 by reading",
    passes=(example("dilation 1", _max_pool(1)),),
    fails=(example("dilation 2", _max_pool(2)),),
)
@each(kinds("maxpool2d"))
def dilated_max(scene: Scene, op: Op) -> Found:
    """A max pool with a dilation."""
    dilation = tuple(getattr(op.attrs, "dilation", (1, 1)))
    return f"{described(op)} has dilation {dilation}" if dilation != (1, 1) else None


RULES = (open_size, adaptive_not_dividing, dilated_max)
