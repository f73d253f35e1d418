"""ONNX files on the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.frontends.onnx.building import Constant, graph, model, node
from vai_inspect.testing import assert_on_dpu

TARGET = "DPUCZDX8G_ISA1_B4096"


@pytest.fixture
def path(tmp_path):
    nodes = [node("Conv", ["x", "w"], ["a"], "conv"), node("Softmax", ["a"], ["y"], "last")]
    whole = graph(nodes, {"x": ("n", 4, "h", "w")}, ["y"], {"w": Constant((8, 4, 3, 3))})
    (tmp_path / "net.onnx").write_bytes(model(whole))
    return tmp_path / "net.onnx"


def run(*arguments):
    command = [sys.executable, "-m", "vai_inspect.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_inspect(path):
    done = run("inspect", path, "-t", TARGET, "--input-shape", "1,4,16,16", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["model"]["framework"] == "onnx"
    assert [(op["name"], op["device"]) for op in report["ops"][1:3]] == [
        ("conv", "dpu"),
        ("last", "cpu"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "leaves a dimension open"),
        (("--input-shape", "1,3,16,16"), "fixes axis 1 to 4"),
        (("--kwargs", "a=1"), "is a file"),
    ],
)
def test_refused_in_one_line(path, arguments, words):
    done = run("inspect", path, "-t", TARGET, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_such_file():
    done = run("inspect", "nowhere.onnx", "-t", TARGET)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No such file" in done.stderr


def test_compare(path):
    done = run("compare", path, "-t", TARGET, "--input-shape", "1,4,16,16")
    assert TARGET in done.stdout


def test_in_a_test_of_ones_own(path):
    assert_on_dpu(path, TARGET, "end:softmax", input_args=(1, 4, 16, 16))


def test_no_framework_is_loaded(path):
    program = (
        "import sys; from vai_inspect.onnx import Inspector; "
        "Inspector({!r}).inspect({!r}, (1, 4, 16, 16), output_dir=None, verbose_level=0); "
        "print(sorted({{'torch', 'tensorflow', 'keras', 'onnx', 'numpy', 'google'}} & "
        "set(sys.modules)))"
    ).format(TARGET, str(path))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
