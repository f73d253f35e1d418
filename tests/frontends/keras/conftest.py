from __future__ import annotations

import importlib.util
import os
import warnings

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

if importlib.util.find_spec("keras") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # TensorFlow and its dependencies warn while they are imported; the tests' own code does not.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

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
    keras.backend.clear_session(free_memory=False)
