"""Files of torch.onnx give the report of the module that they were exported from."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from benchmarks.onnx_exports import TARGET, difference, export, rows  # noqa: E402
from tests.frontends.torch.reading import Calls  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.onnx import Inspector  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
IMAGE = (1, 8, 16, 16)


def part(forward, **parts):
    return Calls(forward, conv=nn.Conv2d(8, 8, 3, padding=1), **parts).eval()


MODULES = {
    "batch norm": part(lambda m, x: m.norm(m.conv(x)), norm=nn.BatchNorm2d(8)),
    "batch norm first": part(lambda m, x: m.conv(m.norm(x)), norm=nn.BatchNorm2d(8)),
    "silu": part(lambda m, x: F.silu(m.conv(x))),
    "hardswish": part(lambda m, x: F.hardswish(m.conv(x))),
    "hardsigmoid": part(lambda m, x: F.hardsigmoid(m.conv(x))),
    "gelu": part(lambda m, x: F.gelu(m.conv(x))),
    "gelu, tanh": part(lambda m, x: F.gelu(m.conv(x), approximate="tanh")),
    "mish": part(lambda m, x: F.mish(m.conv(x))),
    "relu6": part(lambda m, x: F.relu6(m.conv(x))),
    "leaky": part(lambda m, x: F.leaky_relu(m.conv(x), 0.1)),
    "prelu": part(lambda m, x: m.act(m.conv(x)), act=nn.PReLU(8)),
    "elu": part(lambda m, x: F.elu(m.conv(x))),
    "layer norm": part(
        lambda m, x: m.norm(m.conv(x).flatten(2).transpose(1, 2)), norm=nn.LayerNorm(8)
    ),
    "group norm": part(lambda m, x: m.norm(m.conv(x)), norm=nn.GroupNorm(2, 8)),
    "instance norm": part(lambda m, x: m.norm(m.conv(x)), norm=nn.InstanceNorm2d(8, affine=True)),
    "l2 norm": part(lambda m, x: F.normalize(m.conv(x))),
    "shuffle": part(
        lambda m, x: m.conv(x).view(1, 2, 4, 16, 16).transpose(1, 2).reshape(1, 8, 16, 16)
    ),
    "pixel shuffle": part(lambda m, x: F.pixel_shuffle(m.conv(x), 2)),
    "nearest": part(lambda m, x: F.interpolate(m.conv(x), scale_factor=2)),
    "bilinear": part(lambda m, x: F.interpolate(m.conv(x), size=(20, 24), mode="bilinear")),
    "corners": part(
        lambda m, x: F.interpolate(m.conv(x), scale_factor=2, mode="bilinear", align_corners=True)
    ),
    "computed size": part(lambda m, x: F.interpolate(m.conv(x), size=(x.shape[2], x.shape[3]))),
    "linear": part(
        lambda m, x: m.last(F.adaptive_avg_pool2d(m.conv(x), 1).flatten(1)), last=nn.Linear(8, 5)
    ),
    "linear of tokens": part(
        lambda m, x: m.last(m.conv(x).flatten(2).transpose(1, 2)), last=nn.Linear(8, 5)
    ),
    "pad": part(lambda m, x: m.conv(F.pad(x, (1, 0, 0, 1)))),
    "reflect": part(lambda m, x: m.conv(F.pad(x, (1, 1, 1, 1), mode="reflect"))),
    "focus": part(lambda m, x: m.conv(x)[:, :, ::2, 1::2]),
    "chunk": part(lambda m, x: torch.cat(m.conv(x).chunk(2, 1)[::-1], 1)),
    "mean": part(lambda m, x: m.conv(x).mean((2, 3), keepdim=True)),
    "max": part(lambda m, x: F.max_pool2d(m.conv(x), 3, 2, 1, ceil_mode=True)),
    "average": part(lambda m, x: F.avg_pool2d(m.conv(x), 3, 2, 1, count_include_pad=False)),
    "adaptive": part(lambda m, x: F.adaptive_avg_pool2d(m.conv(x), 4)),
    "transposed": part(lambda m, x: m.up(m.conv(x)), up=nn.ConvTranspose2d(8, 4, 4, 2, 1)),
    "depthwise": part(
        lambda m, x: m.wise(m.conv(x)), wise=nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)
    ),
    "softmax": part(lambda m, x: F.softmax(m.conv(x), 1)),
    "product with a factor": part(lambda m, x: m.conv(x) * 0.5 + 3),
    "squeeze and excite": part(
        lambda m, x: x * torch.sigmoid(m.conv(F.adaptive_avg_pool2d(x, 1))),
    ),
    "expand": part(
        lambda m, x: x * torch.sigmoid(m.conv(F.adaptive_avg_pool2d(x, 1))).expand_as(x),
    ),
    "pool of channels last": part(
        lambda m, x: m.pool(m.conv(x).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)),
        pool=nn.AdaptiveAvgPool2d(1),
    ),
    "attention": part(
        lambda m, x: F.scaled_dot_product_attention(*m.qkv(m.conv(x)).chunk(3, -1)),
        qkv=nn.Linear(16, 30),
    ),
    "view with computed sizes": part(lambda m, x: m.conv(x).view(x.shape[0], -1)),
}


def check(found):
    assert (dict(found.direct), dict(found.exported)) == ({}, {})


SINCE = {"attention": 14}
"""The first opset for which PyTorch exports a module, where that is not the oldest here."""
EXPORTS = [(name, opset) for name in MODULES for opset in (11, 17) if opset >= SINCE.get(name, 0)]


@pytest.mark.parametrize(("name", "opset"), EXPORTS)
def test_of_the_torchscript_exporter(name, opset):
    check(difference(MODULES[name], torch.randn(IMAGE), "torchscript", opset))


DYNAMO = ("batch norm", "gelu", "group norm", "hardswish", "l2 norm", "layer norm", "linear")
DYNAMO += ("pad", "pixel shuffle", "computed size", "focus", "chunk", "squeeze and excite")
DYNAMO += ("pool of channels last", "attention")


@pytest.mark.parametrize("name", DYNAMO)
def test_of_the_dynamo_exporter(name):
    pytest.importorskip("onnxscript")
    check(difference(MODULES[name], torch.randn(IMAGE), "dynamo"))


class Means(nn.Module):
    def forward(self, x):
        pool = F.adaptive_avg_pool2d(x, 1)
        first = x.mean((2, 3), keepdim=True)
        last = torch.relu(x).mean((-1, -2), keepdim=True)
        return pool + first + last


def test_a_pool_and_a_mean_of_the_newer_exporter():
    pytest.importorskip("onnxscript")
    check(difference(Means(), torch.randn(IMAGE), "dynamo"))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_network(name):
    model = getattr(torchvision_models(), name)(weights=None).eval()
    found = difference(model, torch.randn(1, 3, 64, 64), "torchscript")
    assert found.total > 40
    assert (dict(found.direct), dict(found.exported)) == ({}, {})


def test_origins_are_the_modules(tmp_path):
    model = torchvision_models().resnet18(weights=None).eval()
    export(model, torch.randn(1, 3, 64, 64), tmp_path / "a.onnx", "torchscript")
    graph = Inspector(TARGET).capture(tmp_path / "a.onnx").graph
    paths = {op.name: op.origin.layers[0] for op in graph if op.kind == "conv2d"}
    assert paths["/layer1/layer1.0/conv1/Conv"] == "layer1.0.conv1"


def test_shapes_are_those_of_the_package_onnx(tmp_path):
    onnx = pytest.importorskip("onnx")
    model = torchvision_models().googlenet(weights=None, init_weights=False).eval()
    export(model, torch.randn(1, 3, 64, 64), tmp_path / "a.onnx", "torchscript")
    whole = onnx.shape_inference.infer_shapes(onnx.load(str(tmp_path / "a.onnx")))
    given = {one.name: one for one in whole.graph.value_info}
    shapes = {
        node.name: tuple(d.dim_value for d in given[node.output[0]].type.tensor_type.shape.dim)
        for node in whole.graph.node
        if node.output[0] in given
    }
    graph = Inspector(TARGET).capture(tmp_path / "a.onnx").graph
    order = {4: (0, 3, 1, 2), 2: (0, 1)}
    compared = 0
    for op in graph:
        if op.name in shapes:
            mine = tuple(op.output.shape[axis] for axis in order[op.output.rank])
            assert (op.name, mine) == (op.name, shapes[op.name])
            compared += 1
    assert compared > 100


def test_a_proto_is_read_as_its_file(tmp_path):
    onnx = pytest.importorskip("onnx")
    export(MODULES["silu"], torch.randn(IMAGE), tmp_path / "a.onnx", "torchscript")
    inspector = Inspector(TARGET)
    of_file = inspector.capture(tmp_path / "a.onnx")
    of_proto = inspector.capture(onnx.load(str(tmp_path / "a.onnx")))
    assert rows(of_file) == rows(of_proto)
    assert of_file.graph.ops == of_proto.graph.ops


def test_a_proto_too_large_to_be_written_is_read_without_its_weights(tmp_path):
    onnx = pytest.importorskip("onnx")
    export(MODULES["linear"], torch.randn(IMAGE), tmp_path / "a.onnx", "torchscript")
    proto = onnx.load(str(tmp_path / "a.onnx"))

    class TooLarge:
        def __new__(cls, held=None):
            return onnx.ModelProto() if held is None else super().__new__(cls)

        def __init__(self, held):
            self.held = held

        def __getattr__(self, name):
            return getattr(self.held, name)

        def SerializeToString(self):  # noqa: N802
            raise ValueError("exceeds maximum protobuf size of 2GB")

    before = proto.SerializeToString()
    inspector = Inspector(TARGET)
    found = inspector.capture(TooLarge(proto))
    assert found.graph.ops == inspector.capture(proto).graph.ops
    assert found.model == inspector.capture(proto).model
    assert proto.SerializeToString() == before
