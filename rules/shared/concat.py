"""Constraints of `concat`."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import AxisAttrs
from vai_inspect.rules.plugin import (
    Constraint,
    Device,
    Evidence,
    Example,
    OpContext,
    Stage,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
)
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.remedies import AT_AN_END
from vai_inspect.rules.shared.sources import INSPECTOR_3, PYXIR

SHAPE = (1, 32, 32, 16)
FEWER = approximate("concatenate fewer channels")
FEWER_IN_EACH = approximate("use feature maps of at most {nearest} channels")


def _concat(text: str, axis: int, *kernels: int) -> Example:
    """A concatenation of convolutions; one with kernel 17 is on the CPU."""
    ops: List[Op] = [data(SHAPE)]
    for number, size in enumerate(kernels):
        pads = ((size - 1) // 2, size // 2) * 2
        name = f"conv{number}"
        ops.append(conv_op(SHAPE, name=name, kernel=(size, size), pad=pads))
    shape = list(ops[-1].output.shape)
    shape[axis] *= len(kernels)
    names = [one.name for one in ops[1:]]
    return Example(text, graph(*ops, op("concat", names, tuple(shape), AxisAttrs(axis))))


def _doubled(text: str, shape: Tuple[int, ...]) -> Example:
    """An input concatenated with itself along the channels."""
    out = (*shape[:-1], 2 * shape[-1])
    last = AxisAttrs(len(shape) - 1)
    return Example(text, graph(data(shape), op("concat", ["data", "data"], out, last)))


def _half(target: Target) -> int:
    return input_channels(target) // 2


def _twice(number: int) -> Example:
    return _doubled(f"{2 * number} channels", (1, 4, 4, number))


@constraint(
    "concat.axis",
    kinds=("concat",),
    evidence=Evidence.COMPILED,
    source="a compile log: XCOM_SIZE_UNMATCH, 'concat's axis is error'",
    passes=(between_convs("channels", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(between_convs("batch", "concat", AxisAttrs(0)),),
    remedy=approximate("concatenate along the channels"),
)
def concat_axis(ctx: OpContext) -> Iterator[Violation]:
    """The axis is not the batch, at which the compiler stops."""
    if ctx.attrs.axis % ctx.op.output.rank == 0:
        yield Violation(
            "it concatenates along the batch, at which the compiler stops",
            found=0,
            limit="axis 1-3",
        )


@constraint(
    "concat.rank",
    kinds=("concat",),
    evidence=Evidence.INFERRED,
    source="the sources mention concatenated feature maps, and features after a flatten",
    passes=(between_convs("rank 4", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(_doubled("rank 5", (1, 4, 4, 4, 8)),),
    remedy="concatenate 4-D feature maps",
)
def concat_rank(ctx: OpContext) -> Iterator[Violation]:
    """It has at most 4 axes; whether more run on the DPU is unknown."""
    if ctx.op.output.rank > 4:
        yield Violation(
            "it concatenates tensors of {found} axes; no source mentions more than 4",
            found=ctx.op.output.rank,
            limit="<= 4",
            nearest=4,
            verdict=Verdict.UNKNOWN,
        )


def _flat(number: int) -> Example:
    return _doubled(f"{2 * number} flattened features", (1, number))


def channels(flat_shown: str = "") -> Constraint:
    """Returns the constraint of the channels of the result.

    Args:
        flat_shown: which compiled models of the family concatenate flattened features far above
            the channel limit; empty where none is known.
    """
    shown = flat_shown or "compiled models of other DPUs concatenate more flattened features"

    @constraint(
        "concat.channels",
        kinds=("concat",),
        evidence=Evidence.PARTITION_RULE,
        source=f"{PYXIR}; {shown}",
        limits={"channels": input_channels},
        passes=(inside(_half, _twice), *((_flat(101392),) if flat_shown else ())),
        fails=(outside(_half, _twice), *(() if flat_shown else (outside(_half, _flat),))),
    )
    def concat_channels(ctx: OpContext) -> Iterator[Violation]:
        """The result has at most {channels} channels (256 * channel_parallel); more flattened
        features, as more in tensors that are no feature maps, are unknown.

        Compiled models of some DPUs concatenate flattened heads of far more features: tensors
        whose axes except the batch and the last are 1.
        """
        tensor = ctx.op.output
        flat = tensor.elements == tensor.channels * (tensor.shape[0] if tensor.rank > 1 else 1)
        if flat and flat_shown:
            return
        for violation in ctx.at_most("channels", tensor.channels, ctx.limit("channels")):
            along_last = ctx.attrs.axis % tensor.rank == tensor.rank - 1
            if tensor.rank == 4 and not flat:
                yield violation.replaced(remedy=FEWER if along_last else FEWER_IN_EACH)
                continue
            joined = "it concatenates {found} flattened features along one axis"
            wide = "the tensors that it concatenates have {found} features along another axis"
            yield Violation(
                f"{joined if along_last else wide}, more than {{nearest}}; compiled models show "
                "more than that only on other DPUs or in other shapes",
                found=violation.found,
                limit=violation.limit,
                nearest=violation.nearest,
                remedy=FEWER if tensor.rank == 4 and along_last else AT_AN_END,
                verdict=Verdict.UNKNOWN,
                evidence=Evidence.INFERRED,
            )

    return concat_channels


@constraint(
    "concat.constant",
    kinds=("concat",),
    evidence=Evidence.INFERRED,
    source="no source shows a concatenation with a constant",
    passes=(between_convs("two feature maps", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(
        Example(
            "a constant",
            graph(
                data(SHAPE),
                const((1, 32, 32, 4)),
                op("concat", ["data", "const"], (1, 32, 32, 20), AxisAttrs(3)),
            ),
        ),
    ),
    remedy=exact("make the constant an input of the network, or the bias of a convolution"),
)
def concat_constant(ctx: OpContext) -> Iterator[Violation]:
    """No input is a constant; whether one may be is unknown."""
    if any(producer.kind == "const" for producer in ctx.producers):
        yield Violation(
            "one input is a constant; no source says that the DPU takes it",
            found="constant",
            limit="no constant",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "concat.inputs",
    kinds=("concat",),
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source=INSPECTOR_3,
    passes=(
        _concat("both inputs on the DPU, along the width", 2, 3, 3),
        _concat("one input on the CPU, along the channels", 3, 3, 17),
    ),
    fails=(
        _concat("all inputs on the CPU", 3, 17, 17),
        _concat("one input on the CPU, along the width", 2, 3, 17),
    ),
    remedy="bring its inputs to the DPU",
)
def concat_inputs(ctx: OpContext) -> Iterator[Violation]:
    """Some input is on the DPU; and all are, unless it is 4-D and along the channels."""
    on_cpu = [one.name for one in ctx.producers if ctx.device_of(one) is Device.CPU]
    if not on_cpu:
        return
    if len(on_cpu) == len(ctx.producers):
        yield Violation(
            "all its inputs are on the CPU", found="cpu", limit="dpu", follows=on_cpu[0]
        )
    elif ctx.op.output.rank != 4 or ctx.attrs.axis % 4 != 3:
        yield Violation(
            "its input {producer:op} is on the CPU; with such an input only a 4-D concatenation "
            "along the channels runs on the DPU",
            producer=on_cpu[0],
            found="cpu",
            limit="dpu",
            follows=on_cpu[0],
        )


CONSTRAINTS = (concat_axis, concat_rank, channels(), concat_constant, concat_inputs)
