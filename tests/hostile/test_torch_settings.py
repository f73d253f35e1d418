"""PyTorch modules under odd settings of torch and of the process: read, or one line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict

import pytest

from tests.hostile.children import child

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
HERE = Path(__file__).parent
PATH = [str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
ROOT = {"PYTHONPATH": os.pathsep.join(PATH)}
READ = "read"
EXPECTED = {
    "meta by default": READ,
    "meta by default, values": READ,
    "another device by default": READ,
    "another device by default, values": READ,
    "vmap": "line: A model cannot be read inside of a function that torch transforms",
    "vmap, its tensor": "line: A model cannot be read inside of a function that torch transforms",
    "a nested tensor": "line: Input 'x' received a nested tensor",
    "a jagged tensor": "line: Input 'input' received a nested tensor",
    "a sparse tensor": READ,
    "attributes refused": READ,
    "slots": READ,
    "deep modules": "line: The modules of the model are nested too deeply",
    "fake tensors": READ,
    "inference mode": READ,
    "a gone folder": READ,
    "huge": "line: Input 'x' received the shape (1, 3, more, 8)",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, str]:
    folder = tmp_path_factory.mktemp("settings")
    script = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    ended = child(script, folder, str(HERE / "torch_settings.py"), environment=ROOT)
    assert ended.code == 0, ended
    lines = [line[2:] for line in ended.out.splitlines() if line.startswith("# ")]
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_setting(name: str, settings: Dict[str, str]) -> None:
    assert settings[name].startswith(EXPECTED[name])


TRITON = "import os\nos._exit(99)\n"
AFTER_TENSORFLOW = """
import sys
import tensorflow
import torch
from torch import nn
from vai_inspect.torch import Inspector


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return torch.relu(self.conv(x)) if x.shape[0] == 1 else x


inspector = Inspector("DPUCZDX8G_ISA1_B4096")
inspector.inspect(Net(), (1, 3, 8, 8), output_dir=None, verbose_level=0)
from torch.utils import _triton

asked = getattr(_triton, "has_triton_package", None)
print("remembered:", asked is not None and asked.cache_info().currsize)
print("in the way:", [one for one in sys.meta_path if "vai_inspect" in type(one).__module__])
print("loaded:", "triton" in sys.modules)
"""


def test_triton_is_not_loaded_after_tensorflow(tmp_path: Path) -> None:
    """A stand-in ends the process where it is imported, as the real one does."""
    (tmp_path / "triton.py").write_text(TRITON)
    (tmp_path / "tensorflow.py").touch()
    ended = child(AFTER_TENSORFLOW, tmp_path)
    assert ended.code == 0, ended
    assert ended.out.splitlines() == ["remembered: 0", "in the way: []", "loaded: False"]


FORK = """
import os, sys, threading, time
import torch
from torch import nn
from vai_inspect.torch import Inspector

begun, inspector = threading.Event(), Inspector("DPUCZDX8G_ISA1_B4096")


class Slow(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        begun.set()
        time.sleep(1)
        return self.conv(x)


def inspected(model):
    inspector.inspect(model, (1, 3, 8, 8), output_dir=None, verbose_level=0)


before = isinstance, nn.Module.__call__
thread = threading.Thread(target=inspected, args=(Slow(),))
thread.start()
begun.wait()
child = os.fork()
if not child:
    assert (isinstance, nn.Module.__call__) == before, "patched in the fork"
    inspected(nn.Conv2d(3, 4, 3))
    os._exit(0)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_while_another_thread_captures(tmp_path: Path) -> None:
    ended = child(FORK, tmp_path, seconds=30)
    assert (ended.code, ended.out) == (0, "0\n"), ended


THREADS = """
import logging, sys, threading, time
import torch
from torch import nn
from vai_inspect.torch import Inspector

begun, done, calls = threading.Event(), threading.Event(), []
inspector = Inspector("DPUCZDX8G_ISA1_B4096")


class Looking(nn.Module):
    def forward(self, x):
        begun.set()
        time.sleep(0.2)
        print("of the forward", file=sys.stderr)
        return x + 1 if x.sum() > 0 else x


class Other(nn.Module):
    def forward(self, x):
        calls.append(type(x).__name__)
        return x * 2


def go_on():
    begun.wait()
    other, number = Other(), 0
    while not done.is_set():
        number += 1
        assert other(torch.ones(2)).tolist() == [2.0, 2.0]
        assert isinstance(other, nn.Module)
        print("of the other thread", number)
        logging.getLogger("torch.own").error("logged by the other thread %d", number)
        time.sleep(0.001)
    print("in all", number)


logging.basicConfig(stream=sys.stdout, format="%(message)s")
thread = threading.Thread(target=go_on)
thread.start()
inspector.inspect(Looking(), (1, 3, 8, 8), output_dir=None, verbose_level=0)
done.set()
thread.join()
assert set(calls) == {"Tensor"}
"""


def test_other_threads_go_on_undisturbed(tmp_path: Path) -> None:
    ended = child(THREADS, tmp_path)
    assert ended.code == 0, ended
    number = int(ended.out.split()[-1])
    assert number > 20
    assert ended.out.count("of the other thread") == number
    assert (ended.out + ended.err).count("logged by the other thread") == number


LOADS = """
import threading
import torch
from pathlib import Path
from torch import nn
from vai_inspect.torch import Inspector

model = nn.Conv2d(3, 4, 3)
torch.save(model, "own.pt")
torch.export.save(torch.export.export(model.eval(), (torch.zeros(1, 3, 8, 8),)), "program.pt2")
begun, done, loads, before = threading.Event(), threading.Event(), [], torch.load


def go_on():
    while not done.is_set():
        assert torch.load is before
        loads.append(type(torch.load("own.pt", weights_only=False)).__name__)
        begun.set()


thread = threading.Thread(target=go_on)
thread.start()
begun.wait()
inspector = Inspector("DPUCZDX8G_ISA1_B4096")
for file in ("program.pt2", "own.pt") * 3:
    path = Path(file)
    inspector.inspect(path, (1, 3, 8, 8), output_dir=None, verbose_level=0, trust=True)
done.set()
thread.join()
print(len(loads) > 5, set(loads))
"""


@pytest.mark.skipif(
    not hasattr(getattr(torch, "export", None), "save"), reason="this torch writes no .pt2"
)
def test_another_thread_loads_while_a_file_is_read(tmp_path: Path) -> None:
    ended = child(LOADS, tmp_path)
    assert (ended.code, ended.out) == (0, "True {'Conv2d'}\n"), ended
