"""Modules and functions as XIR operators: kinds, attributes, parameters."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import Calls, graph_of, inner_ops, kinds  # noqa: E402

IMAGE = (1, 4, 8, 10)
CASES = {
    "conv": (
        nn.Conv2d(4, 6, (3, 5), (2, 1), (1, 2)),
        "conv2d",
        {"kernel": [5, 3], "stride": [1, 2], "pad": [2, 2, 1, 1]},
        {"weights": (6, 3, 5, 4), "bias": (6,)},
    ),
    "conv same": (nn.Conv2d(4, 6, 4, padding="same"), "conv2d", {"pad": [1, 2, 1, 2]}, {}),
    "conv grouped": (
        nn.Conv2d(4, 6, 1, groups=2),
        "conv2d",
        {"group": 2},
        {"weights": (6, 1, 1, 2)},
    ),
    "depthwise": (
        nn.Conv2d(4, 8, 3, groups=4, bias=False),
        "depthwise-conv2d",
        {"multiplier": 2},
        {"weights": (2, 3, 3, 4)},
    ),
    "transposed": (
        nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1),
        "transposed-conv2d",
        {"pad": [1, 1, 1, 1], "output_padding": [1, 1]},
        {"weights": (6, 3, 3, 4)},
    ),
    "transposed depthwise": (
        nn.ConvTranspose2d(4, 4, 4, 2, 1, groups=4),
        "transposed-depthwise-conv2d",
        {"kernel": [4, 4]},
        {"weights": (1, 4, 4, 4)},
    ),
    "max pool ceil": (nn.MaxPool2d(3, 2, ceil_mode=True), "maxpool2d", {"pad_mode": "CEIL"}, {}),
    "max pool ceil that is floor": (
        nn.MaxPool2d(2, ceil_mode=True),
        "maxpool2d",
        {"pad_mode": "FLOOR"},
        {},
    ),
    "average pool": (nn.AvgPool2d(3, 2, 1), "avgpool2d", {"count_include_pad": True}, {}),
    "global": (
        nn.AdaptiveAvgPool2d(1),
        "avgpool2d",
        {"kernel": [10, 8], "stride": [10, 8], "global": True},
        {},
    ),
    "adaptive": (
        nn.AdaptiveAvgPool2d((4, 5)),
        "avgpool2d",
        {"kernel": [2, 2], "global": False},
        {},
    ),
    "leaky": (nn.LeakyReLU(0.2), "leaky-relu", {"alpha": 0.2}, {}),
    "relu6": (nn.ReLU6(), "relu6", {}, {}),
    "hardtanh": (nn.Hardtanh(0, 6), "relu6", {}, {}),
    "silu": (nn.SiLU(), "swish", {}, {}),
    "hardswish": (nn.Hardswish(), "hard-swish", {}, {}),
    "softmax": (nn.Softmax(1), "softmax", {"axis": 3}, {}),
    "batch norm": (
        nn.BatchNorm2d(4, eps=1e-4),
        "batchnorm",
        {"axis": 3, "epsilon": 1e-4},
        {"gamma": (4,), "moving_var": (4,)},
    ),
    "group norm": (nn.GroupNorm(2, 4), "groupnorm", {"num_groups": 2}, {}),
    "pixel shuffle": (nn.PixelShuffle(2), "pixel-shuffle", {"scale": 2, "upscale": True}, {}),
    "nearest": (
        nn.Upsample(scale_factor=2),
        "resize",
        {"mode": "NEAREST", "scale": [2.0, 2.0]},
        {},
    ),
    "bilinear": (
        nn.Upsample(scale_factor=(2, 4), mode="bilinear"),
        "resize",
        {"half_pixel_centers": True, "scale": [4.0, 2.0]},
        {},
    ),
    "corners": (
        nn.UpsamplingBilinear2d(scale_factor=2),
        "resize",
        {"align_corners": True, "half_pixel_centers": False},
        {},
    ),
    "linear": (nn.Linear(10, 3), "inner-product", {"axis": 3}, {"weights": (3, 10), "bias": (3,)}),
    "reflection": (
        nn.ReflectionPad2d((1, 2, 3, 0)),
        "pad",
        {"mode": "REFLECT", "paddings": [0, 0, 3, 0, 1, 2, 0, 0]},
        {},
    ),
    "subclass": (type("Mine", (nn.Conv2d,), {})(4, 6, 1), "conv2d", {}, {}),
}
CALLS = {name: case for name, case in CASES.items() if name != "linear"}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_modules(name):
    module, kind, attributes, params = CASES[name]
    # Behind a pool, so that what follows any order of axes lies in NHWC, too.
    graph = graph_of(nn.Sequential(nn.MaxPool2d(1), module), IMAGE)
    op = inner_ops(graph)[1]
    assert op.kind == kind
    assert {key: op.attributes()[key] for key in attributes} == attributes
    assert {role: op.param(role).shape for role in params} == params


def test_linear_over_the_last_axis():
    module, kind, attributes, params = CASES["linear"]
    (op,) = inner_ops(graph_of(module, IMAGE))
    assert (op.kind, op.attributes()) == (kind, attributes)
    assert {role: op.param(role).shape for role in params} == params


UNKNOWN = {
    "LayerNorm": (nn.LayerNorm(10), "LayerNorm"),
    "uneven adaptive pool": (nn.AdaptiveAvgPool2d(3), "AdaptiveAvgPool2d"),
    "divisor": (nn.AvgPool2d(2, divisor_override=3), "AvgPool2d"),
    "batch statistics": (nn.BatchNorm2d(4, track_running_stats=False), "BatchNorm2d"),
    "pow": (Calls(lambda m, x: x**2), "pow"),
    "clamp": (Calls(lambda m, x: x.clamp(0, 6)), "clamp"),
    "einsum": (Calls(lambda m, x: torch.einsum("nchw,nchw->nc", x, x)), "einsum"),
    "dynamic weights": (Calls(lambda m, x: F.conv2d(x, x.mean((2, 3), keepdim=True))), "conv2d"),
    "item assignment": (Calls(lambda m, x: _assigned(x + 1)), "setitem"),
}


def _assigned(x):
    x[:, 0] = 0
    return x


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_what_xir_has_no_word_for_keeps_its_name(name):
    module, framework_type = UNKNOWN[name]
    ops = inner_ops(graph_of(module, IMAGE))
    assert framework_type in [op.attributes().get("framework_type") for op in ops]


def test_a_written_out_hardswish_stays_what_it_is():
    model = Calls(lambda m, x: x * F.relu6(x + 3) / 6)
    assert kinds(graph_of(model, IMAGE)) == ["add", "relu6", "mul", "div"]


def test_padding_modes_are_a_pad_of_their_own():
    graph = graph_of(nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), IMAGE)
    pad, conv = inner_ops(graph)
    assert (pad.kind, pad.attributes()["mode"], conv.attributes()["pad"]) == (
        "pad",
        "REFLECT",
        [0, 0, 0, 0],
    )


def test_what_is_written_through_a_view_is_seen_by_later_readers():
    def forward(module, x):
        y = x + 1
        y[:, :2].mul_(2)
        return y.relu()

    graph = graph_of(Calls(forward), IMAGE)
    assert graph["relu"].inputs[0].op == "write_through_view"
    assert graph["write_through_view"].kind == "unknown"
