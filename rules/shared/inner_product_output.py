"""Constraints of the output of an `inner-product`, and of `matmul`."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import InnerProductAttrs, MatmulAttrs
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside
from vai_inspect.rules.shared.engines import output_channels
from vai_inspect.rules.shared.examples import alone, between_convs
from vai_inspect.rules.shared.sources import TF25, UG1414


def dense(text: str, features: int, out: int = 16) -> Example:
    """Returns the example of an inner product of a vector."""
    weights = (out, features)
    return alone(text, "inner-product", InnerProductAttrs(1), (1, features), (1, out), weights)


def of_outputs(number: int) -> Example:
    """Returns the example of an inner product with so many output features."""
    return dense("{} output features".format(number), 16, number)


@constraint(
    "inner_product.output",
    kinds=("inner-product",),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={"channels": output_channels},
    passes=(inside(output_channels, of_outputs),),
    fails=(outside(output_channels, of_outputs),),
    cure="split it into several with fewer output features and concatenate them",
)
def output_fit(site: Site) -> Iterator[Problem]:
    """Output features are at most {channels} (256 * output_channel_parallel)."""
    yield from site.at_most("output_features", site.op.output.channels, site.limit("channels"))


@constraint(
    "inner_product.rank",
    kinds=("inner-product",),
    evidence=Evidence.INFERRED,
    source="the 2.5 inspector says DPU without a look at the shape",
    passes=(dense("rank 2", 64),),
    fails=(
        alone("rank 3", "inner-product", InnerProductAttrs(2), (1, 8, 64), (1, 8, 16), (16, 64)),
    ),
    cure="use a 1x1 convolution on a 4-D feature map",
)
def rank(site: Site) -> Iterator[Problem]:
    """The input has two axes, batch and features; whether more run on the DPU is unknown."""
    if site.input.rank != 2:
        yield Problem(
            "the input has {} axes; no trustworthy source says that an inner product over the "
            "last of more than 2 runs on the DPU".format(site.input.rank),
            found=site.input.rank,
            limit="2",
            nearest=2,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "matmul.two_tensors",
    kinds=("matmul",),
    evidence=Evidence.INFERRED,
    source=(
        "the 2.5 inspector says DPU without any check; UG1414 knows matmul with constant weights"
    ),
    passes=(),
    always=True,
    fails=(between_convs("two feature maps", "matmul", MatmulAttrs(), (1, 16, 16, 16)),),
    cure=(
        "multiply by constant weights (an inner product or a 1x1 convolution) where that "
        "is possible"
    ),
)
def two_tensors(site: Site) -> Iterator[Problem]:
    """Whether a matrix product that is no inner product with constant weights runs on the DPU is
    unknown.
    """
    yield Problem(
        "a matrix product of these operands; the user guide knows inner products with constant "
        "weights only",
        found=site.op.kind,
        verdict=Verdict.UNKNOWN,
    )


CONSTRAINTS = (output_fit, rank, two_tensors)
