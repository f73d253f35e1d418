"""Compatibility sessions: the tests in the environments that users have.

    nox                     # all of them, one after the other
    nox -s torch-1.12       # one
    nox -l                  # their names
    nox -s core-3.8 -- tests/core -x     # other arguments for pytest

Each makes an environment of its own under .nox, some of them of several GB. Those with a framework
all run the same tests; what one of them cannot run is skipped with the reason.
docs/compatibility.md tells what passed. The newest releases are what tests/run.sh runs with.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

import nox

# virtualenv has left Python 3.8 behind.
nox.options.default_venv_backend = "venv"


class Environment(NamedTuple):
    """What a session installs.

    Attributes:
        python: the interpreter's version.
        requirements: what pip installs with all that it asks for.
        alone: what it installs by itself. torchvision and timm serve for their model definitions.
    """

    python: str
    requirements: Tuple[str, ...] = ()
    alone: Tuple[str, ...] = ()


TOOLS = ("pytest", "hypothesis", "networkx", "jsonschema", "build")
CORE = (
    "tests/core",
    "tests/rules",
    "tests/reports",
    "tests/cli",
    "tests/test_distribution.py",
    "tests/test_conda.py",
)
FRAMEWORK = ("tests/cli", "tests/reports", "tests/conformance", "tests/frontends", "tests/parity")
NEWEST = ("tensorflow-cpu>=2.21", "torch==2.13.0", "pillow", "huggingface_hub", "safetensors")
DEFINITIONS = ("tf_keras", "torchvision==0.28.0", "timm==1.0.31")
OLD_TORCH = ("numpy<1.25", "pillow", "requests")
FLOOR = ("typer==0.9.0", "pyyaml==5.4", "graphviz==0.16", "rich==12.0.0", "tomli==1.1.0")
ENVIRONMENTS: Dict[str, Environment] = {
    "core-3.8": Environment("3.8"),
    # The oldest releases that pyproject.toml allows.
    "core-floor": Environment("3.8", FLOOR),
    "core-3.13": Environment("3.13"),
    # The environments of the vendor's releases 2.5, 3.0 and 3.5, and those between.
    "torch-1.12": Environment("3.8", ("torch==1.12.1", *OLD_TORCH), ("torchvision==0.13.1",)),
    "torch-1.13": Environment("3.8", ("torch==1.13.1", *OLD_TORCH), ("torchvision==0.14.1",)),
    "keras-2.8": Environment("3.8", ("tensorflow-cpu==2.8.*", "protobuf<3.21")),
    "keras-2.10": Environment("3.8", ("tensorflow-cpu==2.10.*",)),
    "keras-2.12": Environment("3.8", ("tensorflow-cpu==2.12.*",)),
    "torch-2.1+keras-2.15": Environment(
        "3.10",
        ("torch==2.1.2", "tensorflow-cpu==2.15.*", "numpy<2", "pillow", "requests"),
        ("torchvision==0.16.2",),
    ),
    "newest-3.11": Environment("3.11", NEWEST, DEFINITIONS),
    "newest-3.13": Environment("3.13", NEWEST, DEFINITIONS),
}
"""By the session's name."""
BOTH = ("torch-2.1+keras-2.15", "newest-3.11", "newest-3.13")
"""The sessions with TensorFlow and PyTorch in one process."""


def _session(name: str, environment: Environment) -> None:
    @nox.session(name=name, python=environment.python)
    def session(session: nox.Session) -> None:
        extras = "[render]" if name.startswith("newest") else ""
        session.install(*TOOLS, *environment.requirements)
        if environment.alone:
            session.install("--no-deps", *environment.alone)
        session.install("--editable", "." + extras)
        if name in BOTH:
            # What PyTorch compiles for GPUs with: loaded after TensorFlow, it ends Python.
            session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "triton")
        tests = CORE if name.startswith("core") else FRAMEWORK
        session.run("python", "-m", "pytest", "-q", *(session.posargs or tests))


for _name, _environment in ENVIRONMENTS.items():
    _session(_name, _environment)
