"""Programs of torch.export as models, live and from .pt2 files."""

from __future__ import annotations

import io
import zipfile

import pytest

torch = pytest.importorskip("torch")

from tests.frontends.torch.rungs import Functional, rows  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.core.errors import InputShapeError, ModelError  # noqa: E402
from vai_inspect.frontends.torch import capture, capture_file  # noqa: E402
from vai_inspect.frontends.torch.export import can_export  # noqa: E402
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
    captured = capture_file(tmp_path / "net.pt2")
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


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("code of the file was run",))


def test_an_exported_program_runs_no_code_of_the_file(tmp_path):
    path, bad = tmp_path / "model.pt2", tmp_path / "bad.pt2"
    torch.export.save(
        torch.export.export(torch.nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 8, 8),)), path
    )
    pickled = io.BytesIO()
    torch.save((Evil(),), pickled)
    changed = 0
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if zipfile.is_zipfile(io.BytesIO(content)):
                content, changed = pickled.getvalue(), changed + 1
            target.writestr(name, content)
    assert changed
    before = torch.load
    with pytest.raises(ModelError, match="cannot be read as an exported program"):
        capture_file(bad)
    assert torch.load is before


def test_an_exported_program_with_compiled_code_is_refused(tmp_path):
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(1, 3),)), path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model/data/aotinductor/model/cmodel.so", b"")
    with pytest.raises(ModelError, match=r"holds compiled code \(AOTInductor\)"):
        capture_file(path)
