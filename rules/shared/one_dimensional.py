"""One-dimensional convolutions and max pools, which the compiler runs on a map of height 1."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.ir import Graph, Op, Param, TensorType
from vai_inspect.core.ir.attrs import Conv1dAttrs, Conv2dAttrs, MaxPool1dAttrs, MaxPool2dAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Rewrite,
    Target,
    Verdict,
    Violation,
    constraint,
    exact,
)
from vai_inspect.rules.shared.examples import alone

SHOWN = "compiled with 3.5.0: a 1-D CNN of PyTorch, cut at ten points"


def _conv(text: str, group: int) -> Example:
    attrs, weights = Conv1dAttrs((3,), group=group), (16, 3, 16 // group)
    return alone(text, "conv1d", attrs, (1, 32, 16), (1, 30, 16), weights)


def _as_two_dimensional(node: Op, network: Graph, target: Target) -> Optional[Op]:
    """Returns the operator on a map of height 1; None for a grouped convolution."""
    attrs = node.attrs
    if isinstance(attrs, MaxPool1dAttrs):
        made = MaxPool2dAttrs(
            (*attrs.kernel, 1), (*attrs.stride, 1), pad=(*attrs.pad, 0, 0), global_=attrs.global_
        )
        return node.replaced(kind="maxpool2d", attrs=made)
    if not isinstance(attrs, Conv1dAttrs) or attrs.group != 1:
        return None
    window = Conv2dAttrs(
        (*attrs.kernel, 1), (*attrs.stride, 1), (*attrs.dilation, 1), pad=(*attrs.pad, 0, 0)
    )
    return node.replaced(
        kind="conv2d", attrs=window, params=tuple(_raised(one) for one in node.params)
    )


def _raised(param: Param) -> Param:
    """Returns weights [oc, kw, ic] as [oc, 1, kw, ic]."""
    shape = param.type.shape
    if param.role != "weights" or len(shape) != 3:
        return param
    return Param(param.role, TensorType((shape[0], 1, *shape[1:]), param.type.dtype))


def _map_of(node: Op, network: Graph) -> TensorType:
    """Returns the input (n, w, c) as a map of height 1."""
    tensor = network.input_types(node)[0]
    return TensorType((tensor.shape[0], 1, *tensor.shape[1:]), tensor.dtype)


TO_2D = Rewrite(
    "rewrite.one_dimensional",
    ("conv1d", "maxpool1d"),
    "the one-dimensional operator becomes one on a map of height 1; release 3.0 exports it, but "
    "its device there is unknown, and 2.5 stops at it",
    Evidence.COMPILED,
    SHOWN,
    _as_two_dimensional,
    _map_of,
)


@constraint(
    "conv1d.group",
    kinds=("conv1d", "maxpool1d"),
    evidence=Evidence.INFERRED,
    source=SHOWN + "; none of its convolutions has groups",
    passes=(_conv("group 1", 1),),
    fails=(_conv("group 2", 2),),
    remedy=exact("write it as a 2-D operator on a map of height 1", "one-d-to-two-d"),
    aliases=("conv1d.unknown",),
)
def group(ctx: OpContext) -> Iterator[Violation]:
    """A one-dimensional convolution has one group, like one on a map of height 1; with several it
    is unknown.
    """
    yield Violation(
        "it is a one-dimensional convolution with groups; compiled models show those with one "
        "group",
        found=ctx.attrs.group,
        limit="1",
        nearest=1,
        verdict=Verdict.UNKNOWN,
    )


CONSTRAINTS = (group,)
