"""What compiled models, inspectors and executed quantisers show of small networks, row by row.

Each row: a target, a module and its input, the DPU subgraphs of the whole where they are known, and
the operators on the CPU by kind, with the constraint that refuses them first, its evidence and its
verdict. Every other operator is on the DPU, but for permutes that move data.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.observed.torch_modules import (  # noqa: E402
    SLOPE,
    Fn,
    after_conv,
    cut,
    leaky,
    squeeze_excite,
)
from vai_inspect.torch import Inspector  # noqa: E402

B4096, B2304 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B2304"
ISA0 = "0x1000020f6014407"
C32B3, C32B6, C32B1 = ("DPUCVDX8G_ISA3_C32B{}".format(batch) for batch in (3, 6, 1))
PE4, PE8 = "DPUCVDX8H_ISA1_F2W4_4PE", "DPUCVDX8H_ISA1_F2W2_8PE"
PE6_DWC, PE6_MISC = ("DPUCVDX8H_ISA1_F2W4_6PE_aie" + kind for kind in ("DWC", "MISC"))
C20B14 = "DPUCV2DX8G_ISA1_C20B14"
AHX8H, AHX8H_DWC = "DPUCAHX8H_ISA2", "DPUCAHX8H_ISA2_DWC"


class Cpu(NamedTuple):
    """Why operators of one kind are on the CPU."""

    constraint: str
    evidence: str
    verdict: str = "unsupported"


class Row(NamedTuple):
    """One row; see the module."""

    target: str
    build: object
    shape: tuple
    subgraphs: object = 1
    cpu: dict = {}


def gates(targets, cpu):
    return {
        f"hard-sigmoid after an inner product: {target}": Row(
            target, squeeze_excite, (1, 3, 7, 7), None if cpu else 1, cpu
        )
        for target in targets
    }


def largest(*targets, cpu=None):
    def build():
        return Fn(lambda x, a: torch.max(a(x), dim=3, keepdim=True)[0], nn.Conv2d(4, 64, 1))

    return {
        f"the largest along a row of 100: {target}": Row(
            target, build, (1, 4, 120, 100), 1, {"reduction_max": cpu} if cpu else {}
        )
        for target in targets
    }


def pooled(target, height, width, cpu=None):
    def build():
        return Fn(
            lambda x, a, p, b: b(p(a(x))),
            nn.Conv2d(3, 16, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(16, 8, 1),
        )

    return Row(target, build, (1, 3, height, width), None, {"avgpool2d": cpu} if cpu else {})


def chained_means():
    return Fn(lambda x, a: a(x).mean(3).mean(2), nn.Conv2d(3, 16, 1))


def flat_heads(number):
    """Two flattened heads, concatenated."""
    side = number

    def build():
        return Fn(
            lambda x, a, b: torch.cat(
                [head(x).permute(0, 2, 3, 1).flatten(1) for head in (a, b)], 1
            ),
            nn.Conv2d(3, 8, 1),
            nn.Conv2d(3, 8, 1),
        )

    return build, (1, 3, side, side)


def one_dimensional():
    return nn.Sequential(
        nn.Conv1d(4, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool1d(2),
    )


FLOAT = Cpu("op.float", "inspector")
SLICED = Cpu("strided_slice.cpu", "inspector")
NOT_FUSED = Cpu("activation.fused", "compiled")

ROWS = {
    # hard activations after inner products and transposed convolutions
    **gates((B4096, C32B3, C32B6, C20B14, PE4, PE6_MISC), {}),
    **gates((PE8, PE6_DWC), {"mul": Cpu("eltwise.type", "partition_rule")}),
    "hard-sigmoid after an inner product: ISA0": Row(
        ISA0,
        squeeze_excite,
        (1, 3, 7, 7),
        None,
        {
            "hard-sigmoid": NOT_FUSED,
            "reshape": Cpu("reshape.input", "inspector"),
            "mul": Cpu("eltwise.type", "partition_rule"),
        },
    ),
    **gates(
        (AHX8H, AHX8H_DWC),
        {
            "hard-sigmoid": NOT_FUSED,
            "reshape": Cpu("reshape.input", "inspector"),
            "mul": Cpu("eltwise.type", "partition_rule"),
        },
    ),
    "Hardswish after an inner product: ISA1": Row(
        B4096, lambda: nn.Sequential(nn.Linear(64, 32), nn.Hardswish()), (1, 64)
    ),
    "Hardswish after an inner product: 4PE": Row(
        PE4,
        lambda: nn.Sequential(nn.Linear(64, 32), nn.Hardswish()),
        (1, 64),
        1,
        {"hard-swish": Cpu("activation.hard_swish", "inferred", "unknown")},
    ),
    **{
        f"{layer.__name__} after a transposed convolution": Row(
            B4096,
            lambda layer=layer: nn.Sequential(nn.ConvTranspose2d(3, 8, 2, 2), layer()),
            (1, 3, 8, 8),
        )
        for layer in (nn.Hardsigmoid, nn.Hardswish)
    },
    # leaky ReLU
    "leaky ReLU of another slope after a convolution": Row(
        C32B6, lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.LeakyReLU(0.2)), (1, 3, 8, 8)
    ),
    "leaky ReLU after a depthwise convolution": Row(
        B4096,
        lambda: nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.LeakyReLU(SLOPE)),
        (1, 8, 8, 8),
        1,
        {"leaky-relu": NOT_FUSED},
    ),
    "nn.ReLU6 on a DPU without ReLU6": Row(
        "0x100002006010407",
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU6()),
        (1, 3, 8, 8),
    ),
    "functional.relu6 on a DPU without ReLU6": Row(
        "0x100002006010407",
        lambda: Fn(lambda x, a: functional.relu6(a(x)), nn.Conv2d(3, 8, 3)),
        (1, 3, 8, 8),
        1,
        {"relu6": Cpu("activation.fused", "inspector")},
    ),
    # written-out activations
    "Hardswish written out": Row(
        B2304,
        lambda: after_conv(lambda y: y * functional.relu6(y + 3.0) / 6.0, 32),
        (1, 3, 14, 14),
        3,
        {
            "add": Cpu("eltwise.constant", "compiled"),
            "relu6": Cpu("hard_swish.written_out", "compiled"),
            "div": Cpu("eltwise.cpu", "inspector"),
        },
    ),
    "SiLU": Row(
        B4096,
        lambda: after_conv(nn.SiLU()),
        (1, 3, 8, 8),
        2,
        {"swish": Cpu("swish.cpu", "compiled")},
    ),
    "x * sigmoid(x)": Row(
        B4096,
        lambda: after_conv(lambda y: y * torch.sigmoid(y)),
        (1, 3, 8, 8),
        2,
        {"sigmoid": Cpu("sigmoid.cpu", "compiled")},
    ),
    # means
    "two means over one axis each": Row(
        B2304,
        chained_means,
        (1, 3, 14, 14),
        1,
        {"reduction_mean": Cpu("mean.axes", "compiled")},
    ),
    "a mean over one axis": Row(
        B2304,
        lambda: Fn(lambda x, a: a(x).mean(3, keepdim=True), nn.Conv2d(3, 16, 1)),
        (1, 3, 14, 14),
        1,
        {"reduction_mean": Cpu("mean.axes", "inferred", "unknown")},
    ),
    # slices
    **{
        f"channels cut after leaky ReLU: {target}": Row(target, lambda: cut(leaky), (1, 3, 16, 16))
        for target in (B4096, C32B6)
    },
    **{
        f"channels cut after {name}: {target}": Row(
            target, lambda function=function: cut(function), (1, 3, 16, 16)
        )
        for target in (B4096, C32B6)
        for name, function in (("ReLU", functional.relu), ("nothing", lambda y: y))
    },
    **{
        f"channels cut after Hardswish: {target}": Row(
            target,
            lambda: cut(functional.hardswish),
            (1, 3, 16, 16),
            None,
            {"strided_slice": Cpu("strided_slice.cpu", "inferred", "unknown")},
        )
        for target in (B4096, C32B6)
    },
    "chunk": Row(B4096, lambda: cut(leaky, lambda y: y.chunk(2, 1)), (1, 3, 16, 16)),
    "split": Row(B4096, lambda: cut(leaky, lambda y: y.split((16, 16), 1)), (1, 3, 16, 16)),
    "tensor_split": Row(
        B4096,
        lambda: cut(leaky, lambda y: torch.tensor_split(y, 2, 1)),
        (1, 3, 16, 16),
        None,
        {"strided_slice": FLOAT},
    ),
    "a crop": Row(
        B4096,
        lambda: after_conv(lambda y: y[:, :, 1:-1, 1:-1]),
        (1, 3, 16, 16),
        2,
        {"strided_slice": SLICED},
    ),
    # sums and products with numbers
    "x * 2 + (-1)": Row(
        B4096,
        lambda: Fn(lambda x, c: functional.hardsigmoid(c(x)) * 2.0 + (-1.0), nn.Conv2d(3, 3, 1)),
        (1, 3, 64, 64),
    ),
    "x + 1 on a DPU of instruction set 0": Row(
        ISA0, lambda: after_conv(lambda y: y + 1.0), (1, 3, 16, 16)
    ),
    "a sum with a number that a ReLU6 reads": Row(
        B2304,
        lambda: after_conv(lambda y: functional.relu6(y + 1.0)),
        (1, 3, 16, 16),
        2,
        {
            "add": Cpu("eltwise.constant", "compiled"),
            "relu6": Cpu("activation.fused", "inspector"),
        },
    ),
    "a sum with a number elsewhere": Row(
        AHX8H,
        lambda: after_conv(lambda y: y + 1.0),
        (1, 3, 16, 16),
        2,
        {"add": Cpu("eltwise.constant", "inferred", "unknown")},
    ),
    # resizes and pools
    "bilinear by 1/8": Row(
        B4096,
        lambda: after_conv(
            lambda y: functional.interpolate(y, scale_factor=1 / 8, mode="bilinear")
        ),
        (1, 3, 512, 512),
    ),
    "bilinear by 1/4": Row(
        B4096,
        lambda: after_conv(
            lambda y: functional.interpolate(y, scale_factor=1 / 4, mode="bilinear")
        ),
        (1, 3, 64, 64),
        2,
        {"resize": Cpu("resize.bilinear", "partition_rule")},
    ),
    "average pool over 112x112": pooled(B4096, 112, 112),
    "average pool over 112x112, a small DPU": pooled("DPUCZDX8G_ISA1_B512", 112, 112),
    "average pool over 182x136": pooled(B4096, 182, 136, Cpu("pool.window", "compiled")),
    "average pool over 150x150": pooled(B4096, 150, 150, Cpu("pool.window", "inferred", "unknown")),
    **largest(B4096, C32B6, PE4, PE6_MISC, C20B14),
    **largest(PE8, PE6_DWC, AHX8H, AHX8H_DWC, cpu=Cpu("reduction_max.row", "compiled")),
    # concatenations
    "flattened heads: AHX8H": Row(AHX8H, *flat_heads(112)),
    "flattened heads: C32B1": Row(C32B1, *flat_heads(64)),
    "flattened heads elsewhere": Row(
        B4096,
        *flat_heads(64),
        None,
        {"concat": Cpu("concat.channels", "inferred", "unknown")},
    ),
    "along the batch": Row(
        B4096,
        lambda: Fn(
            lambda x, a, b: torch.cat((a(x), b(x)), 0), nn.Conv2d(3, 8, 1), nn.Conv2d(3, 8, 1)
        ),
        (1, 3, 8, 8),
        None,
        {"concat": Cpu("concat.axis", "compiled")},
    ),
    # what has no XIR operator, or is left in float
    "PixelUnshuffle": Row(
        C32B6,
        lambda: after_conv(nn.PixelUnshuffle(2)),
        (1, 3, 8, 8),
        2,
        {"pixel-shuffle": Cpu("pixel_shuffle.to_depth", "compiled")},
    ),
    "AdaptiveMaxPool2d": Row(
        B4096,
        lambda: after_conv(nn.AdaptiveMaxPool2d(1)),
        (1, 3, 8, 8),
        2,
        {"maxpool2d": FLOAT},
    ),
    **{
        f"padding={padding!r} as text": Row(
            B4096,
            lambda padding=padding: nn.Sequential(nn.Conv2d(3, 8, 3, padding=padding)),
            (1, 3, 32, 32),
            0,
            {"conv2d": FLOAT},
        )
        for padding in ("same", "valid")
    },
    **{
        name: Row(
            B4096,
            lambda f=f: after_conv(f),
            (1, 3, 8, 8),
            2,
            {"unknown": Cpu("op.foreign", "inspector")},
        )
        for name, f in {
            "log_softmax": lambda y: functional.log_softmax(y, 1),
            "LayerNorm": nn.LayerNorm([8, 8]),
            "pow": lambda y: y**2,
        }.items()
    },
    "roll": Row(
        B4096,
        lambda: after_conv(lambda y: torch.roll(y, 1, 2)),
        (1, 3, 8, 8),
        2,
        {"unknown": FLOAT},
    ),
    **{
        name: Row(
            B4096,
            lambda layer=layer: Fn(lambda x, a: a(x)[0], layer(8, 4, batch_first=True)),
            (1, 5, 8),
            0,
            {"unknown": Cpu("op.foreign", "inspector")},
        )
        for name, layer in {"LSTM": nn.LSTM, "GRU": nn.GRU}.items()
    },
    # one dimension
    "a 1-D CNN of PyTorch": Row(B4096, one_dimensional, (1, 4, 64)),
}


def first_reasons(result):
    """Returns the first reason of the operators on the CPU, by kind."""
    found = {}
    for op in result.ops:
        if op.device.value == "cpu" and op.type not in ("const", "transpose"):
            reason = op.findings[0]
            name = reason.constraint.split(".", 1)[1]
            found.setdefault(op.type, Cpu(name, reason.evidence.value, op.verdict.value))
    return found


@pytest.mark.parametrize("name", sorted(ROWS))
def test_row(name):
    row = ROWS[name]
    model = row.build().eval()
    model(torch.zeros(row.shape))  # sizes of the lazy layers
    result = Inspector(row.target).inspect(model, row.shape, "cpu", None, 0)
    found = first_reasons(result)
    assert found == row.cpu
    if row.subgraphs is not None:
        assert result.summary.dpu_subgraphs == row.subgraphs


def test_what_older_releases_do_with_chunk_is_reported():
    model = cut(leaky, lambda y: y.chunk(2, 1)).eval()
    model(torch.zeros(1, 3, 16, 16))
    result = Inspector(B4096).inspect(model, (1, 3, 16, 16), "cpu", None, 0)
    (first, second) = [op for op in result.ops if op.type == "strided_slice"]
    assert "release 3.5 traces chunk as slices; 2.5 and 3.0 do not" in first.messages[0]
    assert "x[:, :k]" in second.messages[0]


def test_the_advice_for_silu_says_that_the_board_has_no_library_for_it():
    model = after_conv(nn.SiLU()).eval()
    model(torch.zeros(1, 3, 8, 8))
    result = Inspector(B4096).inspect(model, (1, 3, 8, 8), "cpu", None, 0)
    (silu,) = [op for op in result.ops if op.type == "swish"]
    assert "x * torch.sigmoid(x)" in silu.findings[0].suggestion
