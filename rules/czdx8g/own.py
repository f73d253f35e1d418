"""What only DPUCZDX8G allows: compiled models of it show more than the published rules."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside, where
from vai_inspect.rules.shared import eltwise, resize
from vai_inspect.rules.shared.engines import eltwise_types, output_channels, scales_channels
from vai_inspect.rules.shared.examples import alone, between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.inner_product_output import of_outputs
from vai_inspect.rules.shared.sources import DIGEST, PT25, TF25

SHOWN_OUTPUTS = 4096
"""Output features of inner products that release 3.5 shows on a B2304, whose figure is 3072."""


def _outputs(target: Target) -> int:
    return max(SHOWN_OUTPUTS, output_channels(target))


@constraint(
    "inner_product.output",
    kinds=("inner-product",),
    evidence=Evidence.INFERRED,
    source="the 3.5 inspector compiles Linear(4096, 4096) for DPUCZDX8G_ISA1_B2304; " + TF25,
    limits={"outputs": _outputs, "channels": output_channels},
    passes=(inside(_outputs, of_outputs),),
    fails=(outside(_outputs, of_outputs),),
    cure="split it into several with fewer output features and concatenate them",
)
def output_features(site: Site) -> Iterator[Problem]:
    """Output features are at most {outputs}, the most that were seen; more are unknown.

    The limit of convolutions, 256 * output_channel_parallel ({channels}), which the 2.5 Keras
    inspector and UG1414 hold inner products to as well, is not enforced: the 3.5 inspector
    compiles 4096 output features for a B2304, whose figure is 3072.
    """
    for problem in site.at_most("output_features", site.op.output.channels, site.limit("outputs")):
        yield Problem(
            f"{problem.message}; no source shows so many, though the limit of convolutions does "
            "not hold here",
            found=problem.found,
            limit=problem.limit,
            nearest=problem.nearest,
            verdict=Verdict.UNKNOWN,
        )


SHAPE = (1, 30, 30, 16)


def _clamped(text: str) -> Example:
    """x + 1 that a ReLU6 reads."""
    before = (1, 32, 32, 16)
    return Example(
        text,
        graph(
            data(before),
            conv_op(before, name="conv"),
            const((1,)),
            op("add", ["conv", "const"], SHAPE),
            op("relu6", ["op"], SHAPE, name="clamp"),
        ),
    )


def _adds(target: Target) -> bool:
    return "add" in eltwise_types(target)


@constraint(
    "eltwise.constant",
    kinds=eltwise.SUMS,
    evidence=Evidence.COMPILED,
    source="a compiled model of release 3.0 for DPUCZDX8G_ISA1_B4096, whose constants are expanded "
    "to the whole map, and one for B2304, where a ReLU6 reads the sum",
    passes=(
        where(_adds, eltwise.with_const("sum with a number", "add", (1,))),
        where(eltwise.multiplies, eltwise.with_const("product with a number", "mul", (1,))),
        where(
            scales_channels,
            eltwise.with_const("product with one figure a channel", "mul", (16,)),
        ),
        between_convs("two feature maps", "add"),
    ),
    fails=(
        _clamped("sum with a number that a ReLU6 reads"),
        eltwise.with_const("sum with one figure a channel", "add", (16,)),
        eltwise.with_const("product with a whole map", "mul", SHAPE),
    ),
    cure=(
        "fold the constant into the weights or bias of a neighbouring convolution, or use"
        " a batch normalisation"
    ),
)
def constant(site: Site) -> Iterator[Problem]:
    """A constant operand is one number, and no ReLU6 reads a sum with it; or it is one figure for
    each channel of a product (see the rewrites). Of other constants it is unknown.

    Compiled models of release 3.0 expand the number to the whole map; the 2.5 rules make a 1x1
    depthwise convolution of the product, which is on the same device where the DPU has both
    engines. Why a sum that a ReLU6 reads is on the CPU is not known.
    """
    if not eltwise.with_number(site.original, site.graph):
        yield from eltwise.constant.check(site)
        return
    clamps = [one.name for one in site.consumers if one.kind == "relu6"]
    if site.op.kind == "add" and clamps:
        yield Problem(
            f"one operand is a constant and a ReLU6, {clamps[0]}, reads the sum; a compiled model "
            "shows this on the CPU",
            found="constant",
            limit="no ReLU6 after the sum",
            suggestion="use ReLU in place of the ReLU6, or Hardsigmoid or Hardswish where the two "
            "are a part of it",
        )


EIGHTH = (0.125, 0.125)


def _has_alu(target: Target) -> bool:
    return target.alu is not None


def _smaller(text: str, scale: float, half: bool = True) -> Example:
    attrs = ResizeAttrs("BILINEAR", False, half, (scale, scale))
    size = int(64 * scale)
    return alone(text, "resize", attrs, (1, 64, 64, 16), (1, size, size, 16))


@constraint(
    "resize.bilinear",
    kinds=("resize",),
    evidence=Evidence.PARTITION_RULE,
    source=f"{PT25}; {DIGEST}; by 1/8: a compiled model of release 3.0 for DPUCZDX8G_ISA1_B4096",
    passes=(
        *resize.bilinear.passes,
        where(_has_alu, _smaller("by 1/8, half-pixel centres", 0.125)),
    ),
    fails=(
        *resize.bilinear.fails,
        _smaller("by 1/4, half-pixel centres", 0.25),
        _smaller("by 1/8", 0.125, half=False),
    ),
    cure=resize.bilinear.cure,
)
def bilinear(site: Site) -> Iterator[Problem]:
    """A BILINEAR resize enlarges by 2, 4 or 8 along both axes, with half-pixel centres by 2 or 4,
    and does not align corners; on instruction set 1 it also makes smaller by 1/8 with half-pixel
    centres.

    The 2.5 inspector looks at the factor before the corners and lets aligned corners pass. No
    other factor below 1 was seen.
    """
    attrs = site.attrs
    smaller = attrs.mode == "BILINEAR" and attrs.scale == EIGHTH and attrs.half_pixel_centers
    if not (smaller and not attrs.align_corners and _has_alu(site.target)):
        yield from resize.bilinear.check(site)
