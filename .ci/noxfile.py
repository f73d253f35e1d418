"""Compatibility sessions: the Keras frontend under the TensorFlows that people bring.

    nox -f .ci/noxfile.py                 # all of them
    nox -f .ci/noxfile.py -s keras2-2.10  # one of them

Each installs the project, not editable, and runs the tests that its Keras can run. The newest
TensorFlow is what tests/run.sh runs with.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

# virtualenv has left Python 3.8 behind.
nox.options.default_venv_backend = "venv"

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("pytest", "hypothesis", "networkx", "jsonschema")
KERAS_2 = {
    "2.8": ("3.8", ("tensorflow-cpu==2.8.*", "protobuf<3.21")),
    "2.10": ("3.8", ("tensorflow-cpu==2.10.*",)),
    "2.12": ("3.8", ("tensorflow-cpu==2.12.*",)),
    "2.15": ("3.10", ("tensorflow-cpu==2.15.*",)),
}
"""Python and requirements by TensorFlow's version; each has Keras 2 as tensorflow.keras."""


def _run(session: nox.Session, *requirements: str) -> None:
    session.install(*requirements, *TESTS, str(ROOT))
    # Away from the clone, whose own folder would hide the installed package.
    folder = Path(session.create_tmp())
    shutil.rmtree(str(folder / "tests"), ignore_errors=True)
    shutil.copytree(str(ROOT / "tests"), str(folder / "tests"))
    session.chdir(str(folder))
    session.run("python", "-m", "pytest", "-q", "tests/frontends/keras2", *session.posargs)


def _keras_2(version: str) -> None:
    python, requirements = KERAS_2[version]

    @nox.session(name="keras2-" + version, python=python)
    def session(session: nox.Session) -> None:
        _run(session, *requirements)


for _version in KERAS_2:
    _keras_2(_version)


@nox.session(name="keras2-tf_keras", python="3.11")
def tf_keras(session: nox.Session) -> None:
    """Keras 2 beside Keras 3, in the newest TensorFlow."""
    _run(session, "tensorflow", "tf_keras")
