"""Constraints of `concat`."""

from __future__ import annotations

from typing import Iterator, List

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import AxisAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Stage, Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside, where
from vai_inspect.rules.shared.data_movement import SHAPE
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import INSPECTOR_3, PYXIR


def _concat(text: str, axis: int, *kernels: int) -> Example:
    """A concatenation of convolutions; one with kernel 17 is on the CPU."""
    ops: List[Op] = [data(SHAPE)]
    for number, size in enumerate(kernels):
        pads = ((size - 1) // 2, size // 2) * 2
        name = "conv{}".format(number)
        ops.append(conv_op(SHAPE, name=name, kernel=(size, size), pad=pads))
    shape = list(ops[-1].output.shape)
    shape[axis] *= len(kernels)
    names = [one.name for one in ops[1:]]
    return Example(text, graph(*ops, op("concat", names, tuple(shape), AxisAttrs(axis))))


def _doubled(text: str, shape: "tuple[int, ...]") -> Example:
    """An input concatenated with itself along the channels."""
    out = (*shape[:-1], 2 * shape[-1])
    last = AxisAttrs(len(shape) - 1)
    return Example(text, graph(data(shape), op("concat", ["data", "data"], out, last)))


def _half(target: Target) -> int:
    return input_channels(target) // 2


def _twice(number: int) -> Example:
    return _doubled("{} channels".format(2 * number), (1, 4, 4, number))


@constraint(
    "concat.axis",
    kinds=("concat",),
    evidence=Evidence.COMPILED,
    source="a compile log: XCOM_SIZE_UNMATCH, 'concat's axis is error'",
    passes=(between_convs("channels", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(between_convs("batch", "concat", AxisAttrs(0)),),
    cure="concatenate along the channels",
)
def concat_axis(site: Site) -> Iterator[Problem]:
    """The axis is not the batch: the compiler stops there."""
    if site.attrs.axis % site.op.output.rank == 0:
        yield Problem(
            "it concatenates along the batch, where the compiler stops",
            found=0,
            limit="axis 1-3",
        )


@constraint(
    "concat.rank",
    kinds=("concat",),
    evidence=Evidence.INFERRED,
    source="the sources speak of concatenated feature maps, and of features behind a flatten",
    passes=(between_convs("rank 4", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(_doubled("rank 5", (1, 4, 4, 4, 8)),),
    cure="concatenate 4-D feature maps",
)
def concat_rank(site: Site) -> Iterator[Problem]:
    """It has at most 4 axes; whether more run on the DPU is unknown."""
    if site.op.output.rank > 4:
        yield Problem(
            "it concatenates tensors of {} axes; no source speaks of more than 4".format(
                site.op.output.rank
            ),
            found=site.op.output.rank,
            limit="<= 4",
            nearest=4,
            verdict=Verdict.UNKNOWN,
        )


FLAT_SHOWN = ("cahx8h", "cvdx8g")
"""Families whose compiled models concatenate flattened features far above the channel limit."""


def _flat(number: int) -> Example:
    return _doubled(f"{2 * number} flattened features", (1, number))


def _shows_flat(target: Target) -> bool:
    return target.family in FLAT_SHOWN


@constraint(
    "concat.channels",
    kinds=("concat",),
    evidence=Evidence.PARTITION_RULE,
    source=PYXIR + "; of flattened features compiled models: [1, 202784] for DPUCAHX8H (1.1, 1.2), "
    "[1, 1, 1, 65744] for DPUCVDX8G_ISA3_C32B1 (1.4.1)",
    limits={"channels": input_channels},
    passes=(inside(_half, _twice), where(_shows_flat, _flat(101392))),
    fails=(
        outside(_half, _twice),
        where(lambda target: not _shows_flat(target), outside(_half, _flat)),
    ),
    cure="concatenate fewer channels",
)
def concat_channels(site: Site) -> Iterator[Problem]:
    """The result has at most {channels} channels (256 * channel_parallel); of flattened features,
    as of tensors that are no feature maps, more are unknown.

    Compiled models concatenate flattened heads of far more features on DPUCAHX8H and DPUCVDX8G:
    those whose axes but the batch and the last are 1.
    """
    tensor = site.op.output
    flat = tensor.elements == tensor.channels * (tensor.shape[0] if tensor.rank > 1 else 1)
    if flat and site.target.family in FLAT_SHOWN:
        return
    for problem in site.at_most("channels", tensor.channels, site.limit("channels")):
        if tensor.rank == 4 and not flat:
            yield problem
            continue
        yield Problem(
            f"it concatenates flattened features to {tensor.channels} along one axis; compiled "
            "models show so many of other DPUs or shapes",
            found=problem.found,
            limit=problem.limit,
            nearest=problem.nearest,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
        )


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
    cure="give the constant to the network as an input, or make it by a convolution's bias",
)
def concat_constant(site: Site) -> Iterator[Problem]:
    """No input is a constant; whether one may be is unknown."""
    if any(producer.kind == "const" for producer in site.producers):
        yield Problem(
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
    cure="bring its inputs to the DPU",
)
def concat_inputs(site: Site) -> Iterator[Problem]:
    """Some input is on the DPU; and all are, unless it is 4-D and along the channels."""
    on_cpu = [one.name for one in site.producers if site.device_of(one) is Device.CPU]
    if not on_cpu:
        return
    if len(on_cpu) == len(site.producers):
        yield Problem("all its inputs are on the CPU", found="cpu", limit="dpu", follows=on_cpu[0])
    elif site.op.output.rank != 4 or site.attrs.axis % 4 != 3:
        yield Problem(
            "its input {} is on the CPU; with such an input only a 4-D concatenation along the "
            "channels runs on the DPU".format(on_cpu[0]),
            found="cpu",
            limit="dpu",
            follows=on_cpu[0],
        )


CONSTRAINTS = (concat_axis, concat_rank, concat_channels, concat_constant, concat_inputs)
