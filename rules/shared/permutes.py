"""Constraints of permutes: which are folded away, and for what others are inserted."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Optional, Tuple

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    FlattenAttrs,
    InnerProductAttrs,
    TransposeAttrs,
    UnknownAttrs,
)
from vai_inspect.rules.plugin import (
    Device,
    Evidence,
    Example,
    OpContext,
    Remedy,
    Stage,
    Violation,
    constraint,
    exact,
)
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.layouts import (
    FLATTENS,
    OF_GROUPS,
    RESHAPES,
    TO_NCHW,
    TO_NHWC,
    feeds_products,
    folded_into_weights,
    to_nchw,
)

NATIVE = ("unknown", "matmul")
"""Kinds that work in the framework's order of axes, and that no DPU is known to run."""
INSERTED = ("_sink_transpose", "_swim_transpose")
"""What the names of permutes end in that the PyTorch quantiser inserts for deployment."""

Said = Tuple[str, Dict[str, Any]]
"""A part of a template, and its arguments."""


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
def transpose_folded(ctx: OpContext) -> Iterator[Violation]:
    """The DPU does not permute; (0, 3, 1, 2) before a flatten and an inner product is folded into
    the weights.
    """
    if folded_into_weights(ctx.original, ctx.graph) or _made_for(ctx) is not None:
        return
    inserted, near = _why_inserted(ctx)
    not_folded, reader = _why_not_folded(ctx)
    yield Violation(
        f"the DPU does not permute{inserted}; {not_folded}",
        **near,
        **reader,
        found=tuple(ctx.attrs.order),
        limit="no permute",
        remedy=_remedy(ctx),
    )


def _why_inserted(ctx: OpContext) -> Said:
    """Returns for which operator the quantiser inserts the permute, where it does."""
    for_readers, after = (ending in ctx.original.name for ending in INSERTED)
    near = (ctx.consumers if for_readers else ctx.producers if after else ())[:1]
    if not near or near[0].kind == "transpose":
        return "", {}
    arguments = {"near": near[0].name, "near_kind": near[0].kind}
    native = "{near:op} ({near_kind:kind}) works in PyTorch's order of axes"
    if for_readers:
        return f"; the quantiser inserts this one because {native}", arguments
    return (
        f"; the quantiser inserts this one because {native} and its reader in the DPU's",
        arguments,
    )


def _why_not_folded(ctx: OpContext) -> Said:
    """Returns what a permute would have to be, or what would have to read it, to be folded."""
    others = [one for one in ctx.consumers if not feeds_products(one, ctx.graph)]
    if not to_nchw(ctx.original) or not others:
        return (
            "only {folded} before a flatten and an inner product is folded away, not {found}",
            {"folded": TO_NCHW},
        )
    reader = {"reader": others[0].name}
    if others[0].kind in FLATTENS:
        return "{found} is folded away only where an inner product reads {reader:op}", reader
    return (
        "{found} is folded away only before a flatten and an inner product, not before {reader:op}",
        reader,
    )


def _remedy(ctx: OpContext) -> Remedy:
    """Returns the permute that cancels this one, where one can be written into the model."""
    reshaped = any(reader.kind in RESHAPES for reader in ctx.consumers)
    if to_nchw(ctx.original) and reshaped:
        elements = "the elements come in NHWC order"
        if _makes_tokens(ctx):
            elements = "for x.flatten(2).transpose(1, 2) write x.permute(0, 2, 3, 1).flatten(1, 2)"
        return exact(
            "in PyTorch write x.permute(0, 2, 3, 1) before the {kind:kind}, which cancels this "
            "one, and change its sizes and what reads it to that order: {elements}",
            "permute-first",
            kind=ctx.consumers[0].kind,
            elements=elements,
        )
    order = tuple(ctx.attrs.order)
    if INSERTED[1] in ctx.original.name and order == TO_NHWC:
        return exact(
            "in PyTorch give the operator before it the elements in NHWC order and write "
            "x.permute(0, 3, 1, 2) after it: that cancels this one"
        )
    if order == OF_GROUPS:
        return exact(
            "where it shuffles groups of channels between two reshapes, use a 1x1 convolution "
            "with weights of 0 and 1 instead of all three",
            "shuffle-to-convolution",
        )
    return Remedy(
        "leave the data in NHWC order, or do the permute on the host before or after the network"
    )


def _makes_tokens(ctx: OpContext) -> bool:
    """Returns whether a map becomes a row of tokens: its height and width in one, channels last."""
    return any(
        reader.output.rank == 3 and after.attributes().get("order") == [0, 2, 1]
        for reader in ctx.consumers
        for after in ctx.graph.consumers(reader)
    )


@constraint(
    "transpose.product_on_dpu",
    kinds=("transpose", "flatten", "reshape"),
    stage=Stage.CONTEXT,
    evidence=Evidence.INSPECTOR,
    source="2.5 inspector: the permute takes the device of the inner product",
    passes=(_permuted("the inner product is on the DPU", "inner-product"),),
    fails=(_permuted("18x18x512 put the inner product on the CPU", "inner-product", 18, 512),),
    remedy="bring the inner product to the DPU",
)
def product_on_dpu(ctx: OpContext) -> Iterator[Violation]:
    """A permute that is folded into an inner product, and the flatten between, follow the inner
    product.
    """
    permute = ctx.original if ctx.op.kind == "transpose" else ctx.producers[0]
    if not folded_into_weights(permute, ctx.graph):
        return
    fallen = [reader for reader in ctx.consumers if ctx.device_of(reader) is not Device.DPU]
    if fallen and ctx.op.kind == "transpose":
        # The flatten between falls with the inner product, which is the one to name.
        fallen = [
            product
            for product in ctx.graph.consumers(fallen[0])
            if ctx.device_of(product) is not Device.DPU
        ] or fallen
    if fallen:
        yield Violation(
            "it is folded away only if {product:op} is on the DPU",
            product=fallen[0].name,
            found=ctx.device_of(fallen[0]).value,
            limit="dpu",
            follows=fallen[0].name,
        )


def _made_for(ctx: OpContext) -> Optional[Op]:
    """Returns the operator for whose order of axes alone a permute was inserted."""
    to_native, to_last = (ending in ctx.original.name for ending in INSERTED)
    near = ctx.consumers if to_native else ctx.producers if to_last else ()
    return near[0] if near and all(one.kind in NATIVE for one in near) else None


def _around_a_roll() -> Example:
    """A roll in NCHW after a convolution, with the permute that is inserted before it."""
    shape, moved = (1, 32, 32, 16), (1, 16, 30, 30)
    return Example(
        "a permute inserted before torch.roll",
        graph(
            data(shape),
            conv_op(shape, name="conv"),
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
def transpose_inserted(ctx: OpContext) -> Iterator[Violation]:
    """A permute that is inserted only because an operator works in the framework's order of axes
    follows that operator.
    """
    near = _made_for(ctx)
    if near is not None and ctx.device_of(near) is Device.CPU:
        yield Violation(
            "it is inserted only for {near:op} ({near_kind:kind}), which works in PyTorch's order "
            "of axes and is on the CPU",
            near=near.name,
            near_kind=near.kind,
            found=tuple(ctx.attrs.order),
            limit="no permute",
            follows=near.name,
            remedy=Remedy(
                "replace {near:op}, and the permutes around it go", arguments=(("near", near.name),)
            ),
        )


CONSTRAINTS = (transpose_folded, transpose_inserted, product_on_dpu)
