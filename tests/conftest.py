"""Which tests are slow: `pytest -m "not slow"` leaves them out and does not even import them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

# The allocator that TensorFlow has of its own on CPUs keeps the memory of models that are gone.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

HERE = Path(__file__).parent
SLOW = (
    "cli/test_inspect.py",
    "cli/test_progress.py",
    "cli/test_targets.py",
    "conformance",
    "core/test_definitions.py",
    "frontends/keras",
    "frontends/keras2",
    "hostile",
    "observed",
    "parity",
    "frontends/onnx/test_exports.py",
    "frontends/torch/test_models.py",
    "frontends/torch/test_rungs.py",
    "frontends/torch/test_values.py",
    "page/test_page.py",
    "quantizers/test_keras_cases.py",
    "quantizers/test_keras_forms.py",
    "reports/test_browser.py",
    "reports/test_network_reports.py",
    "reports/test_page.py",
    "reports/test_picture.py",
    "test_batch.py",
    "test_benchmarks.py",
    "test_calibration.py",
    "test_ci_files.py",
    "test_comparing.py",
    "test_conda.py",
    "test_distribution.py",
    "test_cut_code.py",
    "test_docs.py",
    "test_fix_keras.py",
    "test_fix_torch.py",
    "test_judging.py",
    "test_macs.py",
    "test_networks.py",
    "test_observed.py",
    "test_pictures.py",
    "test_root_causes.py",
    "test_site.py",
    "test_suggestions.py",
    "test_threads.py",
    "test_torch_networks.py",
    "test_verdicts.py",
    "test_vitis_inspector.py",
)
"""Folders and files of tests that load frameworks, draw, start processes or try many inputs."""


def is_slow(path: Path) -> bool:
    """Tells whether a file of tests is slow as a whole."""
    if HERE not in path.parents:
        return False
    inside = path.relative_to(HERE)
    names = {part.as_posix() for part in (inside, *inside.parents)}
    return not names.isdisjoint(SLOW)


def pytest_ignore_collect(collection_path: Path, config: Any) -> Optional[bool]:
    left_out = config.option.markexpr == "not slow" and is_slow(collection_path)
    return True if left_out else None


def pytest_collection_modifyitems(items: "list[pytest.Item]") -> None:
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def forget_what_was_imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forgets what was imported from a folder of tests: two of them may each write a net.py."""
    before = set(sys.modules)
    yield
    folder = str(tmp_path_factory.getbasetemp())
    for name in sys.modules.keys() - before:
        file = getattr(sys.modules[name], "__dict__", {}).get("__file__")
        if isinstance(file, str) and file.startswith(folder):
            del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not entry.startswith(folder)]
