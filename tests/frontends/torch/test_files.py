"""Files of torch.save: what they hold is told without running it, and what to do is one step."""

from __future__ import annotations

import pickle
import zipfile

import pytest

torch = pytest.importorskip("torch")

from vai_inspect.core.errors import ModelError  # noqa: E402
from vai_inspect.frontends.torch import capture_file  # noqa: E402
from vai_inspect.frontends.torch.pickled import Held, held  # noqa: E402

SHAPE = (1, 3, 8, 8)


def net():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()


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


def exported(path):
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("net/archive_format", "pt2")


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


FILES = {
    "a module": (lambda path: torch.save(net(), str(path)), Held.PICKLE),
    "a module, old format": (
        lambda path: torch.save(net(), str(path), _use_new_zipfile_serialization=False),
        Held.PICKLE,
    ),
    "a state dict": (lambda path: torch.save(net().state_dict(), str(path)), Held.WEIGHTS),
    "a checkpoint": (checkpoint, Held.WEIGHTS),
    "a dict of tensors": (half, Held.WEIGHTS),
    "TorchScript": (script, Held.SCRIPT),
    "an exported program": (exported, Held.EXPORTED),
    "a pickle of Python": (lambda path: path.write_bytes(pickle.dumps({"a": 1})), Held.PICKLE),
    "text": (lambda path: path.write_text("hello world\n"), Held.NOTHING),
    "nothing": (lambda path: path.touch(), Held.NOTHING),
    "another archive": (other_archive, Held.NOTHING),
    "what is cut off": (cut_off, Held.NOTHING),
    "a damaged archive": (damaged, Held.NOTHING),
    "an encrypted archive": (encrypted, Held.NOTHING),
}
SAYS = {
    Held.SCRIPT: "is TorchScript, whose forward cannot be followed; give the nn.Module that",
    Held.WEIGHTS: "holds weights and no module: a state dict or a checkpoint; give the nn.Module",
    Held.EXPORTED: "is an exported program; give it the ending .pt2",
    Held.NOTHING: "is no file that torch.save wrote",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript is, in new versions
@pytest.mark.parametrize("name", sorted(FILES))
def test_what_a_file_holds(tmp_path, name):
    write, kind = FILES[name]
    path = tmp_path / "net.pt"
    write(path)
    assert held(path) is kind
    for trust in (False, True):
        if kind is not Held.PICKLE:
            with pytest.raises(ModelError) as raised:
                capture_file(path, SHAPE, trust)
            assert str(raised.value).startswith("{} {}".format(path, SAYS[kind]))


@pytest.mark.parametrize("new", [True, False])
def test_a_pickled_module_is_read_only_if_it_is_trusted(tmp_path, new):
    path = tmp_path / "net.pt"
    torch.save(net(), str(path), _use_new_zipfile_serialization=new)
    with pytest.raises(ModelError, match="add --trust .*as file.py:name or as an exported"):
        capture_file(path, SHAPE)
    assert "conv2d" in [op.kind for op in capture_file(path, SHAPE, trust=True).graph]


class Gone(torch.nn.Module):
    pass


def test_a_class_that_is_gone_is_said_to_be_importable_here(tmp_path, monkeypatch):
    path = tmp_path / "net.pt"
    torch.save(Gone(), str(path))
    monkeypatch.delattr(__import__(__name__, fromlist=["Gone"]), "Gone")
    with pytest.raises(ModelError, match="the classes in it must be importable here"):
        capture_file(path, SHAPE, trust=True)


def test_a_damaged_pickle_is_not_said_to_lack_classes(tmp_path):
    path = tmp_path / "net.pt"
    path.write_bytes(b"\x80\x04garbage")
    with pytest.raises(ModelError, match="may be cut off or damaged"):
        capture_file(path, SHAPE, trust=True)
