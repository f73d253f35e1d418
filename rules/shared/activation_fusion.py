"""Which engine fuses which activation, after which operator."""

from __future__ import annotations

from typing import Iterator, Tuple

from vai_inspect.core.ir import ACTIVATIONS
from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.rules.plugin import (
    Constraint,
    Evidence,
    OpContext,
    Stage,
    Verdict,
    Violation,
    approximate,
    constraint,
    where,
)
from vai_inspect.rules.shared.activation import chain, leaky_after_conv
from vai_inspect.rules.shared.activation_remedies import (
    CONVOLUTION_BEFORE,
    another_activation,
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
from vai_inspect.rules.shared.examples import after_conv, alone
from vai_inspect.rules.shared.fusion import (
    FUSING,
    HARD,
    by_alu,
    engine_name,
    follows_what_is_before,
    fuses,
    listed_for_alu,
    may_be_by_alu,
    not_fused,
    pool_fuses_nothing,
)
from vai_inspect.rules.shared.sources import UG1414

_RELU_ON_MAX_POOL = chain("ReLU after a max pool", "maxpool2d", "relu")
_LEAKY = leaky_after_conv(SLOPE, "leaky ReLU after a convolution")
_HARD_SWISH = after_conv("Hardswish after a convolution", "hard-swish")
_HARD_SIGMOID_ON_PRODUCT = chain(
    "hard-sigmoid after an inner product", "inner-product", "hard-sigmoid"
)


def fused_by_engine(on_cpu: Tuple[Tuple[str, str], ...] = ()) -> Constraint:
    """Returns the constraint of what the engine before an activation fuses.

    Args:
        on_cpu: activations and engines (`engine_name`) that compiled models of the family show on
            the CPU.
    """

    @constraint(
        "activation.fused",
        kinds=ACTIVATIONS,
        stage=Stage.FUSION,
        evidence=Evidence.PARTITION_RULE,
        source="nonlinear of the target definitions; 2.5 Keras inspector: 'Standalone activation "
        "is not supported.'; " + UG1414,
        limits={
            "conv": lambda target: ", ".join(fused_by(target, "conv2d")),
            "depthwise": lambda target: (
                ", ".join(fused_by(target, "depthwise-conv2d")) or "nothing"
            ),
            "eltwise": lambda target: ", ".join(fused_by(target, "add")) or "nothing",
            "pool": lambda target: ", ".join(fused_by(target, "maxpool2d")) or "nothing",
        },
        passes=(
            after_conv("ReLU after a convolution", "relu"),
            chain("ReLU after a sum", "add", "relu"),
            where(fuses("conv2d", "relu6"), after_conv("ReLU6 after a convolution", "relu6")),
            where(fuses("conv2d", "leaky-relu"), _LEAKY),
            where(fuses("conv2d", "prelu"), after_conv("PReLU after a convolution", "prelu")),
            where(fuses("conv2d", "hard-swish"), _HARD_SWISH),
            where(
                fuses("depthwise-conv2d", "relu6"),
                chain("ReLU6 after a depthwise convolution", "depthwise", "relu6"),
            ),
            where(
                fuses("depthwise-conv2d", "hard-swish"),
                chain("Hardswish after a depthwise convolution", "depthwise", "hard-swish"),
            ),
            where(fuses("maxpool2d", "relu"), _RELU_ON_MAX_POOL),
            where(fuses("inner-product", "hard-sigmoid"), _HARD_SIGMOID_ON_PRODUCT),
        ),
        fails=(
            where(not_fused("maxpool2d", "relu"), _RELU_ON_MAX_POOL),
            chain("Hardswish after a sum", "add", "hard-swish"),
            where(not_fused("conv2d", "leaky-relu"), _LEAKY),
            where(not_fused("conv2d", "hard-swish"), _HARD_SWISH),
            where(
                not_fused("depthwise-conv2d", "leaky-relu"),
                chain("leaky ReLU after a depthwise convolution", "depthwise", "leaky-relu"),
            ),
            where(not_fused("inner-product", "hard-sigmoid"), _HARD_SIGMOID_ON_PRODUCT),
            alone("ReLU on an input", "relu"),
        ),
    )
    def fused(ctx: OpContext) -> Iterator[Violation]:
        """An activation is fused with the operator before it, where that engine has it: after a
        convolution {conv}; after a depthwise convolution {depthwise}; after a sum or product
        {eltwise}; after a pool {pool}. An ALU with hsigmoid also fuses hard-sigmoid and hard-swish
        with convolutions (plain, depthwise, transposed) and inner products.

        UG1414 lists hard-swish and hard-sigmoid for the convolutions of DPUCZDX8G although its
        target definitions do not; compiled models show them. Hard-sigmoid after an inner product
        (squeeze and excite) is compiled for DPUCZDX8G ISA1 (2.5, 3.0), DPUCVDX8G C32B3 and C32B6,
        all four DPUCVDX8H and DPUCV2DX8G C20B14; on DPUCZDX8G ISA0 and DPUCAHX8H it is on the CPU.
        After a transposed convolution both are one pattern of the published transforms of 3.5;
        hard-swish after an inner product is concluded from the same pass. Leaky ReLU after a
        depthwise convolution needs an ALU built with it (ALU_LEAKYRELU, fingerprint bit 29),
        whatever the user guide lists; the 2.5 inspector does not look at the engine.
        """
        producer = ctx.graph.producer(ctx.original)
        if producer is None:
            return
        before, kind = ctx.after_rewrites(producer).kind, ctx.op.kind
        name = NONLINEAR[kind]
        if before in DEPTHWISE_KINDS and depthwise_engine(ctx.target) is None:
            # The convolution itself is refused, and the activation only follows it.
            return
        if follows_what_is_before(ctx, before):
            return
        if before not in FUSING or pool_fuses_nothing(ctx, before):
            yield _nothing_to_fuse(ctx, before)
        elif name in fused_by(ctx.target, before) or by_alu(ctx.target, kind, before):
            return
        elif kind in HARD and may_be_by_alu(ctx, before):
            yield Violation(
                "the ALU computes {kind:kind}; no source shows it after {before:kind}",
                kind=kind,
                before=before,
                found=before,
                verdict=Verdict.UNKNOWN,
                evidence=Evidence.INFERRED,
                remedy=CONVOLUTION_BEFORE,
            )
        elif kind == "prelu" and alu_runs(ctx.target, "prelu"):
            yield Violation(
                "the target definition lists PReLU for the ALU, the user guide lists it for no "
                "operator of this DPU",
                found=before,
                verdict=Verdict.UNKNOWN,
                evidence=Evidence.USER_GUIDE,
                source=UG1414,
                remedy=approximate(
                    "use ReLU, or leaky ReLU with the slope 26/256 after a convolution", "leaky"
                ),
            )
        elif before in ELTWISE_KINDS and listed_for_alu(ctx.target, name):
            yield Violation(
                "the target definition lists {kind:kind} for the ALU, the user guide lists only "
                "ReLU after a sum or product",
                kind=kind,
                found=before,
                verdict=Verdict.UNKNOWN,
                evidence=Evidence.USER_GUIDE,
                source=UG1414,
                remedy=approximate("use ReLU, or put it after a convolution", "relu-after-sum"),
            )
        else:
            yield _not_fused(ctx, before, on_cpu)

    return fused


def _not_fused(ctx: OpContext, before: str, on_cpu: Tuple[Tuple[str, str], ...]) -> Violation:
    names = [key for key, value in NONLINEAR.items() if value in fused_by(ctx.target, before)]
    engine = engine_name(before)
    return Violation(
        "the {engine} does not fuse {kind:kind} with {before:kind} (it fuses {fused:kind})",
        engine=engine,
        kind=ctx.op.kind,
        before=before,
        fused=names,
        found=ctx.op.kind,
        limit=", ".join(names),
        remedy=another_activation(ctx, before, names),
        evidence=Evidence.COMPILED if (ctx.op.kind, engine) in on_cpu else None,
    )


def _nothing_to_fuse(ctx: OpContext, before: str) -> Violation:
    if ctx.op.kind == "hard-sigmoid" and alu_runs(ctx.target, "hsigmoid"):
        return Violation(
            "no convolution is before it; the 2.5 inspector lets the ALU run it alone, no compiled "
            "model shows it",
            found=before,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            remedy=CONVOLUTION_BEFORE,
        )
    nothing = "there is no convolution or element-wise operator before it to fuse with, but "
    remedy = something_to_fuse(ctx, before)
    if before == "data":
        return Violation(nothing + "the graph's input", found=before, remedy=remedy)
    return Violation(
        nothing + "{producer:op} ({before:kind})",
        producer=ctx.producers[0].name,
        before=before,
        found=before,
        remedy=remedy,
    )


CONSTRAINTS = (fused_by_engine(),)
