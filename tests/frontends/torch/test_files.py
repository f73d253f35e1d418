"""Files that torch loads, which is left to files that are trusted; what they hold is said."""

from __future__ import annotations

import pickle
import zipfile

import pytest

torch = pytest.importorskip("torch")

from vai_inspect.core.errors import CaptureError, ModelError  # noqa: E402
from vai_inspect.frontends.torch import capture_file  # noqa: E402

SHAPE = (1, 3, 8, 8)


def net(channels=4):
    return torch.nn.Sequential(torch.nn.Conv2d(3, channels, 3), torch.nn.ReLU()).eval()


def script(path):
    torch.jit.trace(net(), torch.zeros(SHAPE)).save(str(path))


def checkpoint(path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    torch.save(state, str(path))


def half(path):
    torch.save({"w": torch.nn.Parameter(torch.zeros(3).half()), "i": torch.arange(3)}, str(path))


def other_archive(path):
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("net/model.json", "{}")


def cut_off(path):
    torch.save(net(), str(path))
    path.write_bytes(path.read_bytes()[:-200])


def damaged(path):
    """An archive whose pickle is deflated, and cannot be inflated any more."""
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", bytes(range(256)) * 40)
    whole = bytearray(path.read_bytes())
    begin = whole.index(b"net/data.pkl") + len("net/data.pkl")
    whole[begin : begin + 40] = b"\xff" * 40
    path.write_bytes(bytes(whole))


def encrypted(path):
    """An archive whose only entry says that it is encrypted."""
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("net/data.pkl", b"x")
    whole = bytearray(path.read_bytes())
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(sign) + flags] |= 1
    path.write_bytes(bytes(whole))


def modules(path):
    torch.save({"generator": net(), "critic": net()}, str(path))


REFUSED = {
    "a state dict": (lambda path: torch.save(net().state_dict(), str(path)), "holds weights and"),
    "a checkpoint": (checkpoint, "holds weights and no module: a state dict or a checkpoint"),
    "a dict of tensors": (half, "holds weights and no module"),
    "modules of other names": (modules, "holds 2 modules .'generator', 'critic'., and none of"),
    "a tensor": (lambda path: torch.save(torch.zeros(3), str(path)), "holds a Tensor and no mod"),
    "TorchScript": (script, "TorchScript, whose forward cannot be followed; give the nn.Module"),
    "a pickle of Python": (
        lambda path: path.write_bytes(pickle.dumps([1])),
        "cannot be read|a list",
    ),
    "text": (lambda path: path.write_text("hello world\n"), "cannot be read with torch.load"),
    "nothing": (lambda path: path.touch(), "cannot be read with torch.load"),
    "another archive": (other_archive, "cannot be read with torch.load"),
    "what is cut off": (cut_off, "may be cut off or damaged"),
    "a damaged archive": (damaged, "may be cut off or damaged"),
    "an encrypted archive": (encrypted, "cannot be read with torch.load"),
    "a damaged pickle": (lambda path: path.write_bytes(b"\x80\x04garbage"), "cut off or damaged"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript is, in new versions
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_holds_no_module(tmp_path, name):
    write, says = REFUSED[name]
    path = tmp_path / "net.pt"
    write(path)
    with pytest.raises(ModelError, match="is a file that torch itself has to load.* add --trust"):
        capture_file(path, SHAPE)
    with pytest.raises((ModelError, CaptureError), match=says) as raised:
        capture_file(path, SHAPE, trust=True)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("new", [True, False])
def test_a_pickled_module_is_read_only_if_it_is_trusted(tmp_path, new):
    path = tmp_path / "net.pt"
    torch.save(net(), str(path), _use_new_zipfile_serialization=new)
    with pytest.raises(ModelError, match="add --trust .*, or give the nn.Module itself"):
        capture_file(path, SHAPE)
    captured = capture_file(path, SHAPE, trust=True)
    assert captured.model.trusted
    assert captured.warnings == ()
    assert "conv2d" in [op.kind for op in captured.graph]


CHECKPOINTS = {
    "as YOLO has it": ({"epoch": 3, "model": net(5), "ema": net(6)}, "ema", 6, "not 'model'"),
    "without an average": ({"model": net(5), "ema": None}, "model", 5, "its entry 'model'"),
    "of another name": ({"best": net(5), "epoch": 1}, "best", 5, "its entry 'best'"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_gives_its_module(tmp_path, name):
    content, entry, channels, says = CHECKPOINTS[name]
    path = tmp_path / "best.pt"
    torch.save(content, str(path))
    captured = capture_file(path, SHAPE, trust=True)
    assert next(op for op in captured.graph if op.kind == "conv2d").output.shape[-1] == channels
    assert captured.warnings[0].startswith("the file holds a checkpoint; its entry " + repr(entry))
    assert says in captured.warnings[0]


class Gone(torch.nn.Module):
    pass


def test_a_class_that_is_gone_is_said_to_be_importable_here(tmp_path, monkeypatch):
    path = tmp_path / "net.pt"
    torch.save(Gone(), str(path))
    monkeypatch.delattr(__import__(__name__, fromlist=["Gone"]), "Gone")
    with pytest.raises(ModelError, match="the classes in it must be importable here"):
        capture_file(path, SHAPE, trust=True)
