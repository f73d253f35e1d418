"""Programs of torch.export as models, live and from .pt2 files."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from tests.frontends.torch.strategies import Functional, rows  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.core.errors import InputShapeError  # noqa: E402
from vai_inspect.frontends.torch import capture, capture_file  # noqa: E402
from vai_inspect.frontends.torch.capture.export import can_export  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

pytestmark = pytest.mark.skipif(
    not can_export(), reason="this torch has no export without strict mode"
)


def exported(model, shape):
    return torch.export.export(model.eval(), (torch.zeros(shape),), strict=False)


def _model(name):
    if name == "functional":
        return Functional(), (1, 3, 8, 8)
    return getattr(torchvision_models(), name)(weights=None), (1, 3, 64, 64)


@pytest.mark.parametrize("name", ["functional", "resnet18", "mobilenet_v2", "squeezenet1_0"])
def test_a_program_gives_what_its_module_gives(name):
    model, shape = _model(name)
    captured = capture(exported(model, shape))
    assert captured.model.capture == "export"
    assert captured.warnings == ()
    assert rows(captured, told=False) == rows(capture(model, shape), told=False)


def test_a_file_gives_what_the_program_gives(tmp_path):
    program = exported(Functional(), (1, 3, 8, 8))
    torch.export.save(program, str(tmp_path / "net.pt2"))
    captured = capture_file(tmp_path / "net.pt2", trust=True)
    assert captured.model.name == "net"
    assert rows(captured, told=False) == rows(capture(program), told=False)


def test_other_shapes_than_the_programs_end_in_one_line():
    program = exported(Functional(), (1, 3, 8, 8))
    with pytest.raises(InputShapeError, match=r"exported for \(1, 3, 8, 8\)"):
        capture(program, (1, 3, 9, 9))


def test_the_inspector_takes_a_program():
    program = exported(Functional(), (1, 3, 8, 8))
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(program, output_dir=None, verbose_level=0)
    assert result.model.capture == "export"
    assert any(one.op.kind == "conv2d" for one in result.ops)


class Sum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Conv2d(3, 4, 3)
        self.b = torch.nn.Conv2d(3, 4, 3)

    def forward(self, x, y):
        return self.a(x) + self.b(y)


@pytest.fixture(scope="module")
def dynamic():
    """A program of two inputs of one height, 16 to 64."""
    height = torch.export.Dim("height", min=16, max=64)
    given = (torch.zeros(1, 3, 32, 8), torch.zeros(1, 3, 32, 8))
    shapes = {"x": {2: height}, "y": {2: height}}
    return torch.export.export(Sum(), given, dynamic_shapes=shapes)


@pytest.mark.parametrize("height", [16, 48, 64])
def test_a_program_of_dynamic_shapes_takes_sizes_within_their_bounds(dynamic, height):
    graph = capture(dynamic, [(1, 3, height, 8)] * 2).graph
    assert graph["x"].output.shape == (1, height, 8, 3)


@pytest.mark.parametrize(
    "given",
    [
        [(1, 3, 65, 8)] * 2,
        [(1, 3, 15, 8)] * 2,
        [(1, 3, 48, 8), (1, 3, 32, 8)],
        [(1, 3, 48, 9)] * 2,
        [(1, 3, 48)] * 2,
    ],
)
def test_and_refuses_others_in_words_of_ours(dynamic, given):
    with pytest.raises(InputShapeError) as raised:
        capture(dynamic, given)
    text = str(raised.value)
    assert text.startswith("Received inputs of the shapes {}, {}; ".format(*given))
    assert " from 16 to 64; give those, or export it with other dynamic shapes." in text


def test_a_lowest_size_of_2_is_torchs_own_and_binds_nobody():
    batch = torch.export.Dim("batch", min=2, max=8)
    program = torch.export.export(
        torch.nn.Conv2d(3, 4, 3), (torch.zeros(4, 3, 8, 8),), dynamic_shapes={"input": {0: batch}}
    )
    assert capture(program, (1, 3, 8, 8)).graph["input"].output.shape == (1, 8, 8, 3)


@pytest.fixture(scope="module")
def open_batch():
    """A program of two inputs, whose export fixes neither of the batches."""
    batch = {0: torch.export.Dim("batch")}
    given = (torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8))
    return torch.export.export(Sum(), given, dynamic_shapes={"x": batch, "y": batch})


@pytest.mark.parametrize(
    ("given", "batch", "taken", "first"),
    [(None, 1, 1, 1), (None, 4, 4, 4), ([(3, 3, 8, 8)] * 2, 1, None, 3)],
)
def test_an_open_batch_is_the_targets_and_not_the_examples(open_batch, given, batch, taken, first):
    captured = capture(open_batch, given, batch=batch)
    assert captured.batch == taken
    assert {captured.graph[name].output.shape[0] for name in ("x", "y")} == {first}


def test_a_size_that_is_open_and_no_batch_stays_that_of_the_export(dynamic):
    captured = capture(dynamic, batch=4)
    assert (captured.batch, captured.graph["x"].output.shape) == (None, (1, 32, 8, 3))
