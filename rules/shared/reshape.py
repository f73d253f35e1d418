"""Constraints of reshaping."""

from __future__ import annotations

from typing import Iterator, Tuple

from vai_inspect.core.ir.attrs import ReshapeAttrs
from vai_inspect.rules.plugin import (
    Device,
    Evidence,
    Example,
    OpContext,
    Stage,
    Violation,
    constraint,
)
from vai_inspect.rules.shared.examples import conv_op, data, graph, op
from vai_inspect.rules.shared.layouts import RESHAPES, folded_into_weights
from vai_inspect.rules.shared.sources import INSPECTOR_3

SHAPE = (1, 32, 32, 16)


def _reshape(text: str, size: int, shape: Tuple[int, ...]) -> Example:
    """A reshape after a convolution of 16x16x16 outputs; kernel 17 puts it on the CPU."""
    first = conv_op(SHAPE, name="conv", kernel=(size, size))
    return Example(
        text, graph(data(SHAPE), first, op("reshape", ["conv"], shape, ReshapeAttrs(shape)))
    )


def _own_input(text: str, size: int) -> Example:
    """A reshape of the network's input for a convolution; kernel 17 puts that on the CPU."""
    first = op("reshape", ["data"], SHAPE, ReshapeAttrs(SHAPE))
    last = conv_op(SHAPE, name="conv", source="op", kernel=(size, size))
    return Example(text, graph(data((1, 1024, 16)), first, last))


@constraint(
    "reshape.input",
    kinds=RESHAPES,
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source=INSPECTOR_3 + ": 'The input of reshape is not on DPU.'; of the network's own input: "
    "compiled models of release 3.5.0",
    passes=(
        _reshape("input on the DPU", 3, (1, 900, 16)),
        _own_input("the network's own input, read on the DPU", 3),
    ),
    fails=(
        _reshape("input on the CPU", 17, (1, 256, 16)),
        _own_input("the network's own input, read on the CPU", 17),
    ),
    remedy="bring the operator before it to the DPU",
)
def reshape_input(ctx: OpContext) -> Iterator[Violation]:
    """Its input is on the DPU, or is the network's own and is read on the DPU.

    The 2.5 inspector leaves it on the DPU wherever its input is. Compiled models of 1.4.1 and
    2.5.0 have one reshape of the network's own input on the CPU before the DPU part, which costs
    no DPU subgraph; those of 3.5.0 have none, for 3.0 it is unknown.
    """
    producer = ctx.producers[0]
    if folded_into_weights(producer, ctx.graph):
        return
    if ctx.device_of(producer) is Device.CPU:
        yield Violation(
            "its input {producer:op} is not on the DPU",
            producer=producer.name,
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )
    elif ctx.device_of(producer) is Device.USER:
        readers = [one for one in ctx.consumers if ctx.device_of(one) is Device.CPU]
        if len(readers) == len(ctx.consumers) and readers:
            yield Violation(
                "it reshapes the network's own input for {reader:op}, which is on the CPU",
                reader=readers[0].name,
                found="cpu",
                limit="dpu",
                follows=readers[0].name,
                remedy="give the network its input in the shape that is wanted",
            )


@constraint(
    "reshape.batch",
    kinds=RESHAPES,
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors: 'First dimension is changed.'",
    passes=(_reshape("first axis kept", 3, (1, 900, 16)),),
    fails=(_reshape("first axis changed at the end of the network", 3, (900, 16)),),
    remedy="keep the batch as the first axis",
)
def reshape_batch(ctx: OpContext) -> Iterator[Violation]:
    """Where something outside the DPU reads it, the first axis stays the batch."""
    first, second = ctx.input.shape[:1], ctx.op.output.shape[:1]
    if first == second:
        return
    before, after = (sizes[0] if sizes else 1 for sizes in (first, second))
    outside = [one for one in ctx.consumers if ctx.device_of(one) is not Device.DPU]
    if not outside:
        return
    # Where the host reads it anyway, no other reader's move would bring it back.
    ends = [one for one in outside if ctx.device_of(one) is Device.USER]
    reader = (ends or outside)[0]
    yield Violation(
        "the first axis changes from {nearest} to {found}, and {reader:op} reads it outside the "
        "DPU",
        reader=reader.name,
        found=after,
        limit=str(before),
        nearest=before,
        follows=None if ends else reader.name,
    )


CONSTRAINTS = (reshape_input, reshape_batch)
