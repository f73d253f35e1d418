"""Constraints of reshaping and permutation."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    FlattenAttrs,
    InnerProductAttrs,
    ReshapeAttrs,
    TransposeAttrs,
    UnknownAttrs,
)
from vai_inspect.rules.engine.constraint import Stage, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import INSPECTOR_3

RESHAPES = ("reshape", "flatten", "squeeze")
SHAPE = (1, 32, 32, 16)
FLATTENS = ("flatten", "reshape")
TO_NCHW = (0, 3, 1, 2)
"""The order of a permute from NHWC to NCHW."""
TO_NHWC = (0, 2, 3, 1)
OF_GROUPS = (0, 2, 1, 3, 4)
"""The order of a shuffle of channels, laid out as (n, groups, channels, h, w)."""


def to_nchw(node: Op) -> bool:
    """Tells whether an operator is the permute from NHWC to NCHW."""
    return node.kind == "transpose" and tuple(node.attributes()["order"]) == TO_NCHW


def _reshape(text: str, size: int, shape: "tuple[int, ...]") -> Example:
    """A reshape behind a convolution of 16x16x16 outputs; kernel 17 puts it on the CPU."""
    first = conv_op(SHAPE, name="conv", kernel=(size, size))
    return Example(
        text, graph(data(SHAPE), first, op("reshape", ["conv"], shape, ReshapeAttrs(shape)))
    )


def _own_input(text: str, size: int) -> Example:
    """A reshape of the network's input for a convolution; kernel 17 puts that on the CPU."""
    first = op("reshape", ["data"], SHAPE, ReshapeAttrs(SHAPE))
    last = conv_op(SHAPE, name="conv", source="op", kernel=(size, size))
    return Example(text, graph(data((1, 1024, 16)), first, last))


def _permuted(text: str, last: str, size: int = 4, channels: int = 64) -> Example:
    """A permute, a flatten, and an inner product or a softmax."""
    shape = (1, size, size, channels)
    features = size * size * channels
    ops = [
        data(shape),
        conv_op(shape, channels, name="conv", kernel=(1, 1)),
        op("transpose", ["conv"], (1, channels, size, size), TransposeAttrs(TO_NCHW)),
        op("flatten", ["op"], (1, features), FlattenAttrs(1, 3), name="flat"),
    ]
    if last == "inner-product":
        weights = (10, features)
        ops.append(op(last, ["flat"], (1, 10), InnerProductAttrs(1), "last", weights))
    else:
        ops.append(op(last, ["flat"], (1, features), AxisAttrs(1), "last"))
    return Example(text, graph(*ops))


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
    cure="bring the operator before it to the DPU",
)
def reshape_input(site: Site) -> Iterator[Problem]:
    """What it reshapes is on the DPU, or is the network's own input and is read on the DPU.

    The 2.5 inspector leaves it on the DPU wherever its input is. Compiled models of 1.4.1 and
    2.5.0 have one reshape of the network's own input on the CPU before the DPU's part, which costs
    no DPU subgraph; those of 3.5.0 have none, of 3.0 it is unknown.
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
        readers = [one for one in site.consumers if site.device_of(one) is Device.CPU]
        if len(readers) == len(site.consumers) and readers:
            yield Problem(
                f"it reshapes the network's own input for {readers[0].name}, which is on the CPU",
                found="cpu",
                limit="dpu",
                follows=readers[0].name,
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
    first, second = site.input.shape[:1], site.op.output.shape[:1]
    if first == second:
        return
    before, after = (sizes[0] if sizes else 1 for sizes in (first, second))
    outside = [one for one in site.consumers if site.device_of(one) is not Device.DPU]
    if not outside:
        return
    # Where the host reads it anyway, no other reader's move would bring it back.
    ends = [one for one in outside if site.device_of(one) is Device.USER]
    reader = (ends or outside)[0]
    yield Problem(
        "the first axis changes from {} to {}, and {} outside the DPU reads it".format(
            before, after, reader.name
        ),
        found=after,
        limit=str(before),
        nearest=before,
        follows=None if ends else reader.name,
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
)
def transpose_folded(site: Site) -> Iterator[Problem]:
    """The DPU does not permute; (0, 3, 1, 2) before a flatten and an inner product is folded into
    the weights.
    """
    if _folded(site, site.original) or _made_for(site) is not None:
        return
    yield Problem(
        "the DPU does not permute{}; {}".format(_why_inserted(site), _why_not_folded(site)),
        found=tuple(site.attrs.order),
        limit="no permute",
        suggestion=_in_place_of_permute(site),
    )


def _why_inserted(site: Site) -> str:
    """Tells for which operator the quantiser inserts the permute, where it does."""
    for_readers, behind = (ending in site.original.name for ending in INSERTED)
    near = (site.consumers if for_readers else site.producers if behind else ())[:1]
    if not near or near[0].kind == "transpose":
        return ""
    what = ", and the quantiser inserts this one because {} ({}) works in PyTorch's order of axes"
    told = what.format(near[0].name, near[0].kind)
    return told if for_readers else told + " and what reads the result in the DPU's"


def _why_not_folded(site: Site) -> str:
    """Tells what a permute would have to be, or what would have to read it, to be folded away."""
    order = list(site.attrs.order)
    others = [one for one in site.consumers if not _feeds_products(site, one)]
    if not to_nchw(site.original) or not others:
        return "only {} before a flatten and an inner product is folded away, not {}".format(
            list(TO_NCHW), order
        )
    if others[0].kind in FLATTENS:
        return "{} is folded away only where an inner product reads what {} gives".format(
            order, others[0].name
        )
    return "{} is folded away only before a flatten and an inner product, not before {}".format(
        order, others[0].name
    )


def _in_place_of_permute(site: Site) -> str:
    """Tells of the permute that cancels this one, where one can be written into the model."""
    reshaped = any(reader.kind in RESHAPES for reader in site.consumers)
    if to_nchw(site.original) and reshaped:
        return (
            "in PyTorch write x.permute(0, 2, 3, 1) before the {}, which cancels this one, and "
            "change its sizes and what reads it to that order: {}".format(
                site.consumers[0].kind,
                "for x.flatten(2).transpose(1, 2) write x.permute(0, 2, 3, 1).flatten(1, 2)"
                if _makes_tokens(site)
                else "the elements come in NHWC order",
            )
        )
    order = tuple(site.attrs.order)
    if INSERTED[1] in site.original.name and order == TO_NHWC:
        return (
            "in PyTorch give what is before it the elements in NHWC order and write "
            "x.permute(0, 3, 1, 2) behind it: that cancels this one"
        )
    if order == OF_GROUPS:
        return (
            "where it shuffles groups of channels between two reshapes, use a 1x1 convolution "
            "with weights of 0 and 1 in place of all three"
        )
    return (
        "leave the data in NHWC order, or do the permute on the host before or behind the network"
    )


def _makes_tokens(site: Site) -> bool:
    """Tells whether a map becomes a row of tokens: its height and width in one, channels last."""
    return any(
        reader.output.rank == 3 and after.attributes().get("order") == [0, 2, 1]
        for reader in site.consumers
        for after in site.graph.consumers(reader)
    )


def _folded(site: Site, transpose: Op) -> bool:
    """Tells whether a permute to NCHW is read only by what the weights can take it in."""
    if not to_nchw(transpose):
        return False
    readers = site.graph.consumers(transpose)
    return bool(readers) and all(_feeds_products(site, reader) for reader in readers)


def _feeds_products(site: Site, reshape: Op) -> bool:
    readers = site.graph.consumers(reshape)
    return (
        reshape.kind in FLATTENS
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
    fails=(_permuted("18x18x512 put the inner product on the CPU", "inner-product", 18, 512),),
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


NATIVE = ("unknown", "matmul")
"""Kinds that work in the framework's order of axes, and that no DPU is known to run."""
INSERTED = ("_sink_transpose", "_swim_transpose")
"""What the names of permutes end in that the PyTorch quantiser inserts for deployment."""


def _made_for(site: Site) -> Optional[Op]:
    """Returns the operator for whose order of axes alone a permute was inserted."""
    to_native, to_last = (ending in site.original.name for ending in INSERTED)
    near = site.consumers if to_native else site.producers if to_last else ()
    return near[0] if near and all(one.kind in NATIVE for one in near) else None


def _around_a_roll() -> Example:
    """A roll in NCHW behind a convolution, with the permute that is inserted before it."""
    moved = (1, 16, 30, 30)
    return Example(
        "a permute inserted before torch.roll",
        graph(
            data(SHAPE),
            conv_op(SHAPE, name="conv"),
            op("transpose", ["conv"], moved, TransposeAttrs(TO_NCHW), "conv_sink_transpose"),
            op("unknown", ["conv_sink_transpose"], moved, UnknownAttrs("roll"), "roll"),
        ),
        "conv_sink_transpose",
    )


@constraint(
    "transpose.inserted",
    kinds=("transpose",),
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors, whose quantisers insert it",
    passes=(_permuted("permute (0, 3, 1, 2), flatten, inner product", "inner-product"),),
    fails=(_around_a_roll(),),
)
def transpose_inserted(site: Site) -> Iterator[Problem]:
    """A permute that is inserted only since an operator works in the framework's order of axes
    follows that operator.
    """
    near = _made_for(site)
    if near is not None and site.device_of(near) is Device.CPU:
        yield Problem(
            "it is inserted only for {} ({}), which works in PyTorch's order of axes and is on the "
            "CPU".format(near.name, near.kind),
            found=tuple(site.attrs.order),
            limit="no permute",
            follows=near.name,
            suggestion="replace {}, and the permutes around it go".format(near.name),
        )


CONSTRAINTS = (
    reshape_input,
    reshape_batch,
    transpose_folded,
    transpose_inserted,
    product_on_dpu,
)
