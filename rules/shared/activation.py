"""Constraints of activations: which engine fuses which, behind which operator."""

from __future__ import annotations

from typing import Iterator, List, Optional

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import ACTIVATIONS, Op
from vai_inspect.core.ir.attrs import InnerProductAttrs, LeakyReluAttrs, MaxPool2dAttrs
from vai_inspect.rules.engine.constraint import Founding, Stage, Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, where
from vai_inspect.rules.shared.activation_remedies import (
    in_place_of_slope,
    instead,
    something_to_fuse,
)
from vai_inspect.rules.shared.engines import (
    DEPTHWISE_KINDS,
    ELTWISE_KINDS,
    NONLINEAR,
    alu_runs,
    depthwise_engine,
    fused_by,
)
from vai_inspect.rules.shared.examples import (
    after_conv,
    alone,
    conv_op,
    data,
    depthwise_op,
    graph,
    op,
)
from vai_inspect.rules.shared.fusion import (
    FUSING,
    HARD,
    by_alu,
    engine_name,
    fuses,
    listed_for_alu,
    may_be_by_alu,
    not_fused,
    pool_alone,
)
from vai_inspect.rules.shared.sources import PT25, UG1414

SLOPE = 26 / 256
SEEN_REFUSED = {
    "czdx8g": (
        ("leaky-relu", "depthwise engine"),
        ("hard-swish", "element-wise engine"),
        ("hard-sigmoid", "convolution engine"),
    ),
    "cahx8h": (("hard-sigmoid", "convolution engine"),),
}
"""Activations and engines that compiled models show on the CPU, by family."""
SHAPE = (1, 32, 32, 16)


def _chain(text: str, before: str, kind: str) -> Example:
    """An activation behind a sum, a max pool, a depthwise or a twice read convolution."""
    attrs = LeakyReluAttrs(SLOPE) if kind == "leaky-relu" else None
    ops = [data(SHAPE)]
    if before == "add":
        ops += [conv_op(SHAPE, name="a"), conv_op(SHAPE, name="b")]
        ops.append(op("add", ["a", "b"], ops[-1].output.shape, name="before"))
    elif before == "maxpool2d":
        pool = MaxPool2dAttrs((2, 2), (2, 2))
        ops.append(op("maxpool2d", ["data"], (1, 16, 16, 16), pool, name="before"))
    elif before == "inner-product":
        weights = (16, 64)
        product = op("inner-product", ["data"], (1, 16), InnerProductAttrs(1), "before", weights)
        ops = [data((1, 64)), product]
    elif before == "two readers":
        first = conv_op(SHAPE, name="before")
        ops += [first, op("add", ["before", "before"], first.output.shape, name="sum")]
    else:
        ops.append(depthwise_op(SHAPE, name="before"))
    shape = [one for one in ops if one.name == "before"][0].output.shape
    return Example(text, graph(*ops, op(kind, ["before"], shape, attrs)))


def _fused_with(site: Site) -> Optional[Op]:
    """Returns the operator before an activation where it is one that some engine fuses."""
    producer = site.graph.producer(site.original)
    if producer is None:
        return None
    kind = site.seen_as(producer).kind
    return producer if kind in FUSING and not pool_alone(site, kind) else None


def _behind_conv(slope: float, text: str) -> Example:
    return after_conv(text, "leaky-relu", LeakyReluAttrs(slope))


@constraint(
    "activation.slope",
    kinds=("leaky-relu",),
    evidence=Evidence.INSPECTOR,
    source="the 3.0 inspector's message; " + PT25,
    seen_on=("czdx8g",),
    elsewhere=Founding(Evidence.PARTITION_RULE, PT25),
    passes=(where(fuses("conv2d", "leaky-relu"), _behind_conv(SLOPE, "slope 26/256")),),
    fails=(_behind_conv(0.1, "slope 0.1"), _behind_conv(0.3, "slope 0.3")),
)
def slope(site: Site) -> Iterator[Problem]:
    """The slope below zero is 26/256 = 0.1015625.

    The 2.5 PyTorch quantiser replaces every slope by this one without a word, and the Keras
    quantiser replaces 0.1; the 3.0 inspector refuses every other.
    """
    if abs(site.attrs.alpha - SLOPE) >= 1e-7:
        yield Problem(
            "the slope is {:g}; the DPU's leaky ReLU has 0.1015625 (26/256)".format(
                site.attrs.alpha
            ),
            found=site.attrs.alpha,
            limit="0.1015625",
            nearest=SLOPE,
            suggestion=in_place_of_slope(site),
        )


@constraint(
    "activation.fused",
    kinds=ACTIVATIONS,
    stage=Stage.FUSION,
    evidence=Evidence.INSPECTOR,
    source=(
        "3.x inspector (Vitis-AI issues 1501, 1161, 911); nonlinear of the target "
        "definitions; compiled models"
    ),
    seen_on=("czdx8g",),
    elsewhere=Founding(
        Evidence.PARTITION_RULE,
        "nonlinear of the target definitions; 2.5 Keras inspector: 'Standalone activation is not "
        "supported.'; " + UG1414,
    ),
    limits={
        "conv": lambda target: ", ".join(fused_by(target, "conv2d")),
        "depthwise": lambda target: ", ".join(fused_by(target, "depthwise-conv2d")) or "nothing",
        "eltwise": lambda target: ", ".join(fused_by(target, "add")) or "nothing",
        "pool": lambda target: ", ".join(fused_by(target, "maxpool2d")) or "nothing",
    },
    passes=(
        after_conv("ReLU behind a convolution", "relu"),
        _chain("ReLU behind a sum", "add", "relu"),
        where(fuses("conv2d", "relu6"), after_conv("ReLU6 behind a convolution", "relu6")),
        where(
            fuses("conv2d", "leaky-relu"),
            _behind_conv(SLOPE, "leaky ReLU behind a convolution"),
        ),
        where(fuses("conv2d", "prelu"), after_conv("PReLU behind a convolution", "prelu")),
        where(
            fuses("conv2d", "hard-swish"),
            after_conv("Hardswish behind a convolution", "hard-swish"),
        ),
        where(
            fuses("depthwise-conv2d", "relu6"),
            _chain("ReLU6 behind a depthwise convolution", "depthwise", "relu6"),
        ),
        where(
            fuses("depthwise-conv2d", "hard-swish"),
            _chain("Hardswish behind a depthwise convolution", "depthwise", "hard-swish"),
        ),
        where(fuses("maxpool2d", "relu"), _chain("ReLU behind a max pool", "maxpool2d", "relu")),
        where(
            fuses("inner-product", "hard-sigmoid"),
            _chain("hard-sigmoid after an inner product", "inner-product", "hard-sigmoid"),
        ),
    ),
    fails=(
        where(
            not_fused("maxpool2d", "relu"), _chain("ReLU behind a max pool", "maxpool2d", "relu")
        ),
        _chain("Hardswish behind a sum", "add", "hard-swish"),
        where(
            not_fused("conv2d", "leaky-relu"),
            _behind_conv(SLOPE, "leaky ReLU behind a convolution"),
        ),
        where(
            not_fused("conv2d", "hard-swish"),
            after_conv("Hardswish behind a convolution", "hard-swish"),
        ),
        where(
            not_fused("depthwise-conv2d", "leaky-relu"),
            _chain("leaky ReLU behind a depthwise convolution", "depthwise", "leaky-relu"),
        ),
        where(
            not_fused("inner-product", "hard-sigmoid"),
            _chain("hard-sigmoid after an inner product", "inner-product", "hard-sigmoid"),
        ),
        alone("ReLU on an input", "relu"),
    ),
)
def fused(site: Site) -> Iterator[Problem]:
    """An activation is fused by the engine of the operator before it: {conv} after a convolution,
    {depthwise} after a depthwise one, {eltwise} after a sum or product, {pool} after a pool; where
    an ALU has hsigmoid, hard-sigmoid and hard-swish after a convolution, a depthwise or transposed
    one and an inner product.

    UG1414 lists hard-swish and hard-sigmoid for the convolutions of DPUCZDX8G although its target
    definitions do not; compiled models show them. Hard-sigmoid after an inner product (squeeze and
    excite) is compiled for DPUCZDX8G ISA1 (2.5, 3.0), DPUCVDX8G C32B3 and C32B6, all four DPUCVDX8H
    and DPUCV2DX8G C20B14; on DPUCZDX8G ISA0 and DPUCAHX8H it is on the CPU. After a transposed
    convolution both are one pattern of the published transforms of 3.5; hard-swish after an inner
    product is concluded from the same pass. Leaky ReLU after a depthwise convolution needs an ALU
    built with it (ALU_LEAKYRELU, fingerprint bit 29), whatever the user guide lists; the 2.5
    inspector does not look at the engine.
    """
    producer = site.graph.producer(site.original)
    if producer is None:
        return
    before = site.seen_as(producer).kind
    kind, name = site.op.kind, NONLINEAR[site.op.kind]
    if before in DEPTHWISE_KINDS and depthwise_engine(site.target) is None:
        # The convolution itself is refused, and the activation only follows it.
        return
    if before not in FUSING or pool_alone(site, before):
        yield from _nothing_to_fuse(site, before)
    elif name in fused_by(site.target, before) or by_alu(site.target, kind, before):
        return
    elif kind in HARD and may_be_by_alu(site, before):
        yield Problem(
            "the ALU computes {}; no source shows it behind {}".format(kind, before),
            found=before,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            suggestion="put a convolution or a batch normalisation before it",
        )
    elif kind == "prelu" and alu_runs(site.target, "prelu"):
        yield Problem(
            "the target's definition lists PReLU for the ALU, the user guide lists it for no "
            "operator of this DPU",
            found=before,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.USER_GUIDE,
            source=UG1414,
            suggestion="use ReLU, or leaky ReLU with the slope 26/256 behind a convolution",
        )
    elif before in ELTWISE_KINDS and listed_for_alu(site.target, name):
        yield Problem(
            "the target's definition lists {} for the ALU, the user guide only ReLU behind a sum "
            "or product".format(kind),
            found=before,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.USER_GUIDE,
            source=UG1414,
            suggestion="use ReLU, or put it behind a convolution",
        )
    else:
        names = [key for key, value in NONLINEAR.items() if value in fused_by(site.target, before)]
        yield Problem(
            "the {} does not fuse {} with {} (it fuses {})".format(
                engine_name(before), kind, before, ", ".join(names) or "nothing"
            ),
            found=kind,
            limit=", ".join(names),
            suggestion=instead(site, names),
            evidence=Evidence.COMPILED if _seen_refused(site, before) else None,
        )


def _seen_refused(site: Site, before: str) -> bool:
    return (site.op.kind, engine_name(before)) in SEEN_REFUSED.get(site.target.family, ())


def _nothing_to_fuse(site: Site, before: str) -> Iterator[Problem]:
    if site.op.kind == "hard-sigmoid" and alu_runs(site.target, "hsigmoid"):
        yield Problem(
            "no convolution is before it; the 2.5 inspector lets the ALU run it alone, no "
            "compiled model shows it",
            found=before,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            suggestion="put a convolution or a batch normalisation before it",
        )
        return
    producer = site.producers[0]
    yield Problem(
        "there is no convolution or element-wise operator before it to fuse with, but {}".format(
            "the graph's input" if before == "data" else "{} ({})".format(producer.name, before)
        ),
        found=before,
        suggestion=something_to_fuse(site, producer.name, before),
    )


@constraint(
    "activation.single_reader",
    kinds=ACTIVATIONS,
    stage=Stage.FUSION,
    evidence=Evidence.INSPECTOR,
    source=(
        "inner nodes of a 3.x pattern have no reader outside it; measured on the 2.5 "
        "inspector with hard-sigmoid"
    ),
    passes=(after_conv("one reader", "relu"),),
    fails=(_chain("a second reader", "two readers", "relu"),),
    cure=(
        "let the other readers read the activation's output too, or give them a "
        "convolution of their own"
    ),
)
def single_reader(site: Site) -> Iterator[Problem]:
    """The operator that an activation is fused with has no other reader."""
    producer = _fused_with(site)
    if producer is None:
        return
    others = [
        reader.name
        for reader in site.graph.consumers(producer)
        if reader.name != site.original.name
    ]
    if others:
        yield Problem(
            "it cannot be fused with {}, which {}".format(
                producer.name, _also_read(site, producer, others)
            ),
            found=len(others) + 1,
            limit="1 reader",
            nearest=1,
        )


def _also_read(site: Site, producer: Op, others: List[str]) -> str:
    if all(site.graph[name].kind == "return" for name in others):
        return "is an output of the network too"
    return "{} read{} too".format(", ".join(others[:3]), "s" if len(others) == 1 else "")


@constraint(
    "activation.producer_on_dpu",
    kinds=ACTIVATIONS,
    stage=Stage.CONTEXT,
    evidence=Evidence.COMPILED,
    source="compiled models: a leaky ReLU that no convolution feeds is on the CPU",
    seen_on=("czdx8g",),
    passes=(after_conv("a convolution on the DPU before it", "relu"),),
    fails=(
        Example(
            "a convolution on the CPU before it",
            graph(
                data(SHAPE),
                conv_op(SHAPE, name="conv", kernel=(17, 17)),
                op("relu", ["conv"], (1, 16, 16, 16)),
            ),
        ),
    ),
    cure="bring the operator before it to the DPU",
)
def producer_on_dpu(site: Site) -> Iterator[Problem]:
    """The operator that an activation is fused with runs on the DPU.

    The 2.5 inspector leaves the activation on the DPU when its convolution is on the CPU.
    """
    producer = _fused_with(site)
    if producer is not None and site.device_of(producer) is Device.CPU:
        yield Problem(
            "it would be fused with {}, which is on the CPU".format(producer.name),
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


CONSTRAINTS = (slope, fused, single_reader, producer_on_dpu)
