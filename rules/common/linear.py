"""Constraints of `inner-product` and `matmul`."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator, List, Tuple

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir.attrs import FlattenAttrs, InnerProductAttrs, MatmulAttrs, TransposeAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.common.engines import input_channels, output_channels, weight_depth
from vai_inspect.rules.common.examples import alone, between_convs, conv_op, data, graph, op
from vai_inspect.rules.common.shape import FLATTENS, TO_NCHW, to_nchw
from vai_inspect.rules.common.sources import TF25, UG1414
from vai_inspect.rules.common.windows import COMMON, WindowRule
from vai_inspect.rules.constraint import Constraint, Stage, Verdict, constraint
from vai_inspect.rules.example import Example, inside, outside, where
from vai_inspect.rules.site import Problem, Site

Constraints = Tuple[Constraint, ...]
Problems = List[Problem]


def _dense(text: str, features: int, out: int = 16) -> Example:
    return alone(
        text,
        "inner-product",
        InnerProductAttrs(1),
        (1, features),
        (1, out),
        weights=(out, features),
    )


def _flattened(
    text: str,
    shape: Tuple[int, int, int, int],
    kernel: int = 1,
    permuted: bool = False,
) -> Example:
    """An inner product behind a flatten, behind a convolution; kernel 17 puts it on the CPU."""
    pads = ((kernel - 1) // 2, kernel // 2) * 2
    ops = [
        data(shape),
        conv_op(shape, shape[3], "conv", kernel=(kernel, kernel), pad=pads),
    ]
    if permuted:
        moved = (shape[0], shape[3], shape[1], shape[2])
        ops.append(op("transpose", ["conv"], moved, TransposeAttrs(TO_NCHW), name="moved"))
    features = shape[1] * shape[2] * shape[3]
    ops.append(op("flatten", [ops[-1].name], (1, features), FlattenAttrs(1, 3), name="flat"))
    weights = (16, features)
    ops.append(op("inner-product", ["flat"], (1, 16), InnerProductAttrs(1), weights=weights))
    return Example(text, graph(*ops))


def _windows(site: Site) -> Iterator[Tuple[int, int, int]]:
    """Yields (kernel_w, kernel_h, input channels) of the convolutions that it can become.

    Behind a flatten that is the flattened map; a permute to NCHW before the flatten is folded
    into the weights, so the map before it counts, and any other permute leaves no such map.
    """
    flat = site.graph.producer(site.original)
    if flat is not None and flat.kind in FLATTENS:
        source = site.graph.producers(flat)[0]
        value = flat.inputs[0]
        if source.kind == "transpose":
            value = source.inputs[0]
        before = site.graph.type_of(value).shape
        folded = source.kind != "transpose" or to_nchw(source)
        if folded and len(before) == 4 and site.input.elements == before[0] * site.input.channels:
            yield before[2], before[1], before[3]
    yield 1, 1, site.input.channels


def _refusals(rules: Tuple[WindowRule, ...], site: Site, window: Tuple[int, int, int]) -> Problems:
    """Returns what speaks against the convolution that it would become."""
    name = "as a convolution with kernel {}x{} and {} input channels: ".format(*window)
    return [
        replace(problem, message=name + problem.message)
        for rule in rules
        for problem in rule(site.target, *window)
    ]


def _lightest(refused: List[Problems]) -> Problems:
    """Returns the form with the fewest objections; one that only doubts before one that refuses."""

    def weight(problems: Problems) -> Tuple[bool, int]:
        refuses = any(problem.verdict is Verdict.UNSUPPORTED for problem in problems)
        return bool(refuses), len(problems)

    return min(refused, key=weight)


def _features(number: int) -> Example:
    return _dense("{} features".format(number), number)


def _out_features(number: int) -> Example:
    return _dense("{} output features".format(number), 16, number)


def _fits_as_map(rules: Tuple[WindowRule, ...]) -> Callable[[Target], bool]:
    """Tells whether a target takes a flattened 7x7x512 map, but not that many features."""
    return lambda target: (
        input_channels(target) < 7 * 7 * 512
        and not any(list(rule(target, 7, 7, 512)) for rule in rules)
    )


def of_windows(*more: WindowRule, shared: Tuple[WindowRule, ...] = COMMON) -> Constraints:
    """Returns the constraints of inner products for a family.

    Args:
        more: the family's own rules of a convolution's window.
        shared: the rules that it shares with others.
    """
    rules = (*shared, *more)

    @constraint(
        "inner_product.input",
        kinds=("inner-product",),
        evidence=Evidence.USER_GUIDE,
        source="PG367 and UG1414 3.5: it becomes a convolution whose kernel is the spatial size; "
        + UG1414,
        limits={
            "kernel_size": lambda target: target.conv.limit.kernel_size,
            "channels": input_channels,
            "depth": weight_depth,
        },
        passes=(
            inside(input_channels, _features),
            where(_fits_as_map(rules), _flattened("7x7x512 flattened (VGG16)", (1, 7, 7, 512))),
            _flattened("28x28x1 flattened", (1, 28, 28, 1)),
            where(
                _fits_as_map(rules),
                _flattened("7x7x512 permuted to NCHW and flattened", (1, 7, 7, 512), permuted=True),
            ),
        ),
        fails=(
            outside(input_channels, _features),
            _flattened("18x18x512 flattened", (1, 18, 18, 512)),
            _flattened("4x18x512 permuted to NCHW and flattened", (1, 512, 18, 4), permuted=True),
        ),
        cure=(
            "reduce the features before it with a pool or a convolution (a global average "
            "pool is common)"
        ),
    )
    def input_fit(site: Site) -> Iterator[Problem]:
        """As the convolution that it becomes it keeps the limits of a convolution: either 1x1 with
        all features as channels (at most {channels}), or, behind a flatten, with the flattened
        map as kernel (within {kernel_size}); its weights fit a bank of depth {depth}.

        The 2.5 inspectors check nothing here (PyTorch) or the output features only (Keras).
        """
        refused = [_refusals(rules, site, window) for window in _windows(site)]
        if all(refused):
            yield from _lightest(refused)

    @constraint(
        "inner_product.flatten_on_dpu",
        kinds=("inner-product",),
        stage=Stage.CONTEXT,
        evidence=Evidence.INFERRED,
        source="concluded: the flatten becomes a part of the convolution only where both are "
        "compiled together",
        limits={
            "kernel_size": lambda target: target.conv.limit.kernel_size,
            "channels": input_channels,
        },
        passes=(
            where(_fits_as_map(rules), _flattened("7x7x512 flattened on the DPU", (1, 7, 7, 512))),
            _flattened("2x2x16 flattened on the CPU", (1, 2, 2, 16), kernel=17),
        ),
        fails=(
            where(
                _fits_as_map(rules),
                _flattened("7x7x512 flattened on the CPU", (1, 7, 7, 512), kernel=17),
            ),
        ),
        cure="bring the operator before the flatten to the DPU",
    )
    def flatten_on_dpu(site: Site) -> Iterator[Problem]:
        """Where it fits only with the flattened map as kernel, the flatten runs on the DPU; else
        it is unknown.
        """
        flat = site.graph.producer(site.original)
        if flat is None or flat.kind not in FLATTENS or site.device_of(flat) is Device.DPU:
            return
        if _refusals(rules, site, (1, 1, site.input.channels)):
            yield Problem(
                "its flatten {} is not on the DPU, and without it {} features are too many".format(
                    flat.name, site.input.channels
                ),
                found=site.input.channels,
                limit="<= {}".format(site.limit("channels")),
                nearest=site.limit("channels"),
                verdict=Verdict.UNKNOWN,
                follows=flat.name,
            )

    return (input_fit, flatten_on_dpu, output_fit, rank, two_tensors)


@constraint(
    "inner_product.output",
    kinds=("inner-product",),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={"channels": output_channels},
    passes=(inside(output_channels, _out_features),),
    fails=(outside(output_channels, _out_features),),
    cure="split it into several with fewer output features and concatenate them",
)
def output_fit(site: Site) -> Iterator[Problem]:
    """Output features are at most {channels} (256 * output_channel_parallel)."""
    yield from site.at_most("output_features", site.op.output.channels, site.limit("channels"))


@constraint(
    "inner_product.rank",
    kinds=("inner-product",),
    evidence=Evidence.INFERRED,
    source="the 2.5 inspector says DPU without a look at the shape",
    passes=(_dense("rank 2", 64),),
    fails=(
        alone("rank 3", "inner-product", InnerProductAttrs(2), (1, 8, 64), (1, 8, 16), (16, 64)),
    ),
    cure="use a 1x1 convolution on a 4-D feature map",
)
def rank(site: Site) -> Iterator[Problem]:
    """The input has two axes, batch and features; whether more run on the DPU is unknown."""
    if site.input.rank != 2:
        yield Problem(
            "the input has {} axes; no trustworthy source says that an inner product over the "
            "last of more than 2 runs on the DPU".format(site.input.rank),
            found=site.input.rank,
            limit="2",
            nearest=2,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "matmul.two_tensors",
    kinds=("matmul",),
    evidence=Evidence.INFERRED,
    source=(
        "the 2.5 inspector says DPU without any check; UG1414 knows matmul with constant weights"
    ),
    passes=(),
    always=True,
    fails=(between_convs("two feature maps", "matmul", MatmulAttrs(), (1, 16, 16, 16)),),
    cure=(
        "multiply by constant weights (an inner product or a 1x1 convolution) where that "
        "is possible"
    ),
)
def two_tensors(site: Site) -> Iterator[Problem]:
    """Whether a matrix product that is no inner product with constant weights runs on the DPU is
    unknown.
    """
    yield Problem(
        "a matrix product of these operands; the user guide knows inner products with constant "
        "weights only",
        found=site.op.kind,
        verdict=Verdict.UNKNOWN,
    )


CONSTRAINTS = of_windows()
