"""What may be given as a model and as its inputs, and what a nonsensical call ends in."""

from __future__ import annotations

import copy
import sys

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontends.torch.reading import Calls, kinds, normal_graph  # noqa: E402
from vai_inspect.core.errors import CaptureError, InputShapeError, ModelError  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(3, 8, 3)

    def forward(self, left, right, scale=None):
        x = self.a(left) + self.b(right)
        return {"sum": x if scale is None else x * scale, "both": (x, left)}


SHAPE = (1, 3, 8, 8)
GIVEN = {
    "tuple of tensors": lambda: (torch.zeros(SHAPE), torch.zeros(SHAPE)),
    "list of shapes": lambda: [SHAPE, SHAPE],
    "dict of tensors": lambda: {"right": torch.zeros(SHAPE), "left": torch.zeros(SHAPE)},
    "dict of shapes": lambda: {"left": SHAPE, "right": list(SHAPE)},
    "mixed": lambda: (torch.zeros(SHAPE).numpy(), SHAPE),
}


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_several_inputs(name):
    graph = normal_graph_of(Two(), GIVEN[name]())
    assert sorted(op.name for op in graph if op.kind == "data") == ["left", "right"]
    assert kinds(graph) == ["conv2d", "conv2d", "add"]
    assert sum(op.kind == "return" for op in graph) == 3


def normal_graph_of(model, given):
    return capture(model, given).graph


@pytest.mark.parametrize("given", [torch.zeros(SHAPE), SHAPE, list(SHAPE), [SHAPE], (SHAPE,)])
def test_one_input(given):
    graph = capture(nn.Conv2d(3, 4, 3), given).graph
    assert graph["input"].output.shape == (1, 8, 8, 3)


def test_a_dict_as_the_one_argument():
    model = Calls(lambda m, x: x["a"] + x["b"])
    graph = capture(model, {"a": (1, 4), "b": (1, 4)}).graph
    assert [op.name for op in graph] == ["x.a", "x.b", "add", "return"]


def test_a_list_of_tensors_is_one_argument():
    graph = capture(Listed(), ([SHAPE, SHAPE],)).graph
    assert [op.name for op in graph] == ["images.0", "images.1", "add", "return"]


def test_element_types_follow_the_model_and_the_tensor():
    graph = capture(nn.Conv2d(3, 4, 3).half(), SHAPE).graph
    half = "float16" if torch.__version__ >= "2" else "float32"
    assert graph["Conv2d"].output.dtype == half
    graph = capture(nn.Embedding(10, 4), torch.zeros((1, 5), dtype=torch.long)).graph
    assert (graph["input"].output.dtype, kinds(graph)) == ("int64", ["unknown"])


def fails_at_its_own_line(module, x):
    return x.view(1, 7)


class Listed(nn.Module):
    def forward(self, images):
        return images[0] + images[1]


BAD = {
    "no inputs": (nn.Identity, None, InputShapeError, "--input-shape 1,3,224,224"),
    "too few": (Two, SHAPE, InputShapeError, "missing a required argument: 'right'"),
    "too many": (nn.Identity, [SHAPE, SHAPE], InputShapeError, "too many positional"),
    "a list": (Listed, [SHAPE, SHAPE], InputShapeError, "give input_args=([a, b],)"),
    "unknown name": (Two, {"left": SHAPE, "wrong": SHAPE}, InputShapeError, "right"),
    "text": (nn.Identity, "1,3,8,8", InputShapeError, "'1,3,8,8'"),
    "zero": (nn.Identity, (1, 0), InputShapeError, "1 or more"),
    "rank": (lambda: nn.Conv2d(3, 4, 3), (1, 8), CaptureError, "forward fails on the inputs"),
    "channels": (lambda: nn.Conv2d(3, 4, 3), (1, 4, 8, 8), CaptureError, "channel"),
    "own error": (lambda: Calls(fails_at_its_own_line), (1, 8), CaptureError, "test_inputs.py:"),
    "no output": (lambda: Calls(lambda m, x: x.shape), SHAPE, CaptureError, "returns no tensor"),
    "exit": (lambda: Calls(lambda m, x: sys.exit(3)), SHAPE, CaptureError, "SystemExit: 3"),
    "class": (lambda: nn.ReLU, SHAPE, ModelError, "ReLU(...)"),
    "state dict": (lambda: nn.Conv2d(3, 4, 3).state_dict(), SHAPE, ModelError, "state dict"),
    "function": (lambda: torch.relu, SHAPE, ModelError, "torch.nn.Module"),
    "lazy": (lambda: nn.LazyConv2d(4, 3), SHAPE, ModelError, "no shape yet"),
}


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name", sorted(BAD))
def test_a_nonsensical_call_ends_in_one_line(name):
    make, given, kind, text = BAD[name]
    with pytest.raises(kind) as caught:
        capture(make(), given)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_control_flow_on_sizes_is_followed():
    def forward(module, x):
        for _ in range(x.shape[0]):
            x = x.relu() if x.size(1) % 2 == 0 and isinstance(x, torch.Tensor) else x.sigmoid()
        return x[: len(x) // 2]

    assert kinds(normal_graph(Calls(forward), (2, 4))) == ["relu", "relu", "strided_slice"]


class Everything(nn.Module):
    """Parts that are easily disturbed: modes, hooks, attributes, shared and listed modules."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.again = self.conv
        self.bn = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)
        self.listed = [nn.Conv2d(3, 3, 1)]
        self.scale = nn.Parameter(torch.ones(1, 3, 1, 1))
        self.register_buffer("shift", torch.zeros(3, 1, 1))
        self.plain = torch.full((3, 1, 1), 2.0)
        self.count = 0

    def forward(self, x):
        self.count += 1
        y = self.drop(self.bn(self.again(self.conv(x))))
        return self.listed[0](y) * self.scale + self.shift - self.plain


def state_of(model):
    tensors = [*model.named_parameters(), *model.named_buffers(), ("plain", model.plain)]
    return (
        [(name, id(t), t.device.type, t.dtype, t.requires_grad, t.tolist()) for name, t in tensors],
        [(name, id(m), m.training, len(m._forward_hooks)) for name, m in model.named_modules()],
        [(id(m), m.training, id(m.weight)) for m in model.listed],
        model.count,
        sorted(vars(model)),
        list(model.state_dict()),
    )


@pytest.mark.parametrize("training", [True, False])
def test_the_users_module_comes_back_as_it_was(training):
    model = Everything().train(training)
    model.bn.eval()
    model.scale.requires_grad_(False)
    seen = []
    model.conv.register_forward_hook(lambda *_: seen.append(1))
    before = copy.deepcopy(state_of(model))
    captured = capture(model, SHAPE)
    assert state_of(model) == before
    assert seen == []
    assert captured.warnings == ()
    graph = captured.graph
    assert [op.name for op in graph if op.kind == "conv2d"] == ["conv", "conv_1", "Conv2d"]
    assert {op.name for op in graph if op.kind == "const"} == {"scale", "shift", "sub/const"}


def test_a_failed_capture_leaves_the_module_as_it_was():
    model = Everything()
    before = copy.deepcopy(state_of(model))
    with pytest.raises(CaptureError):
        capture(model, (1, 5, 8, 8))
    assert state_of(model) == before
    assert torch.relu(torch.ones(1)).item() == 1
    assert nn.Conv2d(3, 3, 1)(torch.zeros(1, 3, 2, 2)).shape == (1, 3, 2, 2)


def test_data_parallel_is_taken_off():
    captured = capture(nn.DataParallel(nn.Sequential(nn.Conv2d(3, 4, 3))), SHAPE)
    assert captured.model.name == "Sequential"
    assert captured.graph["0"].kind == "conv2d"


SEVERAL = "--input-shape 1,3,8,8 --input-shape 1,3,8,8 (command line)"
HINTS = [
    (Two(), SHAPE, "missing a required argument: 'right'; give one for each", SEVERAL),
    (Two(), None, "for each argument of its forward: --input-shape 1,3,224,224 --input-shape", ""),
    (Two(), [(1, 8, 8, 3)] * 2, "PyTorch has the channels first: " + SEVERAL, ""),
    (
        nn.Conv2d(3, 4, 3),
        (1, 64, 32, 3),
        "PyTorch has the channels first: --input-shape 1,3,64,",
        "",
    ),
    (nn.Conv2d(3, 4, 3), (3, 8, 8), "give the batch first: --input-shape 1,3,8,8 ", ""),
    (
        nn.Sequential(nn.BatchNorm2d(3)),
        (3, 8, 8),
        "The batch comes first: --input-shape 1,3,8,8 ",
        "",
    ),
    (nn.Conv2d(3, 4, 3), None, "of its forward: --input-shape 1,3,224,224 (command line)", ""),
]


@pytest.mark.parametrize(("model", "given", "says", "more"), HINTS)
def test_how_inputs_are_given_is_told_for_the_command_line_too(model, given, says, more):
    with pytest.raises((InputShapeError, CaptureError)) as raised:
        capture(model, given)
    text = str(raised.value)
    assert says in text
    assert more in text
    assert "\n" not in text


def test_no_layout_is_suggested_where_none_is_mistaken():
    with pytest.raises(CaptureError) as raised:
        capture(nn.Conv2d(3, 4, 3), (1, 4, 8, 8))
    assert "channels first" not in str(raised.value)
