"""PyTorch networks from end to end: the vendor's example, usual networks, and files."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontends.torch.zoo import build, torchvision  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

B4096 = "DPUCZDX8G_ISA1_B4096"
ON_CPU = {
    "densenet121": [],
    "inception_v3": [],
    "mobilenet_v2": [],
    "resnet50": [],
    "squeezenet1_1": [],
    "vgg16": [],
}
GIGA_MACS = {"resnet50": 4.089, "vgg16": 15.470, "mobilenet_v2": 0.301, "densenet121": 2.834}


class Small(nn.Module):
    """A network that a file can hold."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.relu = nn.ReLU()

    def forward(self, image):
        return self.relu(self.conv(image)).softmax(1)


def small():
    return Small()


def test_the_vendors_example_runs_with_its_import_line_changed(tmp_path, capsys):
    model = build(lambda: torchvision().models.inception_v3(weights=None, init_weights=False))
    inspector = Inspector(B4096)
    result = inspector.inspect(
        model, torch.randn([1, 3, 299, 299]), torch.device("cpu"), str(tmp_path), 1, "png"
    )
    assert result.summary.fully_on_dpu
    assert (result.summary.cpu_ops, result.summary.dpu_subgraphs) == (0, 1)
    assert {path.suffix for path in tmp_path.iterdir()} >= {".gv", ".txt"}
    text = (tmp_path / "inspect_{}.txt".format(B4096)).read_text(encoding="utf-8")
    assert "Mixed_7c.branch_pool.conv" in text
    assert "torchvision/models/inception.py" in text
    assert "assigned device: cpu" not in text
    assert "All the operators are assigned to the DPU." in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(ON_CPU))
def test_what_runs_on_the_cpu_of_the_usual_networks(name):
    size = 299 if name == "inception_v3" else 224
    model = build(lambda: getattr(torchvision().models, name)(weights=None))
    result = Inspector(B4096).inspect(model, (1, 3, size, size), output_dir=None, verbose_level=0)
    assert [op.type for op in result.ops if op.device.value == "cpu"] == ON_CPU[name]
    assert result.summary.unknown_ops == 0
    if name in GIGA_MACS:
        assert result.summary.macs / 1e9 == pytest.approx(GIGA_MACS[name], abs=5e-4)


def test_the_command_line_takes_modules(tmp_path, monkeypatch, capsys):
    code, out, err = _command(
        capsys, "inspect", __file__ + ":small", "-t", B4096, "--input-shape", "1,3,8,8", "--json"
    )
    assert code == 0, err
    report = json.loads(out)
    assert report["model"] == {
        "name": "Small",
        "framework": "torch",
        "framework_version": str(torch.__version__).split("+")[0],
        "capture": "fx",
    }
    conv = report["ops"][1]
    assert conv["origin"]["layers"] == ["conv"]
    assert conv["origin"]["source"][-1]["function"] == "forward"
    code, _, err = _command(capsys, "inspect", __file__ + ":small", "-t", B4096)
    assert code == 2
    assert "--input-shape 1,3,224,224" in err


@pytest.mark.skipif(not hasattr(torch, "export"), reason="torch.export came with torch 2.1")
def test_the_command_line_takes_exported_programs(tmp_path, capsys):
    path = tmp_path / "net.pt2"
    program = torch.export.export(small().eval(), (torch.zeros(1, 3, 8, 8),))
    torch.export.save(program, str(path))
    code, _, err = _command(capsys, "inspect", str(path), "-t", B4096, "--json")
    assert code == 2
    assert "--trust" in err
    code, out, err = _command(capsys, "inspect", str(path), "-t", B4096, "--json", "--trust")
    assert code == 0, err
    report = json.loads(out)
    assert (report["model"]["name"], report["model"]["trusted"]) == ("net", True)
    assert [op["type"] for op in report["ops"]] == ["data", "conv2d", "relu", "softmax", "return"]
    path.write_bytes(b"nothing")
    code, _, err = _command(capsys, "inspect", str(path), "-t", B4096, "--trust")
    assert code == 2
    assert "cannot be read as an exported program" in err


def test_a_pickled_file_is_read_only_with_trust(tmp_path, capsys):
    path = tmp_path / "net.pth"
    torch.save(small(), str(path))
    options = ["inspect", str(path), "-t", B4096, "--input-shape", "1,3,8,8", "--json"]
    code, _, err = _command(capsys, *options)
    assert code == 2
    assert "--trust" in err
    code, out, err = _command(capsys, *options, "--trust")
    assert code == 0, err
    assert json.loads(out)["model"]["name"] == "Small"
    torch.save(small().state_dict(), str(path))
    code, _, err = _command(capsys, *options, "--trust")
    assert code == 2
    assert "state dict" in err


def _command(capsys, *args):
    from vai_inspect import cli

    with pytest.raises(SystemExit) as ended:
        cli.main(list(args))
    out, err = capsys.readouterr()
    return ended.value.code, out, err
