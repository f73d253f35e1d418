from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

try:
    # TensorFlow and its dependencies warn while they are imported; the tests' own code does not.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

    VERSION = str(keras.__version__)
except ImportError:
    VERSION = "none"
KERAS_3 = VERSION.startswith("3.")

ANY_KERAS = ("test_broken_files.py", "test_files_of_keras2.py")
"""Tests that Keras 2 serves as well; the others are written with the names of Keras 3."""


class _Skipped(pytest.Module):
    """A module of tests that this environment cannot run, which says so."""

    def collect(self) -> Any:
        pytest.skip("needs Keras 3 and finds {}; see tests/frontends/keras2".format(VERSION))


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> Any:
    served = KERAS_3 or (VERSION != "none" and module_path.name in ANY_KERAS)
    return None if served else _Skipped.from_parent(parent, path=module_path)


THIRD_PARTY = (
    "ignore::DeprecationWarning:tensorflow.*",
    "ignore::DeprecationWarning:google.*",
    "ignore::DeprecationWarning:keras.*",
    "ignore::FutureWarning:keras.*",
)


def pytest_collection_modifyitems(items: "list[pytest.Item]") -> None:
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.fspath).startswith(here):
            for rule in THIRD_PARTY:
                item.add_marker(pytest.mark.filterwarnings(rule))


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Automatic layer names start anew, so that no test depends on those before it."""
    keras.backend.clear_session(**({"free_memory": False} if KERAS_3 else {}))
