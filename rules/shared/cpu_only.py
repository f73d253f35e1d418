"""Operators that no DPU engine runs, each with the reason and what to use in its place."""

from __future__ import annotations

from typing import Callable, Iterator

from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    CastAttrs,
    EluAttrs,
    GroupNormAttrs,
    ReorgAttrs,
)
from vai_inspect.rules.engine.constraint import Founding, constraint, unsupported_kinds
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.examples import after_conv, alone
from vai_inspect.rules.shared.fusion import fuses
from vai_inspect.rules.shared.sources import DIGEST

LISTS = "CPU-only types of the 2.5 PyTorch inspector"
BATCH_NORM = "use batch normalisation right behind a convolution, which takes it in"

WORDS = {
    "relu": "ReLU",
    "leaky-relu": "leaky ReLU (slope 26/256 = 0.1015625)",
    "hard-sigmoid": "hard-sigmoid",
    "hard-swish": "Hardswish",
}
"""Activations as users of the frameworks call them."""


def _instead(*kinds: str) -> Callable[[Site], str]:
    """Returns what suggests those of some activations that a convolution of the target fuses."""

    def suggest(site: Site) -> str:
        fused = [WORDS[kind] for kind in kinds if fuses("conv2d", kind)(site.target)]
        if not fused:
            return "compute it on the host, at an end of the network where it cuts nothing in two"
        choice = " or ".join(part for part in (", ".join(fused[:-1]), fused[-1]) if part)
        return "use {} right behind a convolution".format(choice)

    return suggest


def _softmax_instead(site: Site) -> str:
    if all(reader.kind == "return" for reader in site.consumers):
        return "do it on the host, as the last step of the network"
    return (
        "nothing on the DPU takes its place: do it on the host behind the network; within one, as "
        "in attention, it cuts the DPU's part in two"
    )


softmax = unsupported_kinds(
    "softmax.cpu",
    ("softmax", "hard-softmax"),
    "softmax runs on the CPU; the compiler does not use a board's softmax core",
    Evidence.USER_GUIDE,
    DIGEST + "; Vitis-AI issue 131; the 2.5 PyTorch inspector, which has no rule for it, says DPU",
    suggest=_softmax_instead,
    fails=(after_conv("softmax over the channels", "softmax", AxisAttrs(3)),),
)
sigmoid = unsupported_kinds(
    "sigmoid.cpu",
    ("sigmoid",),
    "the DPU does not compute sigmoid",
    Evidence.COMPILED,
    "compiled models; " + LISTS,
    seen_on=("czdx8g",),
    elsewhere=Founding(Evidence.INSPECTOR, LISTS),
    suggest=_instead("hard-sigmoid"),
    fails=(after_conv("behind a convolution", "sigmoid"),),
)
tanh = unsupported_kinds(
    "tanh.cpu",
    ("tanh", "hard-tanh"),
    "the DPU does not compute tanh",
    Evidence.COMPILED,
    "compiled models; " + LISTS,
    seen_on=("czdx8g",),
    elsewhere=Founding(Evidence.INSPECTOR, LISTS),
    suggest=_instead("relu", "hard-sigmoid"),
    fails=(after_conv("behind a convolution", "tanh"),),
)
_ACTIVATIONS = _instead("hard-swish", "leaky-relu", "relu")


def _swish_instead(site: Site) -> str:
    if site.original.origin.framework != "torch":
        return _ACTIVATIONS(site)
    return (
        f"{_ACTIVATIONS(site)}; where it must stay, write x * torch.sigmoid(x), which computes the "
        "same: a compiled SiLU has no library on the board, so that the model does not run there"
    )


swish = unsupported_kinds(
    "swish.cpu",
    ("swish",),
    "the DPU does not compute swish (SiLU)",
    Evidence.COMPILED,
    "compiled models for DPUCZDX8G_ISA1_B4096 and DPUCVDX8G_ISA3_C32B6; 2.5 and 3.x inspectors: "
    "cannot be converted to XIR",
    seen_on=("czdx8g", "cvdx8g"),
    elsewhere=Founding(Evidence.INSPECTOR, "2.5 and 3.x inspectors: cannot be converted to XIR"),
    suggest=_swish_instead,
    fails=(after_conv("behind a convolution", "swish"),),
)
mish = unsupported_kinds(
    "mish.cpu",
    ("mish",),
    "the DPU does not compute mish",
    Evidence.INSPECTOR,
    "the 2.5 inspector: cannot be converted to XIR",
    suggest=_instead("hard-swish", "leaky-relu", "relu"),
    fails=(after_conv("behind a convolution", "mish"),),
)
smooth = unsupported_kinds(
    "activation.cpu",
    ("elu", "celu", "gelu", "selu", "threshold"),
    "the DPU does not compute this activation",
    Evidence.INSPECTOR,
    "the 2.5 inspector: cannot be converted to XIR",
    suggest=_instead("relu", "hard-swish"),
    fails=(after_conv("ELU", "elu", EluAttrs()), after_conv("GELU", "gelu")),
)
normalisation = unsupported_kinds(
    "normalisation.cpu",
    ("instancenorm", "groupnorm"),
    "this normalisation needs the statistics of each image, which no DPU engine computes",
    Evidence.INSPECTOR,
    "the 2.5 inspector: cannot be converted to XIR",
    cure=BATCH_NORM,
    fails=(after_conv("group normalisation", "groupnorm", GroupNormAttrs(4, 16, 1e-5, True)),),
)
moves = unsupported_kinds(
    "move.unknown",
    ("gstiling", "stack", "cast", "shape", "random_standard_normal")
    + ("priorbox", "placeholder", "upload", "download"),
    "no source that can be trusted says whether this operator runs on this DPU",
    Evidence.INFERRED,
    "no rule of the 2.5 inspector, no row of the user guide",
    verdict=Verdict.UNKNOWN,
    fails=(after_conv("a cast", "cast", CastAttrs("FLOAT16")),),
)


def _halved(number: int) -> Example:
    text = "{} channels by 2".format(number)
    return alone(text, "reorg", ReorgAttrs(2), (1, 4, 4, number), (1, 2, 2, 4 * number))


@constraint(
    "reorg.channels",
    kinds=("reorg",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"channels": input_channels},
    passes=(inside(lambda target: input_channels(target) // 4, _halved),),
    fails=(outside(lambda target: input_channels(target) // 4, _halved),),
    cure="reorganise fewer channels",
)
def reorg(site: Site) -> Iterator[Problem]:
    """Scale * scale * channels is at most {channels}; channels alone where it goes back."""
    factor = 1 if site.attrs.reverse else site.attrs.scale * site.attrs.scale
    found = factor * site.input.channels
    yield from site.at_most("scale * scale * channels", found, site.limit("channels"))


CONSTRAINTS = (softmax, sigmoid, tanh, swish, mish, smooth, normalisation, moves, reorg)
