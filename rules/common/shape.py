"""Constraints of concatenation, reshaping, permutation, padding and slicing."""

from __future__ import annotations

from typing import Iterator, List

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    FlattenAttrs,
    InnerProductAttrs,
    PadAttrs,
    ReshapeAttrs,
    StridedSliceAttrs,
    TransposeAttrs,
)
from vai_inspect.rules.common.engines import input_channels
from vai_inspect.rules.common.examples import (
    after_conv,
    alone,
    between_convs,
    const,
    conv_op,
    data,
    graph,
    op,
)
from vai_inspect.rules.constraint import Stage, Verdict, constraint
from vai_inspect.rules.example import Example
from vai_inspect.rules.site import Problem, Site

RESHAPES = ("reshape", "flatten", "squeeze")
INSPECTOR_3 = "post rules of the 3.x inspector"
SHAPE = (1, 32, 32, 16)
TO_NCHW = (0, 3, 1, 2)


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


def _reshape(text: str, size: int, shape: "tuple[int, ...]") -> Example:
    """A reshape behind a convolution of 16x16x16 outputs; kernel 17 puts it on the CPU."""
    first = conv_op(SHAPE, name="conv", kernel=(size, size))
    return Example(
        text, graph(data(SHAPE), first, op("reshape", ["conv"], shape, ReshapeAttrs(shape)))
    )


def _permuted(text: str, last: str) -> Example:
    """A permute, a flatten, and an inner product or a softmax."""
    ops = [
        data((1, 8, 8, 16)),
        conv_op((1, 8, 8, 16), name="conv", kernel=(1, 1)),
        op("transpose", ["conv"], (1, 16, 8, 8), TransposeAttrs(TO_NCHW)),
        op("flatten", ["op"], (1, 1024), FlattenAttrs(1, 3), name="flat"),
    ]
    if last == "inner-product":
        weights = (10, 1024)
        ops.append(op(last, ["flat"], (1, 10), InnerProductAttrs(1), "last", weights))
    else:
        ops.append(op(last, ["flat"], (1, 1024), AxisAttrs(1), "last"))
    return Example(text, graph(*ops))


@constraint(
    "concat.axis",
    kinds=("concat",),
    evidence=Evidence.INFERRED,
    source="no source shows a concatenation of batches",
    passes=(between_convs("channels", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(between_convs("batch", "concat", AxisAttrs(0)),),
    cure="concatenate along the channels",
)
def concat_axis(site: Site) -> Iterator[Problem]:
    """The axis is not the batch; whether it may be is unknown."""
    if site.attrs.axis % site.op.output.rank == 0:
        yield Problem(
            "it concatenates along the batch; no source says that the DPU does this",
            found=0,
            limit="axis 1-3",
            verdict=Verdict.UNKNOWN,
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


@constraint(
    "concat.channels",
    kinds=("concat",),
    evidence=Evidence.PARTITION_RULE,
    source="pyxir common_op_support",
    limits={"channels": input_channels},
    passes=(_doubled("4096 channels", (1, 4, 4, 2048)),),
    fails=(_doubled("4098 channels", (1, 4, 4, 2049)),),
    cure="concatenate fewer channels",
)
def concat_channels(site: Site) -> Iterator[Problem]:
    """The result has at most {channels} channels (256 * channel_parallel)."""
    yield from site.at_most("channels", site.op.output.channels, site.limit("channels"))


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


@constraint(
    "reshape.input",
    kinds=RESHAPES,
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source=INSPECTOR_3 + ": 'The input of reshape is not on DPU.'",
    passes=(_reshape("input on the DPU", 3, (1, 900, 16)),),
    fails=(
        _reshape("input on the CPU", 17, (1, 256, 16)),
        alone("the graph's input", "reshape", ReshapeAttrs((1, 1024, 16)), out=(1, 1024, 16)),
    ),
    cure="bring the operator before it to the DPU",
)
def reshape_input(site: Site) -> Iterator[Problem]:
    """What it reshapes is on the DPU; of the graph's own input it is unknown.

    The 2.5 inspector leaves it on the DPU wherever its input is.
    """
    producer = site.producers[0]
    if _folded(site, producer):
        return
    if site.device_of(producer) is Device.CPU:
        yield Problem(
            "its input {} is not on the DPU".format(producer.name),
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )
    elif site.device_of(producer) is Device.USER:
        yield Problem(
            "it reshapes the graph's own input, which the host writes; no compiled model shows "
            "this on the DPU",
            found="user",
            limit="dpu",
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            suggestion="give the network its input in the shape that is wanted",
        )


@constraint(
    "reshape.batch",
    kinds=RESHAPES,
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors: 'First dimension is changed.'",
    passes=(_reshape("first axis kept", 3, (1, 900, 16)),),
    fails=(_reshape("first axis changed at the end of the network", 3, (900, 16)),),
    cure="keep the batch as the first axis",
)
def reshape_batch(site: Site) -> Iterator[Problem]:
    """Where something outside the DPU reads it, the first axis stays the batch."""
    before, after = site.input.shape, site.op.output.shape
    if before[:1] == after[:1]:
        return
    outside = [one.name for one in site.consumers if site.device_of(one) is not Device.DPU]
    if outside:
        yield Problem(
            "the first axis changes from {} to {}, and {} outside the DPU reads it".format(
                before[0] if before else 1, after[0] if after else 1, outside[0]
            ),
            found=after[0] if after else 1,
            limit=str(before[0] if before else 1),
            nearest=before[0] if before else 1,
        )


@constraint(
    "transpose.folded",
    kinds=("transpose",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors",
    passes=(_permuted("permute (0, 3, 1, 2), flatten, inner product", "inner-product"),),
    fails=(
        _permuted("permute (0, 3, 1, 2), flatten, softmax", "softmax"),
        after_conv("permute (0, 2, 1, 3)", "transpose", TransposeAttrs((0, 2, 1, 3))),
    ),
    cure="leave the data in NHWC order, or do the permute on the host behind the network",
)
def transpose_folded(site: Site) -> Iterator[Problem]:
    """The DPU does not permute; (0, 3, 1, 2) before a flatten and an inner product is folded into
    the weights.
    """
    if _folded(site, site.original):
        return
    others = [one for one in site.consumers if not _feeds_products(site, one)]
    if tuple(site.attrs.order) != TO_NCHW or not others:
        but = "this is {}".format(list(site.attrs.order))
    else:
        but = "{} ({}) is not these".format(others[0].name, others[0].kind)
    yield Problem(
        "the DPU does not permute; only {} before a flatten and an inner product is folded away, "
        "and {}".format(list(TO_NCHW), but),
        found=tuple(site.attrs.order),
        limit="no permute",
    )


def _folded(site: Site, transpose: Op) -> bool:
    """Tells whether a permute to NCHW is read only by what the weights can take it in."""
    if transpose.kind != "transpose" or tuple(transpose.attributes()["order"]) != TO_NCHW:
        return False
    readers = site.graph.consumers(transpose)
    return bool(readers) and all(_feeds_products(site, reader) for reader in readers)


def _feeds_products(site: Site, reshape: Op) -> bool:
    readers = site.graph.consumers(reshape)
    return (
        reshape.kind in ("flatten", "reshape")
        and bool(readers)
        and all(reader.kind == "inner-product" for reader in readers)
    )


@constraint(
    "transpose.product_on_dpu",
    kinds=("transpose", "flatten", "reshape"),
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source="2.5 inspector: the permute takes the device of the inner product",
    passes=(_permuted("the inner product is on the DPU", "inner-product"),),
    fails=(
        Example(
            "the inner product is on the CPU",
            graph(
                data((1, 8, 8, 512)),
                conv_op((1, 8, 8, 512), 512, "conv", kernel=(1, 1)),
                op("transpose", ["conv"], (1, 512, 8, 8), TransposeAttrs(TO_NCHW)),
                op("flatten", ["op"], (1, 32768), FlattenAttrs(1, 3), name="flat"),
                op(
                    "inner-product",
                    ["flat"],
                    (1, 5000),
                    InnerProductAttrs(1),
                    "last",
                    (5000, 32768),
                ),
            ),
        ),
    ),
    cure="bring the inner product to the DPU",
)
def product_on_dpu(site: Site) -> Iterator[Problem]:
    """A permute that is folded into an inner product, and the flatten between, follow the inner
    product.
    """
    permute = site.original if site.op.kind == "transpose" else site.producers[0]
    if not _folded(site, permute):
        return
    fallen = [reader for reader in site.consumers if site.device_of(reader) is not Device.DPU]
    if fallen and site.op.kind == "transpose":
        # The flatten between falls with the inner product, which is the one to name.
        fallen = [
            product
            for product in site.graph.consumers(fallen[0])
            if site.device_of(product) is not Device.DPU
        ] or fallen
    if fallen:
        yield Problem(
            "it is folded away only if {} is on the DPU".format(fallen[0].name),
            found=site.device_of(fallen[0]).value,
            limit="dpu",
            follows=fallen[0].name,
        )


@constraint(
    "pad.mode",
    kinds=("pad",),
    evidence=Evidence.PARTITION_RULE,
    source="dpu_op_filter.py of Vitis AI 2.5; UG1414 3.5, chapter 4 (by a digest)",
    passes=(
        alone("zeros", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)), out=(1, 34, 34, 16)),
        alone(
            "SYMMETRIC", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "SYMMETRIC"), out=(1, 34, 34, 16)
        ),
    ),
    fails=(
        alone("REFLECT", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "REFLECT"), out=(1, 34, 34, 16)),
        alone(
            "ones",
            "pad",
            PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "CONSTANT", (1.0,)),
            out=(1, 34, 34, 16),
        ),
    ),
    cure="pad with zeros",
)
def pad_mode(site: Site) -> Iterator[Problem]:
    """It pads with zeros (CONSTANT 0) or SYMMETRIC."""
    mode = site.attrs.mode
    if mode == "CONSTANT" and any(value != 0 for value in site.attrs.constant_values):
        mode = "CONSTANT {:g}".format(site.attrs.constant_values[0])
    elif mode in ("CONSTANT", "SYMMETRIC"):
        return
    yield Problem(
        "it pads by {}; the DPU pads by CONSTANT 0 or SYMMETRIC".format(mode),
        found=mode,
        limit="CONSTANT 0, SYMMETRIC",
        nearest="CONSTANT 0",
    )


@constraint(
    "pad.axes",
    kinds=("pad",),
    evidence=Evidence.INFERRED,
    source=(
        "UG1414 3.5, chapter 4 (by a digest): on the DPU when 4-D; nothing is said of "
        "batch and channels"
    ),
    passes=(
        alone("height and width", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)), out=(1, 34, 34, 16)),
    ),
    fails=(alone("channels", "pad", PadAttrs((0, 0, 0, 0, 0, 0, 0, 8)), out=(1, 32, 32, 24)),),
    cure="pad height and width only; for more channels use a 1x1 convolution",
)
def pad_axes(site: Site) -> Iterator[Problem]:
    """It pads height and width of a 4-D tensor; whether other axes are padded on the DPU is
    unknown.
    """
    pads = site.attrs.paddings
    if len(pads) == 8 and not any(pads[:2]) and not any(pads[6:]) and min(pads) >= 0:
        return
    yield Problem(
        "paddings {} are not those of height and width alone".format(list(pads)),
        found=tuple(pads),
        limit="height and width of a 4-D tensor",
        verdict=Verdict.UNKNOWN,
    )


@constraint(
    "pad.channels",
    kinds=("pad",),
    evidence=Evidence.PARTITION_RULE,
    source="dpu_op_filter.py of Vitis AI 2.5",
    limits={"channels": lambda target: 256 * target.load.channel_parallel},
    passes=(
        alone(
            "4096 channels",
            "pad",
            PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)),
            (1, 4, 4, 4096),
            (1, 6, 6, 4096),
        ),
    ),
    fails=(
        alone(
            "4097 channels",
            "pad",
            PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)),
            (1, 4, 4, 4097),
            (1, 6, 6, 4097),
        ),
    ),
)
def pad_channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel of the load engine)."""
    yield from site.at_most("channels", site.input.channels, site.limit("channels"))


@constraint(
    "strided_slice.cpu",
    kinds=("strided_slice",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors; UG1414 3.5 (by a digest) allows stride 1 of batch and "
    "channels, no inspector shows it",
    passes=(),
    fails=(
        after_conv(
            "cropping by 2",
            "strided_slice",
            StridedSliceAttrs((0, 2, 2, 0), (1, 28, 28, 16), (1, 1, 1, 1)),
            (1, 26, 26, 16),
        ),
        after_conv(
            "half of a convolution's channels",
            "strided_slice",
            StridedSliceAttrs((0, 0, 0, 0), (1, 30, 30, 8), (1, 1, 1, 1)),
            (1, 30, 30, 8),
        ),
    ),
)
def strided_slice(site: Site) -> Iterator[Problem]:
    """The DPU does not slice or crop; of channels cut right behind a convolution it is unknown.

    On a DPUCVDX8G compiled models show such a cut vanish: the compiler makes two convolutions.
    """
    channels_only = site.input.shape[:-1] == site.op.output.shape[:-1]
    if site.producers[0].kind == "conv2d" and channels_only:
        yield Problem(
            "the inspectors refuse a cut of channels; on another DPU compiled models show it "
            "vanish behind a convolution, on this one none is known",
            found="channels",
            verdict=Verdict.UNKNOWN,
            suggestion="write two convolutions in place of one convolution and a cut",
        )
        return
    yield Problem(
        "the DPU does not slice or crop",
        found=site.op.kind,
        suggestion="crop on the host, or choose pads and strides of the neighbours that give this "
        "size",
    )


CONSTRAINTS = (
    concat_axis,
    concat_rank,
    concat_channels,
    concat_constant,
    concat_inputs,
    reshape_input,
    reshape_batch,
    transpose_folded,
    product_on_dpu,
    pad_mode,
    pad_axes,
    pad_channels,
    strided_slice,
)
