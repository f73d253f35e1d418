"""Constraints of `depthwise-conv2d`, and of what becomes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Optional

from vai_inspect.rules.plugin import (
    SIDES,
    Evidence,
    Example,
    Limit,
    OpContext,
    Remedy,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    where,
    with_own,
)
from vai_inspect.rules.shared.dilation import of_depthwise, square
from vai_inspect.rules.shared.engines import (
    ALU_PADS,
    ceil_div,
    depthwise_bank,
    depthwise_engine,
    depthwise_kernel,
    depthwise_stride,
    input_channels,
    runs_depthwise,
    up_to,
)
from vai_inspect.rules.shared.examples import depthwise, transposed
from vai_inspect.rules.shared.remedies import CHAIN_OF_KERNELS, PAD_LESS
from vai_inspect.rules.shared.sources import PT25, PYXIR, UG1414_25

BOTH = ("depthwise-conv2d", "transposed-depthwise-conv2d")
ALU_PAD = 15
"""The most that the ALU pads before it counts in the dilation (UG1414)."""


def _groups(target: Target) -> Optional[int]:
    """Returns how many words of the weight bank the channels of one step take."""
    engine, bank = depthwise_engine(target), depthwise_bank(target)
    if engine is None or bank is None:
        return None
    return ceil_div(engine.channel_parallel, bank.width)


def _stride_to_fit(target: Target) -> Optional[int]:
    """Returns the largest stride s for which a kernel of 3s x 3s fits the weight bank."""
    bank, groups = depthwise_bank(target), _groups(target)
    if bank is None or groups is None:
        return None
    return int((bank.depth // groups) ** 0.5) // 3


def _channels(target: Target) -> Optional[int]:
    return input_channels(target) if runs_depthwise(target) else None


def _wide(number: int) -> Example:
    other = 3 if number <= 16 else 1
    text = f"kernel {number}x{other}"
    return depthwise(text, (1, 8, number + 2, 16), kernel=(number, other))


def _high(number: int) -> Example:
    other = 3 if number <= 16 else 1
    text = f"kernel {other}x{number}"
    return depthwise(text, (1, number + 2, 8, 16), kernel=(other, number))


def _strided(number: int) -> Example:
    return depthwise(f"stride {number}", (1, 2 * number + 8, 8, 16), stride=(1, number))


def _of_channels(number: int) -> Example:
    return depthwise(f"{number} channels", (1, 8, 8, number))


def _square(stride: int) -> Example:
    size = 3 * stride
    text = f"transposed, kernel {size}x{size}, stride {stride}"
    shape = (1, 4, 4, 16)
    return transposed(text, shape, kernel=(size,) * 2, stride=(stride,) * 2, depthwise_=True)


@constraint(
    "depthwise.engine",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; engines of the target definitions",
    limits={
        "engine": lambda target: "one" if runs_depthwise(target) else "none",
    },
    passes=(where(runs_depthwise, depthwise("a DPU with the engine")),),
    fails=(
        where(lambda target: not runs_depthwise(target), depthwise("a DPU without the engine")),
    ),
    remedy=(
        exact("use a plain convolution with zeros in the other weights"),
        Remedy("use a DPU built with a depthwise engine"),
    ),
)
def engine_present(ctx: OpContext) -> Iterator[Violation]:
    """The DPU needs an engine for depthwise convolutions; it has {engine}."""
    if not runs_depthwise(ctx.target):
        yield Violation(
            "{target} is built without an engine for depthwise convolutions",
            target=ctx.target.name,
            found="no engine",
            limit="an engine",
        )


@constraint(
    "depthwise.kernel",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + "; target definitions",
    limits={"kernel_size": depthwise_kernel},
    passes=(inside(depthwise_kernel, _wide), inside(depthwise_kernel, _high)),
    fails=(outside(depthwise_kernel, _wide), outside(depthwise_kernel, _high)),
    remedy=CHAIN_OF_KERNELS,
)
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width and height are each within {kernel_size}."""
    yield from ctx.axes_within("kernel", ctx.attrs.kernel, ctx.limit("kernel_size"))


@constraint(
    "depthwise.stride",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + "; target definitions",
    limits={"stride": depthwise_stride},
    passes=(inside(depthwise_stride, _strided),),
    fails=(outside(depthwise_stride, _strided),),
)
def stride(ctx: OpContext) -> Iterator[Violation]:
    """Stride is within {stride} along width and height."""
    yield from ctx.axes_within("stride", ctx.attrs.stride, ctx.limit("stride"))


def _padded_by_alu(target: Target) -> bool:
    return target.alu is not None and depthwise_engine(target) is target.alu


def _reach(target: Target, below: str) -> Optional[str]:
    if not runs_depthwise(target):
        return None
    return f"min({below}, {ALU_PAD})" if _padded_by_alu(target) else f"({below})"


@constraint(
    "depthwise.pad",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + ", paddings row; pad_limit of the target definitions",
    limits={"reach": lambda target: _reach(target, "kernel - 1"), **ALU_PADS},
    passes=(
        where(runs_depthwise, depthwise("pad 2, kernel 3", pad=(2, 2, 2, 2))),
        where(_padded_by_alu, depthwise("pad 15, kernel 16", kernel=(16, 16), pad=(15,) * 4)),
    ),
    fails=(
        where(runs_depthwise, depthwise("pad 3, kernel 3", pad=(3, 3, 3, 3))),
        where(
            _padded_by_alu,
            depthwise("pad 16, kernel 17", kernel=(17, 17), pad=(16, 16, 16, 16)),
            depthwise("pad 18, kernel 3, dilation 18", pad=(18,) * 4, dilation=(18, 18)),
        ),
    ),
    remedy=PAD_LESS,
)
def pad(ctx: OpContext) -> Iterator[Violation]:
    """Each pad is at most {reach} * dilation.

    The definition of an ALU also has pad limits, here {left} on the left, {right} on the right,
    {top} at the top and {bottom} at the bottom; what only they refuse (a large dilation) is
    unknown, because the user guide multiplies by the dilation.
    """
    attrs = ctx.attrs
    most = ALU_PAD if _padded_by_alu(ctx.target) else max(attrs.kernel)
    reach = [min(size - 1, most) * step for size, step in zip(attrs.kernel, attrs.dilation)]
    yield from ctx.sides_within(attrs.pad, [Limit.span(0, reach[side // 2]) for side in range(4)])
    within = [min(pad, reach[side // 2]) for side, pad in enumerate(attrs.pad)]
    engine = [up_to(reach[side // 2], ctx.limit(name)) for side, name in enumerate(SIDES)]
    for violation in ctx.sides_within(within, engine):
        yield violation.replaced(
            template=violation.template
            + " of the target definition, though the user guide's formula allows it",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "depthwise.weight_fit",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    limits={
        "bank": lambda target: getattr(depthwise_bank(target), "name", None),
        "depth": lambda target: getattr(depthwise_bank(target), "depth", None),
        "groups": _groups,
    },
    passes=(inside(_stride_to_fit, _square), where(runs_depthwise, depthwise("kernel 3x3"))),
    fails=(outside(_stride_to_fit, _square),),
    remedy=approximate("use a smaller kernel"),
)
def weight_fit(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(channel_parallel / bank_width) is at most bank_depth: {bank} has
    depth {depth}, the ceil is {groups}.
    """
    width, height = ctx.attrs.kernel
    groups, limit = ctx.limit("groups"), ctx.limit("depth")
    if groups is None:
        return
    words = width * height * groups
    if words > limit:
        yield Violation(
            "the weights of one channel group ({width} x {height}) need {found} addresses of bank "
            "{bank}, which has {depth}",
            width=width,
            height=height,
            bank=ctx.limit("bank"),
            depth=limit,
            found=words,
            limit=f"<= {limit}",
        )


@constraint(
    "depthwise.channels",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + PYXIR,
    limits={"channels": input_channels},
    passes=(inside(_channels, _of_channels),),
    fails=(outside(_channels, _of_channels),),
    remedy=exact("split the channels over several convolutions and concatenate their outputs"),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    yield from ctx.at_most("channels", ctx.input.channels, ctx.limit("channels"))


@constraint(
    "depthwise.multiplier",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source="UG1414 2.5, operators of PyTorch: groups are 1 or as many as input and output channels",
    passes=(where(runs_depthwise, depthwise("multiplier 1")),),
    fails=(where(runs_depthwise, depthwise("multiplier 2", multiplier=2)),),
    remedy=(
        exact(
            "repeat the channels before it, and use one filter a channel", "multiplier-to-depthwise"
        ),
        approximate("use one filter a channel, and a 1x1 convolution after it for more channels"),
    ),
)
def multiplier(ctx: OpContext) -> Iterator[Violation]:
    """There is one filter for each input channel (depth multiplier 1).

    The 2.5 PyTorch inspector treats such an operator as a plain convolution and says DPU.
    """
    if ctx.attrs.multiplier != 1:
        yield Violation(
            "{found} filters for each input channel; the DPU takes one",
            found=ctx.attrs.multiplier,
            limit="1",
            nearest=1,
        )


PAD_BELOW_KERNEL = replace(pad, notes="")
"""`depthwise.pad` of families without an ALU."""

CONSTRAINTS = (
    engine_present,
    kernel,
    stride,
    of_depthwise,
    square,
    pad,
    weight_fit,
    channels,
    multiplier,
)
"""For families with an ALU."""
WITHOUT_ALU = with_own(CONSTRAINTS, PAD_BELOW_KERNEL)
"""For families without an ALU of which some targets have the engine."""
NO_ENGINE = engine_present.never_passed()
"""For families without it."""
