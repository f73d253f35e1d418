"""Constraints of element-wise operators; those of constant operands are in `eltwise_constants`."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from vai_inspect.rules.plugin import (
    Device,
    Evidence,
    Example,
    OpContext,
    Remedy,
    Stage,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    unsupported_kinds,
    where,
)
from vai_inspect.rules.shared.eltwise_constants import SUMS, constant, multiplies
from vai_inspect.rules.shared.engines import eltwise_types, input_channels
from vai_inspect.rules.shared.examples import between_convs, data, graph, op
from vai_inspect.rules.shared.remedies import AT_AN_END
from vai_inspect.rules.shared.sources import DIGEST, PT25, UG1414


def _of_channels(number: int) -> Example:
    return between_convs(f"{number} channels", "add", shape=(1, 4, 4, number))


@constraint(
    "eltwise.type",
    kinds=SUMS,
    evidence=Evidence.PARTITION_RULE,
    source="elew_type of the target definitions; " + PT25,
    limits={"types": lambda target: ", ".join(eltwise_types(target))},
    passes=(between_convs("sum", "add"), where(multiplies, between_convs("product", "mul"))),
    fails=(where(lambda target: not multiplies(target), between_convs("product", "mul")),),
    remedy=(approximate("replace a product of two feature maps by a sum"), AT_AN_END),
)
def types(ctx: OpContext) -> Iterator[Violation]:
    """The element-wise engine runs {types}."""
    if ctx.op.kind not in ctx.limit("types").split(", "):
        yield Violation(
            "the element-wise engine runs {types} only",
            types=ctx.limit("types") or "nothing",
            found=ctx.op.kind,
            limit=ctx.limit("types"),
        )


@constraint(
    "eltwise.channels",
    kinds=SUMS,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"channels": input_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    remedy=exact("split the channels, and concatenate the results"),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    widest = max(tensor.channels for tensor in ctx.inputs)
    yield from ctx.at_most("channels", widest, ctx.limit("channels"))


def _of_rank(shape: Tuple[int, ...]) -> Example:
    return Example(f"rank {len(shape)}", graph(data(shape), op("add", ["data", "data"], shape)))


@constraint(
    "eltwise.rank",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source="the 3.x inspector says DPU for rank 5, but compiles the operator alone",
    passes=(between_convs("rank 4", "add"), _of_rank((1, 64))),
    fails=(_of_rank((1, 2, 4, 4, 8)), _of_rank((1, 4, 8))),
    remedy="keep element-wise operators on 4-D feature maps",
)
def rank(ctx: OpContext) -> Iterator[Violation]:
    """The operands are 4-D feature maps, or features after a flatten (2 axes); whether others run
    on the DPU is unknown.
    """
    ranks = {
        tensor.rank
        for tensor, producer in zip(ctx.inputs, ctx.producers)
        if producer.kind != "const"
    }
    for found in sorted(ranks - {2, 4}):
        yield Violation(
            "an operand has rank {found}; no source says that the DPU adds or "
            "multiplies anything but feature maps and features",
            found=found,
            limit="4 or 2",
            nearest=4,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "eltwise.same_shape",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source=(
        "no published rule checks shapes; compiled squeeze-excite models show the product"
        " with 1x1 maps"
    ),
    passes=(
        between_convs("equal shapes", "add"),
        where(multiplies, between_convs("product with a 1x1 map", "mul", second=(1, 1, 1, 16))),
    ),
    fails=(
        between_convs("sum with a 1x1 map", "add", second=(1, 1, 1, 16)),
        between_convs("product with a one-channel map", "mul", second=(1, 30, 30, 1)),
    ),
    remedy="give both operands the same shape, for instance by an upsampling or a convolution "
    "before it",
)
def same_shape(ctx: OpContext) -> Iterator[Violation]:
    """The operands have one shape, or a product has one operand of 1x1 pixels; other broadcasting
    is unknown.
    """
    tensors = [
        tensor for tensor, producer in zip(ctx.inputs, ctx.producers) if producer.kind != "const"
    ]
    shapes = sorted({tensor.shape for tensor in tensors})
    if len(shapes) < 2 or (ctx.op.kind == "mul" and _scales_channels(shapes)):
        return
    yield Violation(
        "operands of the shapes {first} and {second} are broadcast; no source says that the DPU "
        "does this",
        first=shapes[0],
        second=shapes[-1],
        found=" and ".join(str(list(shape)) for shape in shapes),
        limit="equal shapes",
        verdict=Verdict.UNKNOWN,
    )


def _scales_channels(shapes: List[Tuple[int, ...]]) -> bool:
    """Returns whether the shapes are a feature map and 1x1 maps of the same channels."""
    if any(len(shape) != 4 for shape in shapes):
        return False
    large = [shape for shape in shapes if shape[1:3] != (1, 1)]
    return len(large) == 1 and len({(shape[0], shape[3]) for shape in shapes}) == 1


@constraint(
    "eltwise.flat_from_cpu",
    kinds=SUMS,
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="the 3.x inspector says DPU for rank 2 with an input on the CPU, but compiles each "
    "operator alone",
    passes=(between_convs("4-D", "add"),),
    fails=(
        Example(
            "features of which some are computed on the CPU",
            graph(
                data((1, 64)),
                op("sigmoid", ["data"], (1, 64), name="gate"),
                op("add", ["data", "gate"], (1, 64)),
            ),
        ),
    ),
    remedy="bring its inputs to the DPU",
)
def flat_from_cpu(ctx: OpContext) -> Iterator[Violation]:
    """Its inputs are on the DPU, unless they are 4-D; otherwise it is unknown."""
    if ctx.op.output.rank == 4:
        return
    for producer in ctx.producers:
        if ctx.device_of(producer) is Device.CPU:
            yield Violation(
                "its operands have rank {rank} and {producer:op} is on the CPU; no source says "
                "that the DPU takes such an operand",
                rank=ctx.op.output.rank,
                producer=producer.name,
                found="cpu",
                limit="dpu",
                verdict=Verdict.UNKNOWN,
                follows=producer.name,
            )
            return


_SAME = {
    "sub": exact("write the difference as the sum with a negated convolution", "subtract"),
    "neg": exact("negate the weights of the convolution before it", "subtract"),
    "div": exact(
        "write a quotient by a constant as the product with its inverse", "divide-by-constant"
    ),
}
"""What computes the same with sums and products, by kind."""


def _instead(ctx: OpContext) -> Remedy:
    return _SAME.get(ctx.op.kind, AT_AN_END)


other = unsupported_kinds(
    "eltwise.cpu",
    ("sub", "div", "min", "max", "exp", "neg"),
    "the element-wise engine of the DPU computes no more than sums and products",
    Evidence.INSPECTOR,
    "CPU-only types of the 2.5 PyTorch inspector, registry of the 2.5 Keras inspector (minimum, "
    "maximum); " + UG1414,
    suggest=_instead,
    fails=(between_convs("difference", "sub"), between_convs("maximum", "max")),
)

CONSTRAINTS = (types, channels, rank, same_shape, constant, flat_from_cpu, other)
