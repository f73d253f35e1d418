"""Constraints of element-wise operators, and what becomes of a product with a constant."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Graph, Op, Param, TensorType
from vai_inspect.core.ir.attrs import DepthwiseConv2dAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Stage, Verdict, constraint, unsupported_kinds
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside, where
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.shared.engines import (
    depthwise_kernel,
    eltwise_types,
    input_channels,
    scales_channels,
)
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import DIGEST, PT25, UG1414

SUMS = ("add", "mul")
SHAPE = (1, 30, 30, 16)


def multiplies(target: Target) -> bool:
    """Tells whether the target multiplies element by element."""
    return "mul" in eltwise_types(target)


def _of_channels(number: int) -> Example:
    return between_convs("{} channels".format(number), "add", shape=(1, 4, 4, number))


def with_const(text: str, kind: str, shape: Tuple[int, ...]) -> Example:
    """Returns the example of a sum or product of a convolution and a constant."""
    return Example(
        text,
        graph(
            data((1, 32, 32, 16)),
            conv_op((1, 32, 32, 16), name="conv"),
            const(shape),
            op(kind, ["conv", "const"], SHAPE),
        ),
    )


@constraint(
    "eltwise.type",
    kinds=SUMS,
    evidence=Evidence.PARTITION_RULE,
    source="elew_type of the target definitions; " + PT25,
    limits={"types": lambda target: ", ".join(eltwise_types(target))},
    passes=(between_convs("sum", "add"), where(multiplies, between_convs("product", "mul"))),
    fails=(where(lambda target: not multiplies(target), between_convs("product", "mul")),),
    cure="replace a product of two feature maps by a sum, or compute it on the host",
)
def types(site: Site) -> Iterator[Problem]:
    """The element-wise engine runs {types}."""
    if site.op.kind not in site.limit("types").split(", "):
        yield Problem(
            "the element-wise engine runs {} only".format(site.limit("types") or "nothing"),
            found=site.op.kind,
            limit=site.limit("types"),
        )


@constraint(
    "eltwise.channels",
    kinds=SUMS,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"channels": input_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    cure="split the channels, and concatenate the results",
)
def channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    widest = max(tensor.channels for tensor in site.inputs)
    yield from site.at_most("channels", widest, site.limit("channels"))


def _of_rank(shape: Tuple[int, ...]) -> Example:
    text = "rank {}".format(len(shape))
    return Example(text, graph(data(shape), op("add", ["data", "data"], shape)))


@constraint(
    "eltwise.rank",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source="the 3.x inspector says DPU for rank 5, but compiles the operator alone",
    passes=(between_convs("rank 4", "add"), _of_rank((1, 64))),
    fails=(_of_rank((1, 2, 4, 4, 8)), _of_rank((1, 4, 8))),
    cure="keep element-wise operators on 4-D feature maps",
)
def rank(site: Site) -> Iterator[Problem]:
    """The operands are 4-D feature maps, or features behind a flatten (2 axes); whether others run
    on the DPU is unknown.
    """
    ranks = {
        tensor.rank
        for tensor, producer in zip(site.inputs, site.producers)
        if producer.kind != "const"
    }
    for found in sorted(ranks - {2, 4}):
        yield Problem(
            "an operand has {} axes; no trustworthy source says that the DPU adds or multiplies "
            "other than feature maps and features".format(found),
            found=found,
            limit="4 or 2",
            nearest=4,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "eltwise.same_shape",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source=(
        "no published rule checks shapes; compiled squeeze-excite models show the product"
        " with 1x1 maps"
    ),
    passes=(
        between_convs("equal shapes", "add"),
        where(multiplies, between_convs("product with a 1x1 map", "mul", second=(1, 1, 1, 16))),
    ),
    fails=(
        between_convs("sum with a 1x1 map", "add", second=(1, 1, 1, 16)),
        between_convs("product with a one-channel map", "mul", second=(1, 30, 30, 1)),
    ),
    cure="give both operands the same shape, for instance by an upsampling or a convolution before",
)
def same_shape(site: Site) -> Iterator[Problem]:
    """The operands have one shape, or a product has one operand of 1x1 pixels; other broadcasting
    is unknown.
    """
    tensors = [
        tensor for tensor, producer in zip(site.inputs, site.producers) if producer.kind != "const"
    ]
    shapes = sorted({tensor.shape for tensor in tensors})
    if len(shapes) < 2 or (site.op.kind == "mul" and _scales_channels(shapes)):
        return
    yield Problem(
        "operands of the shapes {} are broadcast; no source says that the DPU does this".format(
            " and ".join(str(list(shape)) for shape in shapes)
        ),
        found=" and ".join(str(list(shape)) for shape in shapes),
        limit="equal shapes",
        verdict=Verdict.UNKNOWN,
    )


def _scales_channels(shapes: "list[tuple[int, ...]]") -> bool:
    """Tells whether the shapes are a feature map and 1x1 maps of the same channels."""
    if any(len(shape) != 4 for shape in shapes):
        return False
    large = [shape for shape in shapes if shape[1:3] != (1, 1)]
    return len(large) == 1 and len({(shape[0], shape[3]) for shape in shapes}) == 1


@constraint(
    "eltwise.constant",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source="the published rules know a product with a constant of one figure or one a channel",
    passes=(
        where(scales_channels, with_const("product with one figure a channel", "mul", (16,))),
        between_convs("two feature maps", "add"),
    ),
    fails=(
        where(
            lambda target: not scales_channels(target),
            with_const("product with one figure a channel", "mul", (16,)),
        ),
        with_const("sum with a constant", "add", (16,)),
        with_const("product with a whole map", "mul", (1, 30, 30, 16)),
    ),
    cure=(
        "fold the constant into the weights or bias of a neighbouring convolution, or use"
        " a batch normalisation"
    ),
)
def constant(site: Site) -> Iterator[Problem]:
    """No operand is a constant, but for a product with one figure or one for each channel (see the
    rewrites).
    """
    if not any(producer.kind == "const" for producer in site.producers):
        return
    if site.op.kind == "mul" and not scales_channels(site.target):
        sizes = depthwise_kernel(site.target)
        yield Problem(
            "a product with a constant would become a 1x1 depthwise convolution, {}".format(
                "for which this DPU has no engine"
                if sizes is None
                else "and the depthwise engine takes kernel {}".format(sizes)
            ),
            found="constant",
            limit="no constant operand",
            verdict=Verdict.UNKNOWN if multiplies(site.target) else Verdict.UNSUPPORTED,
            evidence=Evidence.INFERRED if multiplies(site.target) else Evidence.INSPECTOR,
            source="2.5 inspector: 'Try to convert mul to DepthwiseConv2d failed.'",
        )
        return
    yield Problem(
        "one operand is a constant; no source says that the DPU takes it in {}".format(
            "a sum" if site.op.kind == "add" else "this form"
        ),
        found="constant",
        limit="no constant operand",
        verdict=Verdict.UNKNOWN,
    )


@constraint(
    "eltwise.flat_from_cpu",
    kinds=SUMS,
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="the 3.x inspector says DPU of rank 2 with an input on the CPU, but compiles each "
    "operator alone",
    passes=(between_convs("4-D", "add"),),
    fails=(
        Example(
            "features of which some are computed on the CPU",
            graph(
                data((1, 64)),
                op("sigmoid", ["data"], (1, 64), name="gate"),
                op("add", ["data", "gate"], (1, 64)),
            ),
        ),
    ),
    cure="bring its inputs to the DPU",
)
def flat_from_cpu(site: Site) -> Iterator[Problem]:
    """Its inputs are on the DPU, unless they are 4-D; else it is unknown."""
    if site.op.output.rank == 4:
        return
    for producer in site.producers:
        if site.device_of(producer) is Device.CPU:
            yield Problem(
                "its operands have {} axes and {} is on the CPU; whether the DPU takes such an "
                "operand is doubtful".format(site.op.output.rank, producer.name),
                found="cpu",
                limit="dpu",
                verdict=Verdict.UNKNOWN,
                follows=producer.name,
            )
            return


other = unsupported_kinds(
    "eltwise.cpu",
    ("sub", "div", "min", "max", "exp", "neg"),
    "the DPU has no engine for this element-wise operator; it runs sums and products",
    Evidence.INSPECTOR,
    "CPU-only types of the 2.5 PyTorch inspector, registry of the 2.5 Keras inspector (minimum, "
    "maximum); " + UG1414,
    cure="use a sum or a product where that can do the same: a difference is the sum with a "
    "negated convolution, a quotient by a constant the product with its inverse",
    fails=(between_convs("difference", "sub"), between_convs("maximum", "max")),
)


def _product_with_const(node: Op, whole: Graph, target: Target) -> Optional[Op]:
    """Returns the 1x1 depthwise convolution that a product with a constant becomes."""
    if len(node.inputs) != 2 or not scales_channels(target):
        return None
    for first, second in ((0, 1), (1, 0)):
        factor, tensor = whole.producer(node, second), whole.type_of(node.inputs[first])
        if factor is None or factor.kind != "const" or whole[node.inputs[first].op].kind == "const":
            continue
        shape = factor.output.shape
        per_channel = factor.output.elements == 1 or (
            shape[-1:] == tensor.shape[-1:] and factor.output.elements == tensor.channels
        )
        if per_channel and tensor.rank == 4 and node.output.shape == tensor.shape:
            return as_depthwise(node.replaced(inputs=(node.inputs[first],)), tensor)
    return None


def with_number(node: Op, whole: Graph) -> bool:
    """Tells whether one operand is a constant of one element, such as a Python number."""
    return any(one.kind == "const" and one.output.elements == 1 for one in whole.producers(node))


def _product_with_channels(node: Op, whole: Graph, target: Target) -> Optional[Op]:
    """Returns the same, but of a product with a number only where the DPU has no product."""
    if multiplies(target) and with_number(node, whole):
        return None
    return _product_with_const(node, whole, target)


def as_depthwise(node: Op, tensor: TensorType) -> Op:
    """Returns the 1x1 depthwise convolution that scales each channel of an NHWC tensor."""
    weights = Param("weights", TensorType((1, 1, 1, tensor.channels)))
    return node.replaced(
        kind="depthwise-conv2d", attrs=DepthwiseConv2dAttrs((1, 1)), params=(weights,)
    )


MUL_CONST = Rewrite(
    "rewrite.mul_const",
    ("mul",),
    "the product with a constant becomes a 1x1 depthwise convolution",
    Evidence.PARTITION_RULE,
    PT25,
    _product_with_const,
)
MUL_CHANNELS = Rewrite(
    "rewrite.mul_const",
    ("mul",),
    "the product with a constant for each channel becomes a 1x1 depthwise convolution, so does one "
    "with a number where the DPU multiplies no feature maps",
    Evidence.PARTITION_RULE,
    PT25,
    _product_with_channels,
)
"""Of a family whose compiled models show a number expanded to the whole map."""

CONSTRAINTS = (types, channels, rank, same_shape, constant, flat_from_cpu, other)
