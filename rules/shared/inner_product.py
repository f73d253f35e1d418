"""Constraints of what an `inner-product` reads: it becomes a convolution over a laid-out map."""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.plugin import (
    Constraint,
    Device,
    Evidence,
    Example,
    Note,
    OpContext,
    Stage,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    inside,
    where,
)
from vai_inspect.rules.shared import inner_product_output
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.feature_layout import Layout
from vai_inspect.rules.shared.inner_product_examples import as_map_only, chained, flattened, pixel
from vai_inspect.rules.shared.inner_product_fit import Fit, fewest
from vai_inspect.rules.shared.layouts import RESHAPES
from vai_inspect.rules.shared.sources import UG1414
from vai_inspect.rules.shared.windows import COMMON, WindowRule

PASS = (
    "the published pass TransferMatMulToConv2d, and layouts of compiled models of 1.4.1 to 3.5.0; "
    "the limits are those of convolutions: " + UG1414
)


ONE_FEATURE = (
    "the published pass TransferMatMulToConv2d, which finds no prime factor of one feature"
)


class InnerProducts(NamedTuple):
    """What a family says of inner products.

    Attributes:
        constraints: what their inputs and outputs keep.
        layout: the note that says how the compiler lays the features out.
    """

    constraints: Tuple[Constraint, ...]
    layout: Note


def inner_products(
    *more: WindowRule, shared: Tuple[WindowRule, ...] = COMMON, factorises: bool = False
) -> InnerProducts:
    """Returns what a family says of inner products.

    Args:
        more: the family's own rules of a convolution's window.
        shared: the rules that it shares with others.
        factorises: see `Fit`.
    """
    fit = Fit((*shared, *more), factorises)
    own = (_input(fit), one_feature, _flatten_on_dpu(fit))
    return InnerProducts((*own, *inner_product_output.CONSTRAINTS), _layout(fit))


def _features(number: int) -> Example:
    return inner_product_output.dense(f"{number} features", number)


def _input(fit: Fit) -> Constraint:
    def without_layout(target: Target) -> int:
        """Returns the least number of features above the channel limit that has no layout."""
        number = input_channels(target) + 1
        while fit.factorised(number, target) is not None:
            number += 1
        return number

    def factorises_lenet(target: Target) -> bool:
        return fit.factorises and fit.fits(fit.factorised(16 * 16 * 50, target), target)

    vgg = as_map_only(fit, 7, 7, 512)
    fraction = 5  # 5/4 of the channel limit has small prime factors on every target

    @constraint(
        "inner_product.input",
        kinds=("inner-product",),
        evidence=Evidence.PARTITION_RULE,
        source=PASS,
        limits={
            "kernel_size": lambda target: target.conv.limit.kernel_size,
            "channels": input_channels,
        },
        passes=(
            inside(input_channels, _features),
            pixel("1x1x97 permuted to NCHW and flattened", 97),
            where(vgg, flattened("7x7x512 flattened (VGG16)", (1, 7, 7, 512))),
            where(
                vgg,
                flattened("7x7x512 permuted to NCHW and flattened", (1, 7, 7, 512), permuted=True),
            ),
            where(factorises_lenet, flattened("16x16x50 flattened (LeNet)", (1, 16, 16, 50))),
        ),
        fails=(
            lambda target: (_features(without_layout(target)),),
            flattened("18x18x512 flattened", (1, 18, 18, 512)),
            flattened("18x18x512 permuted to NCHW and flattened", (1, 18, 18, 512), permuted=True),
            lambda target: (
                chained(
                    "more features of another inner product than channels",
                    input_channels(target) // 4 * fraction,
                ),
            ),
        ),
        remedy=approximate(
            "reduce the features before it with a pool or a convolution (a global average pool is "
            "common)"
        ),
    )
    def input_fit(ctx: OpContext) -> Iterator[Violation]:
        """It becomes a convolution over its input laid out as a map: the map that is flattened
        directly before it, or its features factorised into height x width x channels. One of the
        two layouts keeps the limits of conv2d: kernel within {kernel_size}, at most {channels}
        channels, weights and maps within the banks.

        The prime factors of the number of features go, in ascending order and round robin, to
        height and width (below the largest kernel) and channels. Release 1.4.1 always factorises;
        from 2.0 on a map that fits is kept. Compiled models show factorised features on DPUCZDX8G
        and DPUCVDX8G; on other DPUs a map that fits only when factorised is unknown. The output of
        another inner product is a map of one pixel; no compiled model shows one with more features
        than channels, so that is unknown. The 2.5 inspectors check nothing here (PyTorch) or the
        output features only (Keras).
        """
        product, network, target = ctx.original, ctx.graph, ctx.target
        features = ctx.input.channels
        if ctx.input.rank != 2 or features < 2:
            return
        own, factorised = fit.own(product, network), fit.factorised(features, target)
        if fit.fits(own, target):
            return
        if fit.fits(factorised, target) and fit.takes_factorised(product, network):
            return
        others = (factorised,) if fit.factorises else (factorised, Layout(1, 1, features))
        for layout in others:
            if layout is not None and fit.fits(layout, target):
                yield _unshown(ctx, layout, fit)
                return
        refused = [
            fit.refusals(layout, target) for layout in (own, factorised) if layout is not None
        ]
        if refused:
            yield from fewest(refused)
            return
        yield Violation(
            "the compiler finds no map for {found} features: a prime factor, or with fewer than "
            "three of them the number itself, is not below {channels}",
            channels=ctx.limit("channels"),
            found=features,
            limit="features that can be factorised into height, width and channels",
            remedy=approximate("choose a number of features with small prime factors"),
        )

    return input_fit


def _unshown(ctx: OpContext, layout: Layout, fit: Fit) -> Violation:
    where_ = "of the output of another inner product" if fit.factorises else "on this DPU"
    return Violation(
        "its {found} features fit only when factorised as {height} x {width} x {channels} "
        "(h x w x c), and no compiled model shows that {where}",
        height=layout.height,
        width=layout.width,
        channels=layout.channels,
        where=where_,
        found=ctx.input.channels,
        limit=f"<= {ctx.limit('channels')}",
        nearest=ctx.limit("channels"),
        verdict=Verdict.UNKNOWN,
        evidence=Evidence.INFERRED,
    )


@constraint(
    "inner_product.one_feature",
    kinds=("inner-product",),
    evidence=Evidence.PARTITION_RULE,
    source=ONE_FEATURE,
    passes=(inner_product_output.dense("2 features", 2),),
    fails=(inner_product_output.dense("1 feature", 1),),
    remedy="compute it on the host: it is one product and one sum for each output",
    since="0.2.0",
)
def one_feature(ctx: OpContext) -> Iterator[Violation]:
    """It has at least two input features: one has no prime factor to lay out."""
    if ctx.input.channels == 1:
        yield Violation(
            "it has one input feature, which the compiler cannot lay out as a map",
            found=1,
            limit=">= 2",
            nearest=2,
        )


def _flatten_on_dpu(fit: Fit) -> Constraint:
    def needs_map(height: int, width: int, channels: int) -> Callable[[Target], bool]:
        features = height * width * channels
        as_map = as_map_only(fit, height, width, channels)
        return lambda target: (
            as_map(target)
            and not (fit.factorises and fit.fits(fit.factorised(features, target), target))
        )

    vgg = as_map_only(fit, 7, 7, 512)

    @constraint(
        "inner_product.flatten_on_dpu",
        kinds=("inner-product",),
        stage=Stage.CONTEXT,
        evidence=Evidence.INFERRED,
        source="concluded: the flatten becomes a part of the convolution only where both are "
        "compiled together",
        limits={"channels": input_channels},
        passes=(
            where(vgg, flattened("7x7x512 flattened on the DPU", (1, 7, 7, 512))),
            flattened("2x2x16 flattened on the CPU", (1, 2, 2, 16), kernel=17),
        ),
        fails=tuple(
            where(
                needs_map(*sizes),
                flattened(
                    f"{'x'.join(map(str, sizes))} flattened on the CPU", (1, *sizes), kernel=17
                ),
            )
            for sizes in ((7, 7, 512), (1, 7, 1201))
        ),
        remedy="bring the operator before the flatten to the DPU",
    )
    def flatten_on_dpu(ctx: OpContext) -> Iterator[Violation]:
        """Where it fits only with the flattened map as kernel, the flatten runs on the DPU;
        otherwise it is unknown.
        """
        flat = ctx.graph.producer(ctx.original)
        if flat is None or flat.kind not in RESHAPES or ctx.device_of(flat) is Device.DPU:
            return
        features, target = ctx.input.channels, ctx.target
        vector = fit.factorised(features, target) if fit.factorises else Layout(1, 1, features)
        if fit.fits(fit.own(ctx.original, ctx.graph), target) and not fit.fits(vector, target):
            yield Violation(
                "its flatten {flatten:op} is not on the DPU, and without the map {found} features "
                "are too many",
                flatten=flat.name,
                found=features,
                limit=f"<= {ctx.limit('channels')}",
                nearest=ctx.limit("channels"),
                verdict=Verdict.UNKNOWN,
                follows=flat.name,
            )

    return flatten_on_dpu


def _layout(fit: Fit) -> Note:
    def says(product: Op, network: Graph, target: Target) -> Optional[str]:
        tensor = network.input_types(product)[0]
        layout = fit.layout(product, network, target) if tensor.rank == 2 else None
        return None if layout is None else f"the compiler takes this input as {layout} (h x w x c)"

    return Note(
        "inner_product.layout",
        ("inner-product",),
        "an inner product is a convolution over its input laid out as a map of height, width and "
        "channels",
        Evidence.COMPILED if fit.factorises else Evidence.INFERRED,
        PASS,
        says,
    )
