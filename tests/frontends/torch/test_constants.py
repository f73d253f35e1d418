"""Constants: one each, however the forward makes them, and values that are asked for."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import Calls, inner_ops, kinds  # noqa: E402
from tests.frontends.torch.strategies import capture_with  # noqa: E402
from vai_inspect.core.errors import CaptureError  # noqa: E402
from vai_inspect.core.passes import normalise  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.frontends.torch.capture.export import can_export  # noqa: E402
from vai_inspect.frontends.torch.capture.modes import can_record, can_see_functions  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

SHAPE = (1, 3, 16, 16)
seen = pytest.mark.skipif(
    not can_see_functions(), reason="before torch 2.0 fx sees no functions of constants"
)
RUNGS = [
    "fx",
    pytest.param("eager", marks=pytest.mark.skipif(not can_record(), reason="torch 1.12")),
    pytest.param("export", marks=pytest.mark.skipif(not can_export(), reason="no export")),
]


def between(function):
    """A function between two convolutions."""
    parts = {"a": nn.Conv2d(3, 8, 3, padding=1), "b": nn.Conv2d(8, 8, 3, padding=1)}
    return Calls(lambda m, x: m.b(F.relu(function(m.a(x)))), **parts)


def anchors(y):
    height, width = y.shape[2:]
    rows = torch.arange(height, dtype=y.dtype, device=y.device) + 0.5
    columns = torch.arange(width, dtype=y.dtype, device=y.device) + 0.5
    grid = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack(grid, -1).sum(-1)


CONSTANTS = {
    "a range of another type": lambda y: torch.arange(16).type_as(y) + 0.5,
    "brought to a tensor": lambda y: torch.arange(16).to(y) + 0.5,
    "expanded to a tensor": lambda y: torch.ones(1, 1, 1, 1).expand_as(y) * 2,
    "in a tensor's shape": lambda y: torch.arange(8.0).view(8, 1, 1).view_as(y[0, :, :1, :1]) * 2,
    "full of a number": lambda y: y.new_full((16,), 2.0) * 3,
    "ones like a tensor": lambda y: torch.ones_like(y) + 1,
    "written in place": lambda y: torch.zeros(16, device=y.device).add_(1).mul_(3),
    "written in part": lambda y: written(y.new_zeros(1, 8, 1, 1)),
    "filled with a tensor": lambda y: torch.full((16,), torch.tensor(3.0), device=y.device) * 2,
    "anchors": anchors,
    "a cast": lambda y: (torch.arange(16) > 3).to(y.dtype),
    "by a mask": lambda y: torch.arange(32, device=y.device)[torch.arange(32) % 2 == 0].float(),
}


def written(tensor):
    tensor[:, 2:] = 1
    return tensor


@pytest.mark.parametrize("strategy", RUNGS)
@pytest.mark.parametrize("name", CONSTANTS)
def test_what_depends_on_no_input_is_one_constant(name, strategy, monkeypatch):
    if name in ("filled with a tensor", "by a mask"):
        if strategy == "export":
            pytest.skip("torch.export asks for their values")
        if strategy == "eager" and not can_see_functions():
            pytest.skip("values are kept from torch 2.0 on")
    model = between(lambda y: y * CONSTANTS[name](y))
    captured = capture_with(strategy, model, SHAPE, monkeypatch)
    assert not any("real tensors" in text for text in captured.warnings)
    graph = normalise(captured.graph, captured.batch_norm_into)
    assert kinds(graph) == ["conv2d", "mul", "relu", "conv2d"]
    assert [op.name for op in graph if op.kind == "const"] == ["mul/const"]
    assert [op.name for op in graph][2] == "mul/const"


@seen
def test_the_quantiser_sees_how_they_are_made():
    captured = capture(between(lambda y: y + anchors(y) * torch.zeros_like(y)), SHAPE)
    made = {op.origin.call.name for op in captured.graph if op.origin.call is not None}
    assert {"arange", "meshgrid", "stack", "zeros_like"} <= made
    assert captured.warnings == ()


class Caching(nn.Module):
    """Keeps its anchors for the next forward, as detectors do."""

    def __init__(self):
        super().__init__()
        self.a, self.anchors = nn.Conv2d(3, 8, 3, padding=1), torch.empty(0)

    def forward(self, x):
        x = self.a(x)
        if self.anchors.shape != x.shape[2:]:
            self.anchors = anchors(x)
        return x.flatten(2) - self.anchors.flatten().unsqueeze(0).unsqueeze(0)


def test_a_forward_of_the_users_before_changes_no_byte():
    def report(model):
        found = Inspector("DPUCZDX8G_ISA1_B4096").inspect(
            model, SHAPE, output_dir=None, verbose_level=0
        )
        return str(found.to_dict()["ops"])

    model = Caching().eval()
    fresh = report(model)
    assert report(model) == fresh
    model(torch.zeros(SHAPE))
    assert model.anchors.shape == (16, 16)
    if can_see_functions():  # before, a line of the forward is named that did not run again
        assert report(model) == fresh


def test_random_values_are_an_operator():
    graph = normalise(capture(between(lambda y: y + torch.randn_like(y) * 2), SHAPE).graph)
    assert kinds(graph) == ["conv2d", "unknown", "mul", "add", "relu", "conv2d"]
    assert inner_ops(graph)[1].attrs.framework_type == "randn_like"


class Bias(nn.Module):
    """Computes a bias from a table with layers of its own, as Swin v2 does."""

    def __init__(self):
        super().__init__()
        self.a, self.mlp = (
            nn.Linear(8, 8),
            nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8)),
        )
        self.register_buffer("table", torch.zeros(1, 5, 2))

    def forward(self, x):
        return self.a(x) + self.mlp(self.table)


@seen
def test_layers_that_run_on_constants_are_found_again():
    captured = capture(Bias(), (1, 5, 8))
    assert [op.name for op in captured.graph if op.kind == "inner-product"] == [
        "a",
        "mlp.0/constant",
        "mlp.2/constant",
    ]
    graph = normalise(captured.graph, captured.batch_norm_into)
    assert kinds(graph) == ["inner-product", "add"]
    assert graph["add/const"].origin.layers[:2] == ("mlp.0", "mlp.2")


class Holding(nn.Module):
    """Holds values of all sorts."""

    def __init__(self, forward):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.register_buffer("n", torch.tensor(2))
        self.register_buffer("s", torch.tensor(2.0))
        self.w, self.plain = nn.Parameter(torch.ones(1)), torch.tensor([1, 3])
        self.many = [torch.tensor(4), {"deep": torch.tensor([5.0, 6.0])}]
        self._function = forward

    def forward(self, x):
        return self._function(self, self.a(x))


def repeated(m, x):
    for _ in range(int(m.n)):
        x = m.b(x)
    return x


def counted(m, x):
    m.n += 1
    return repeated(m, x)


ASKS = {
    "item": (lambda m, x: x * m.s.item(), ["mul"]),
    "int": (repeated, ["conv2d", "conv2d"]),
    "in place first": (counted, ["conv2d", "conv2d", "conv2d"]),
    "bool": (lambda m, x: m.b(x) if m.n > 1 else x, ["conv2d"]),
    "equal": (lambda m, x: m.b(x) if torch.equal(m.plain, torch.tensor([1, 3])) else x, ["conv2d"]),
    "all": (lambda m, x: m.b(x) if (m.plain > 0).all() else x, ["conv2d"]),
    "of a parameter": (lambda m, x: m.b(x) if m.w > 0 else x, ["conv2d"]),
    "float": (lambda m, x: F.interpolate(x, scale_factor=float(m.s)), ["resize"]),
    "tolist": (lambda m, x: x[:, slice(*m.plain.tolist())], ["strided_slice"]),
    "an index": (lambda m, x: x[:, : m.n], ["strided_slice"]),
    "a size": (lambda m, x: x.view(1, m.n, 4, 16, 16).flatten(1, 2), ["reshape", "flatten"]),
    "numpy": (lambda m, x: x[:, int(m.plain.numpy().max()) :], ["strided_slice"]),
    "a loop": (lambda m, x: sum(x * int(one) for one in m.plain), ["mul", "add", "mul", "add"]),
    "in lists": (lambda m, x: x * int(m.many[0]) * m.many[1]["deep"].max().item(), ["mul", "mul"]),
    "math": (lambda m, x: x * math.sqrt(m.s), ["mul"]),
    "text": (lambda m, x: m.b(x) if f"{m.n}" == "2" else x, ["conv2d"]),
    "of a new one": (lambda m, x: x[:, : torch.linspace(1, 4, 4).long()[1]], ["strided_slice"]),
    "a mask": (lambda m, x: x[:, torch.arange(8) % 2 == 0], ["unknown"]),
    "repeats": (
        lambda m, x: x.flatten(2).repeat_interleave(torch.tensor([2] * 8), dim=1),
        ["flatten", "unknown"],
    ),
    "of a shape": (lambda m, x: x[:, : torch.tensor(x.shape).min()], ["strided_slice"]),
}


@seen
@pytest.mark.parametrize("name", ASKS)
def test_values_that_depend_on_no_input_do_not_stop_fx(name):
    forward, expected = ASKS[name]
    model = Holding(forward).eval()
    before = {key: one.clone() for key, one in model.state_dict().items()}
    captured = capture(model, SHAPE)
    assert (captured.model.capture, captured.warnings) == ("fx", ())
    graph = normalise(captured.graph, captured.batch_norm_into)
    moves = [kind for kind in kinds(graph)[1:] if kind != "transpose"]
    assert moves == expected
    returned = [op for op in graph if op.kind == "return"][0]
    model.n.fill_(before["n"])
    with torch.no_grad():
        assert sorted(returned.output.shape) == sorted(model(torch.zeros(SHAPE)).shape)
    model.load_state_dict(before)


@seen
@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.b(x) if x.sum() > 0 else x,
        lambda m, x: x * float(x.max()),
        lambda m, x: m.b(x) if written_with(m, x).sum() > 0 else x,
        lambda m, x: m.b(x) if torch.randn(1) > 9 else x,
    ],
)
def test_values_that_depend_on_an_input_are_those_of_a_real_run(forward):
    captured = capture(Holding(forward), torch.ones(SHAPE))
    assert captured.model.capture == "eager"
    assert captured.warnings[0].startswith("fell back to eager; fx failed: the forward asks for")
    assert len([text for text in captured.warnings if text.startswith("fell back")]) == 1


def written_with(m, x):
    """A buffer of the model's, with a value of the input in it."""
    m.plain[0] = x.mean().long()
    return m.plain


@seen
def test_values_of_a_model_on_meta_are_not_made_up():
    with torch.device("meta"):
        model = Holding(repeated)
    with pytest.raises(CaptureError, match="asks for the value of a tensor"):
        capture_only_without_values(model)


def capture_only_without_values(model):
    from vai_inspect.frontends.torch.capture import fx
    from vai_inspect.frontends.torch.capture.request import CaptureRequest

    return fx.trace(CaptureRequest(model, SHAPE).without_values())
