"""Modules read into the IR: names, shapes, origins, and what is said of how it was done."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import Calls, graph_of, kinds, normal_graph  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.bn = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)) + x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Residual(), Residual())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(3, 10)

    def forward(self, image):
        x = self.body(image)
        return self.fc(torch.flatten(self.pool(x), 1))


def test_names_are_paths_and_shapes_are_nhwc():
    graph = normal_graph(Net(), (1, 3, 8, 8))
    assert [(op.name, op.kind, op.output.shape) for op in graph] == [
        ("image", "data", (1, 8, 8, 3)),
        ("body.0.conv", "conv2d", (1, 8, 8, 3)),
        ("body.0.add", "add", (1, 8, 8, 3)),
        ("body.0.relu", "relu", (1, 8, 8, 3)),
        ("body.1.conv", "conv2d", (1, 8, 8, 3)),
        ("body.1.add", "add", (1, 8, 8, 3)),
        ("body.1.relu", "relu", (1, 8, 8, 3)),
        ("pool", "avgpool2d", (1, 1, 1, 3)),
        ("flatten", "flatten", (1, 3)),
        ("fc", "inner-product", (1, 10)),
        ("return", "return", (1, 10)),
    ]


def test_origins_name_modules_and_the_users_lines():
    graph = normal_graph(Net(), (1, 3, 8, 8))
    conv = graph["body.1.conv"]
    assert conv.origin.layers == ("body.1.conv", "body.1.bn")
    assert [frame.function for frame in conv.origin.source] == ["forward", "forward"]
    assert all(frame.file == __file__ for frame in conv.origin.source)
    assert graph["body.0.add"].origin.layers == ("body.0",)


def test_the_rung_is_told():
    captured = capture(Net(), (1, 3, 8, 8))
    assert captured.model.name == "Net"
    assert (captured.model.framework, captured.model.capture) == ("torch", "fx")
    assert captured.warnings == ()


def test_a_dead_branch_is_dropped_and_told():
    model = Calls(lambda m, x: (m.z(x), m.a(x))[1], a=nn.Conv2d(3, 3, 1), z=nn.Conv2d(3, 4, 1))
    captured = capture(model, (1, 3, 8, 8))
    assert kinds(captured.graph) == ["conv2d"]
    assert captured.warnings == ("left out, as no output depends on them: z",)


def test_flatten_of_a_map_is_permuted_and_of_one_pixel_is_not():
    conv = nn.Conv2d(3, 4, 3, padding=1)
    graph = graph_of(nn.Sequential(conv, nn.Flatten(), nn.Linear(256, 10)), (1, 3, 8, 8))
    assert kinds(graph) == ["conv2d", "transpose", "flatten", "inner-product"]
    permute = graph["0_sink_transpose"]
    assert permute.attributes()["order"] == [0, 3, 1, 2]
    assert "from 'NHWC' to 'NCHW'" in permute.messages[0]
    pooled = nn.Sequential(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
    assert kinds(graph_of(pooled, (1, 3, 8, 8))) == [
        "conv2d",
        "avgpool2d",
        "flatten",
        "inner-product",
    ]


def test_a_permute_to_nhwc_vanishes():
    graph = normal_graph(
        Calls(lambda m, x: F.relu(m.c(x)).permute(0, 2, 3, 1), c=nn.Conv2d(3, 4, 3)), (1, 3, 8, 8)
    )
    assert kinds(graph) == ["conv2d", "relu"]
    assert graph["return"].output.shape == (1, 6, 6, 4)


def test_batch_norm_behind_linear_stays():
    graph = normal_graph(nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4)), (1, 8))
    assert kinds(graph) == ["inner-product", "batchnorm"]


@pytest.mark.parametrize(
    "number",
    [
        lambda x: torch.tensor(2).to(x),
        lambda x: torch.tensor(-0.5).type_as(x).neg().relu().clone(),
        lambda x: torch.tensor(0.5).to(x) + torch.tensor(1).to(x),
    ],
)
def test_a_number_made_within_is_a_constant_of_one_element(number):
    scaled = Calls(lambda m, x: m.c(x) * number(x), c=nn.Conv2d(3, 4, 1))
    graph = normal_graph(scaled, (1, 3, 8, 8))
    assert {op.output.shape for op in graph if op.kind == "const"} == {(1,)}
    assert graph["mul"].output.shape == (1, 8, 8, 4)
