"""The capture strategies: all give the same graph, and say what they could not follow."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontends.torch.reading import Calls, kinds  # noqa: E402
from tests.frontends.torch.strategies import (  # noqa: E402
    Branching,
    Functional,
    Net,
    Writing,
    capture_with,
    rows,
)
from tests.placing import built_on  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.core.errors import CaptureError  # noqa: E402
from vai_inspect.frontends.torch import capture  # noqa: E402
from vai_inspect.frontends.torch.capture.export import can_export  # noqa: E402
from vai_inspect.frontends.torch.capture.modes import can_record  # noqa: E402
from vai_inspect.pipeline import inspect_graph  # noqa: E402
from vai_inspect.rules.targets.lookup import lookup  # noqa: E402

NETWORKS = (
    "alexnet",
    "convnext_tiny",
    "deeplabv3_resnet50",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "lraspp_mobilenet_v3_large",
    "mobilenet_v2",
    "resnet18",
    "shufflenet_v2_x1_0",
    "swin_t",
    "vit_b_16",
)
exporting = pytest.mark.skipif(
    not can_export(), reason="this torch has no export without strict mode"
)
recording = pytest.mark.skipif(not can_record(), reason="torch 1.12 has no such hooks")
SHAPE = (1, 3, 224, 224)
TORCH = tuple(int(number) for number in torch.__version__.split(".")[:2])


def on_meta(name):
    models = torchvision_models()
    place = models.segmentation if hasattr(models.segmentation, name) else models
    options = {"weights_backbone": None} if place is models.segmentation else {}
    if name in ("googlenet", "inception_v3"):
        options = {"init_weights": False}
    with built_on("meta"):
        return getattr(place, name)(weights=None, **options)


def scripted():
    @torch.jit.script
    def activation(x):
        return torch.relu(x * 2 + 1)

    return Calls(lambda m, x: activation(m.conv(x)), conv=nn.Conv2d(3, 4, 1))


@recording
@pytest.mark.parametrize("name", NETWORKS)
def test_eager_gives_what_fx_gives(name, monkeypatch):
    model = on_meta(name)
    captures = [capture_with(name, model, SHAPE, monkeypatch) for name in ("fx", "eager")]
    assert rows(captures[0]) == rows(captures[1])
    assert captures[0].warnings == captures[1].warnings


def _devices(captured):
    found = inspect_graph(captured, lookup("DPUCZDX8G_ISA1_B4096"))
    return [(one.op.name, one.device, one.verdict) for one in found.ops]


@exporting
@pytest.mark.parametrize("name", NETWORKS)
def test_export_gives_what_fx_gives(name, monkeypatch):
    model = on_meta(name)
    captures = [capture_with(name, model, SHAPE, monkeypatch) for name in ("fx", "export")]
    assert rows(captures[0], told=False) == rows(captures[1], told=False)
    assert _devices(captures[0]) == _devices(captures[1])


@exporting
def test_functions_come_back_from_aten(monkeypatch):
    every = [
        capture_with(name, Functional(), (1, 3, 8, 8), monkeypatch)
        for name in ("fx", "export", "eager")
    ]
    assert rows(every[0], told=False) == rows(every[1], told=False)
    assert rows(every[0]) == rows(every[2])


@exporting
def test_lines_come_back_from_an_exported_program(monkeypatch):
    captured = capture_with("export", Functional(), (1, 3, 8, 8), monkeypatch)
    source = captured.graph["conv2d"].origin.source
    assert [frame.function for frame in source] == ["forward"]
    assert source[0].file.endswith("strategies.py")


@exporting
def test_what_torch_prints_where_it_fails_stays_hidden(capfd):
    capture(Branching(), (1, 3, 8, 8))
    assert capfd.readouterr() == ("", "")


@recording
def test_eager_gives_what_fx_gives_of_a_network_of_all_sorts(monkeypatch):
    model = Net()
    captures = [capture_with(name, model, (2, 3, 16, 16), monkeypatch) for name in ("fx", "eager")]
    assert rows(captures[0]) == rows(captures[1])
    assert captures[1].warnings == ()


@recording
def test_values_are_asked_for_and_the_model_stays_as_it_was():
    model = Branching().train()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    random = torch.get_rng_state()
    captured = capture(model, torch.ones(1, 3, 8, 8))
    assert captured.model.capture == "eager"
    assert kinds(captured.graph) == ["conv2d", "batchnorm", "relu"]
    *failures, followed, left = captured.warnings
    asked = "the forward asks for the value of a tensor"
    assert failures[0].startswith("fell back to eager; fx failed: " + asked)
    assert failures[-1].startswith("fell back to eager; ")
    assert max(map(len, failures)) < 250
    assert "bool() at strategies.py:" in followed
    assert "one input was followed" in followed
    assert left == "left out, as no output depends on them: mean, gt"
    assert model.training
    assert torch.equal(random, torch.get_rng_state())
    for name, one in model.state_dict().items():
        assert torch.equal(one, before[name]), name


@pytest.mark.skipif(can_record(), reason="for a torch that has no hooks on what runs")
def test_a_torch_without_hooks_says_so():
    with pytest.raises(CaptureError, match="eager: torch 1.12.* has no TorchFunctionMode"):
        capture(Branching(), (1, 3, 8, 8))


@recording
def test_the_values_of_the_users_input_decide():
    captured = capture(Branching(), torch.zeros(1, 3, 8, 8))
    assert kinds(captured.graph) == ["conv2d", "batchnorm", "sigmoid", "sub"]


@recording
def test_a_weight_that_the_forward_writes_is_not_the_users():
    model = Writing()
    before = model.conv.weight.clone()
    captured = capture(model, (1, 3, 8, 8))
    assert captured.model.capture == "eager"
    assert torch.equal(model.conv.weight, before)


@pytest.mark.skipif(TORCH < (2, 0), reason="no model can be built on meta before torch 2.0")
def test_weights_without_values_are_made_up_and_told():
    with built_on("meta"):
        model = Branching()
    captured = capture(model, (1, 3, 8, 8))
    assert any("made-up" in text for text in captured.warnings)


@recording
@pytest.mark.skipif(TORCH < (2, 0), reason="no model can be built on meta before torch 2.0")
def test_made_up_variances_have_a_root():
    with built_on("meta"):
        bn = nn.BatchNorm2d(64)
    model = Calls(lambda m, x: m.bn(x).relu() if m.bn(x).isfinite().all() else x, bn=bn)
    assert kinds(capture(model, (1, 64, 2, 2)).graph) == ["batchnorm", "relu"]


@recording
def test_what_is_written_into_a_tensor_of_the_forwards_own_is_not_lost():
    def forward(m, x):
        canvas = x.new_zeros(1, 3, 10, 10)
        canvas[:, :, 1:9, 1:9].copy_(m.first(x))
        return m.second(canvas)

    parts = {"first": nn.Conv2d(3, 3, 1), "second": nn.Conv2d(3, 4, 3)}
    captured = capture(Calls(forward, **parts), (1, 3, 8, 8))
    convolutions = [op for op in captured.graph if op.kind == "conv2d"]
    assert [op.name for op in convolutions] == ["first", "second"]
    if TORCH >= (2, 0):
        assert (captured.model.capture, captured.warnings) == ("fx", ())


@recording
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_scripted_function_is_seen_through():
    if TORCH < (2, 0):
        with pytest.raises(CaptureError, match="no path from the inputs"):
            capture(scripted(), (1, 3, 8, 8))
        return
    captured = capture(scripted(), (1, 3, 8, 8))
    assert kinds(captured.graph) == ["conv2d", "mul", "add", "relu"]
    assert captured.model.capture != "fx"


def test_the_users_own_error_is_told_at_its_line():
    model = Calls(lambda m, x: m.fc(m.conv(x)), conv=nn.Conv2d(3, 4, 3), fc=nn.Linear(4, 2))
    with pytest.raises(CaptureError) as error:
        capture(model, (1, 3, 8, 8))
    text = str(error.value)
    assert text.startswith("The model's forward fails on the inputs x (1, 3, 8, 8): RuntimeError")
    assert "test_strategies.py:" in text
    assert "\n" not in text


@pytest.mark.skipif(TORCH < (2, 0), reason="zeros stand for values, which take the other branch")
def test_an_error_behind_a_question_for_values_is_told_at_its_line():
    def forward(m, x):
        return m.fc(x) if x.sum() > 0 else x

    with pytest.raises(CaptureError, match=r"forward fails on the inputs .*test_strategies.py:\d+"):
        capture(Calls(forward, fc=nn.Linear(4, 2)), (1, 3, 8, 8))


@recording
def test_what_other_libraries_compute_is_not_shown_as_a_constant():
    def forward(m, x):
        return m.second(torch.from_numpy(m.first(x).numpy() + 1))

    parts = {"first": nn.Conv2d(3, 3, 1), "second": nn.Conv2d(3, 4, 3)}
    says = r"values out of torch \(numpy\(\) at test_strategies.py:"
    with pytest.raises(CaptureError, match=says):
        capture(Calls(forward, **parts), (1, 3, 8, 8))
    beside = Calls(lambda m, x: m.first(x) + torch.from_numpy(x.numpy() + 1), **parts)
    captured = capture(beside, (1, 3, 8, 8))
    assert any(
        "operations on values that leave torch are not seen: numpy() at" in one
        for one in captured.warnings
    )


def test_sums_in_place_on_views_are_no_news():
    def forward(m, x):
        y = m.first(x).view(1, 3, -1)
        y += 1
        return y

    captured = capture(Calls(forward, first=nn.Conv2d(3, 3, 1)), (1, 3, 8, 8))
    assert captured.warnings == ()
    assert kinds(captured.graph)[-1] == "add"
