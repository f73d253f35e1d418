"""Operators that no DPU engine runs, each with the reason and what to use instead."""

from __future__ import annotations

from typing import Callable, Iterator

from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    CastAttrs,
    EluAttrs,
    GroupNormAttrs,
    ReorgAttrs,
)
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Remedies,
    Remedy,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    unsupported_kinds,
)
from vai_inspect.rules.shared.activation_remedies import another_activation
from vai_inspect.rules.shared.engines import ELTWISE_KINDS, NONLINEAR, fused_by, input_channels
from vai_inspect.rules.shared.examples import after_conv, alone
from vai_inspect.rules.shared.fusion import fuses
from vai_inspect.rules.shared.remedies import AT_AN_END
from vai_inspect.rules.shared.sources import DIGEST

CPU_ONLY = "CPU-only types of the 2.5 PyTorch inspector"
NO_XIR = "the 2.5 inspector: cannot be converted to XIR"
BATCH_NORM = approximate(
    "use batch normalisation directly after a convolution, into which it is folded"
)

NAMES = {
    "relu": "ReLU",
    "leaky-relu": "leaky ReLU (slope 26/256 = 0.1015625)",
    "hard-sigmoid": "hard-sigmoid",
    "hard-swish": "Hardswish",
}
"""Activations as users of the frameworks call them."""


REWRITES = {
    "sigmoid": "sigmoid",
    "swish": "swish",
    "mish": "mish",
    "gelu": "gelu",
    "elu": "leaky",
}
"""Ids of the rewrites that put another activation in the place of one."""


def _fused(*kinds: str) -> Callable[[OpContext], Remedy]:
    """Returns what suggests those of some activations that a convolution of the target fuses."""

    def suggest(ctx: OpContext) -> Remedy:
        before = ctx.after_rewrites(ctx.producers[0]).kind if ctx.producers else ""
        if before in ELTWISE_KINDS:
            fusing = fused_by(ctx.target, before)
            names = [NAMES.get(key, key) for key, value in NONLINEAR.items() if value in fusing]
            return another_activation(ctx, before, names)
        fused = [NAMES[kind] for kind in kinds if fuses("conv2d", kind)(ctx.target)]
        if not fused:
            return AT_AN_END
        choice = " or ".join(part for part in (", ".join(fused[:-1]), fused[-1]) if part)
        return approximate(
            "use {choice} directly after a convolution",
            REWRITES.get(ctx.op.kind),
            choice=choice,
        )

    return suggest


def _softmax_remedy(ctx: OpContext) -> Remedy:
    if all(reader.kind == "return" for reader in ctx.consumers):
        return Remedy("do it on the host, as the last step of the network")
    return AT_AN_END


softmax = unsupported_kinds(
    "softmax.cpu",
    ("softmax", "hard-softmax"),
    "softmax runs on the CPU; the compiler does not use a board's softmax core",
    Evidence.USER_GUIDE,
    DIGEST + "; Vitis-AI issue 131; the 2.5 PyTorch inspector, which has no rule for it, says DPU",
    suggest=_softmax_remedy,
    fails=(after_conv("softmax over the channels", "softmax", AxisAttrs(3)),),
)
sigmoid = unsupported_kinds(
    "sigmoid.cpu",
    ("sigmoid",),
    "the DPU does not compute sigmoid",
    Evidence.INSPECTOR,
    CPU_ONLY,
    suggest=_fused("hard-sigmoid"),
    fails=(after_conv("after a convolution", "sigmoid"),),
)
tanh = unsupported_kinds(
    "tanh.cpu",
    ("tanh", "hard-tanh"),
    "the DPU does not compute tanh",
    Evidence.INSPECTOR,
    CPU_ONLY,
    suggest=_fused("relu", "hard-sigmoid"),
    fails=(after_conv("after a convolution", "tanh"),),
)
_swish = _fused("hard-swish", "leaky-relu", "relu")


def _swish_remedies(ctx: OpContext) -> Remedies:
    if ctx.original.origin.framework != "torch":
        return _swish(ctx)
    stays = exact(
        "where it must stay, write x * torch.sigmoid(x): the board has no library for a compiled "
        "SiLU, and a model with one does not run there",
        "silu-to-product",
    )
    return (_swish(ctx), stays)


swish = unsupported_kinds(
    "swish.cpu",
    ("swish",),
    "the DPU does not compute swish (SiLU)",
    Evidence.INSPECTOR,
    "2.5 and 3.x inspectors: cannot be converted to XIR",
    suggest=_swish_remedies,
    fails=(after_conv("after a convolution", "swish"),),
)
mish = unsupported_kinds(
    "mish.cpu",
    ("mish",),
    "the DPU does not compute mish",
    Evidence.INSPECTOR,
    NO_XIR,
    suggest=_fused("hard-swish", "leaky-relu", "relu"),
    fails=(after_conv("after a convolution", "mish"),),
)
smooth = unsupported_kinds(
    "activation.cpu",
    ("elu", "celu", "gelu", "selu", "threshold"),
    "the DPU does not compute ELU, CELU, SELU, GELU and thresholds",
    Evidence.INSPECTOR,
    NO_XIR,
    suggest=_fused("relu", "hard-swish"),
    fails=(after_conv("ELU", "elu", EluAttrs()), after_conv("GELU", "gelu")),
)
normalisation = unsupported_kinds(
    "normalisation.cpu",
    ("instancenorm", "groupnorm"),
    "this normalisation needs the statistics of each image, which no DPU engine computes",
    Evidence.INSPECTOR,
    NO_XIR,
    remedy=BATCH_NORM,
    fails=(after_conv("group normalisation", "groupnorm", GroupNormAttrs(4, 16, 1e-5, True)),),
)
unmentioned = unsupported_kinds(
    "move.unknown",
    ("gstiling", "stack", "cast", "shape", "random_standard_normal")
    + ("priorbox", "placeholder", "upload", "download"),
    "no source says whether this DPU runs this operator",
    Evidence.INFERRED,
    "no rule of the 2.5 inspector, no row of the user guide",
    verdict=Verdict.UNKNOWN,
    fails=(after_conv("a cast", "cast", CastAttrs("FLOAT16")),),
)


def _halved(number: int) -> Example:
    text = f"{number} channels by 2"
    return alone(text, "reorg", ReorgAttrs(2), (1, 4, 4, number), (1, 2, 2, 4 * number))


@constraint(
    "reorg.channels",
    kinds=("reorg",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"channels": input_channels},
    passes=(inside(lambda target: input_channels(target) // 4, _halved),),
    fails=(outside(lambda target: input_channels(target) // 4, _halved),),
    remedy=approximate("use fewer channels"),
)
def reorg(ctx: OpContext) -> Iterator[Violation]:
    """scale * scale * channels is at most {channels}; with reverse = true channels alone are."""
    factor = 1 if ctx.attrs.reverse else ctx.attrs.scale * ctx.attrs.scale
    found = factor * ctx.input.channels
    yield from ctx.at_most("scale * scale * channels", found, ctx.limit("channels"))


CONSTRAINTS = (softmax, sigmoid, tanh, swish, mish, smooth, normalisation, unmentioned, reorg)
