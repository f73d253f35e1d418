"""Operators that no DPU engine runs, each with the reason and what to use in its place."""

from __future__ import annotations

from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    Conv1dAttrs,
    EluAttrs,
    GroupNormAttrs,
    PixelShuffleAttrs,
)
from vai_inspect.rules.common.examples import after_conv, alone
from vai_inspect.rules.constraint import cpu_only

LISTS = "CPU-only types of the 2.5 PyTorch inspector"

softmax = cpu_only(
    "softmax.cpu",
    ("softmax", "hard-softmax"),
    "softmax runs on the CPU; a board's softmax core, where it has one, is outside the compiler",
    Evidence.USER_GUIDE,
    "UG1414 3.5, chapter 4 (by a digest); Vitis-AI issue 131; the 2.5 PyTorch inspector, which "
    "has no rule for it, says DPU",
    cure="nothing is lost at the end of a network: run it on the host behind the DPU",
    fails=(after_conv("softmax over the channels", "softmax", AxisAttrs(3)),),
)
sigmoid = cpu_only(
    "sigmoid.cpu",
    ("sigmoid",),
    "the DPU does not compute sigmoid",
    Evidence.COMPILED,
    "compiled models; " + LISTS,
    cure="use hard-sigmoid: relu6(x + 3) / 6, behind a convolution",
    fails=(after_conv("behind a convolution", "sigmoid"),),
)
tanh = cpu_only(
    "tanh.cpu",
    ("tanh", "hard-tanh"),
    "the DPU does not compute tanh",
    Evidence.COMPILED,
    "compiled models; " + LISTS,
    cure="use ReLU, or hard-sigmoid where a bounded output is needed",
    fails=(after_conv("behind a convolution", "tanh"),),
)
swish = cpu_only(
    "swish.cpu",
    ("swish", "mish"),
    "the DPU does not compute swish (SiLU)",
    Evidence.INSPECTOR,
    "2.5 and 3.x inspectors: cannot be converted to XIR",
    cure="use Hardswish, or leaky ReLU with the slope 26/256, behind a convolution",
    fails=(after_conv("behind a convolution", "swish"),),
)
smooth = cpu_only(
    "activation.cpu",
    ("elu", "celu", "gelu", "selu", "threshold"),
    "the DPU does not compute this activation",
    Evidence.INSPECTOR,
    "the 2.5 inspector: cannot be converted to XIR",
    cure="use ReLU, or Hardswish behind a convolution",
    fails=(after_conv("ELU", "elu", EluAttrs()), after_conv("GELU", "gelu")),
)
normalisation = cpu_only(
    "normalisation.cpu",
    ("instancenorm", "groupnorm"),
    "this normalisation needs the statistics of each image, which no DPU engine computes",
    Evidence.INSPECTOR,
    "the 2.5 inspector: cannot be converted to XIR",
    cure="use batch normalisation, which is folded into the convolution",
    fails=(after_conv("group normalisation", "groupnorm", GroupNormAttrs(4, 16, 1e-5, True)),),
)
conv1d = cpu_only(
    "conv1d.cpu",
    ("conv1d", "maxpool1d"),
    "one-dimensional convolutions and pools are not in the 2.5 inspectors' lists, and no limit is "
    "published for them",
    Evidence.INSPECTOR,
    "registry of the 2.5 Keras inspector; 3.x converts them, their device is not known",
    cure="write it as a 2-D operator on a map of height 1",
    fails=(alone("conv1d", "conv1d", Conv1dAttrs((3,)), (1, 32, 16), (1, 30, 16)),),
)
moves = cpu_only(
    "move.unknown",
    ("pixel-shuffle", "reorg", "gstiling", "stack", "cast", "shape", "random_standard_normal")
    + ("priorbox", "placeholder", "upload", "download"),
    "no source that can be trusted says whether this operator runs on this DPU",
    Evidence.INFERRED,
    "UG1414 3.5 names pixel-shuffle and reorg in passing; the 2.5 inspector says DPU unchecked",
    verdict=Verdict.UNKNOWN,
    fails=(after_conv("pixel shuffle", "pixel-shuffle", PixelShuffleAttrs(2), (1, 60, 60, 4)),),
)

CONSTRAINTS = (softmax, sigmoid, tanh, swish, smooth, normalisation, conv1d, moves)
