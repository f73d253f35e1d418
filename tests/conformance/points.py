"""Cases of activations, normalisations and element-wise operators."""

from __future__ import annotations

from typing import Callable, Dict

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tests.conformance.modules import Behind, OfInputs, SqueezeExcite, WithTensor
from tests.conformance.table import (
    IMAGE,
    MAP,
    add,
    bare,
    behind,
    chain,
    deconv,
    first,
    joining,
)

ACTIVATIONS: Dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "prelu1": nn.PReLU,
    "prelu16": lambda: nn.PReLU(16),
    "lrelu_0p1": lambda: nn.LeakyReLU(0.1),
    "lrelu_26_256": lambda: nn.LeakyReLU(26 / 256),
    "lrelu_0p1015625": lambda: nn.LeakyReLU(0.1015625),
    "lrelu_0p01": lambda: nn.LeakyReLU(0.01),
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "hardtanh": nn.Hardtanh,
    "hardtanh06": lambda: nn.Hardtanh(0, 6),
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softmax": lambda: nn.Softmax(1),
    "logsoftmax": lambda: nn.LogSoftmax(1),
    "softplus": nn.Softplus,
    "selu": nn.SELU,
    "dropout": nn.Dropout,
    "identity": nn.Identity,
}


def _activations() -> None:
    for name, part in ACTIVATIONS.items():
        chain("act_conv_" + name, first, part, on=IMAGE)
    alone = "relu lrelu_0p1 lrelu_26_256 prelu16 hardswish hardsigmoid sigmoid softmax relu6"
    for name in alone.split() + ["hardtanh06"]:
        chain("act_alone_" + name, ACTIVATIONS[name])
    behind("act_conv_relu6_functional", F.relu6)
    chain("act_conv_relu6_inplace", first, lambda: nn.ReLU6(inplace=True), on=IMAGE)
    behind("act_conv_lrelu01_two_children", lambda x: F.leaky_relu(x, 0.01) + x)
    chain("act_tconv_lrelu001", deconv(4, 2, padding=1), lambda: nn.LeakyReLU(0.01))
    chain("act_tconv_hswish", deconv(4, 2, padding=1), nn.Hardswish)
    joining("act_add_lrelu01", lambda a, b: F.leaky_relu(a + b, 0.01))
    dense = lambda: nn.Linear(32, 16)  # noqa: E731
    chain("act_linear_lrelu01", dense, lambda: nn.LeakyReLU(0.01), on=(1, 32))
    chain("act_linear_hswish", dense, nn.Hardswish, on=(1, 32))


def _normalisations() -> None:
    norm = lambda: nn.BatchNorm2d(16)  # noqa: E731
    chain("bn_alone", norm)
    chain("bn_conv", bare, norm, on=IMAGE)
    chain("bn_conv_relu", lambda: nn.Conv2d(3, 16, 3, bias=False), norm, nn.ReLU, on=IMAGE)
    chain("bn_relu_conv", lambda: nn.BatchNorm2d(3), nn.ReLU, bare, on=IMAGE)
    chain("bn_conv_noaffine", bare, lambda: nn.BatchNorm2d(16, affine=False), on=IMAGE)
    chain("conv_relu_bn", bare, nn.ReLU, norm, on=IMAGE)
    behind("bn_conv_shared", lambda x: x, norm)
    joining("bn_concat", lambda a, b: torch.cat([a, b], 1), lambda: nn.BatchNorm2d(32))
    dense = lambda: nn.Linear(32, 16)  # noqa: E731
    chain("bn1d_linear", dense, lambda: nn.BatchNorm1d(16), nn.ReLU, on=(1, 32))
    chain("groupnorm", bare, lambda: nn.GroupNorm(4, 16), on=IMAGE)
    chain("instancenorm", bare, lambda: nn.InstanceNorm2d(16, affine=True), on=IMAGE)
    chain("layernorm", dense, lambda: nn.LayerNorm(16), on=(1, 8, 32))


def _element_wise() -> None:
    joining("add2", lambda a, b: a + b)
    joining("sub2", lambda a, b: a - b)
    joining("mul2", lambda a, b: a * b)
    joining("div2", lambda a, b: a / b)
    joining("max2", torch.max)
    add("add_raw", lambda: OfInputs(lambda a, b: a + b), MAP, MAP)
    add("mul_raw", lambda: OfInputs(lambda a, b: a * b), MAP, MAP)
    joining("add3", lambda a, b: a + b + a)
    joining("add_relu", lambda a, b: F.relu(a + b))
    behind("add_const", lambda x: x + 1.5)
    behind("radd_const", lambda x: 1.5 + x)
    behind("sub_const", lambda x: x - 1.5)
    behind("rsub_const", lambda x: 1.5 - x)
    behind("mul_const", lambda x: x * 2.0)
    behind("mul_const_int", lambda x: x * 2)
    behind("div_const", lambda x: x / 2.0)
    add("mul_const_alone", lambda: Behind(lambda x: x * 2.0, conv=False), MAP)
    add("mul_buf_c11", lambda: WithTensor((16, 1, 1)))
    add("mul_buf_1c11", lambda: WithTensor((1, 16, 1, 1)))
    add("mul_buf_w", lambda: WithTensor((32,)))
    add("mul_param_1", lambda: WithTensor((1,), trained=True))
    add("mul_param_scalar", lambda: WithTensor((), trained=True))
    add("add_buf_1c11", lambda: WithTensor((1, 16, 1, 1), times=False))
    add("se_sigmoid", lambda: SqueezeExcite(nn.Sigmoid()))
    add("se_hsigmoid", lambda: SqueezeExcite(nn.Hardsigmoid()))
    behind("se_manual_hsigmoid", lambda x: x * (F.relu6(x + 3) / 6))
    for name in ("exp", "neg", "abs", "sqrt", "floor", "sum"):
        behind("un_" + name, getattr(torch, name))
    behind("un_pow2", lambda x: x**2)
    behind("un_clamp", lambda x: x.clamp(0, 6))
    behind("un_clamp01", lambda x: x.clamp(0, 1))


def write() -> None:
    """Adds these cases to the table."""
    _activations()
    _normalisations()
    _element_wise()
