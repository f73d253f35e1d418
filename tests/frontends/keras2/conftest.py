"""Keras 2, wherever it is: `tf_keras`, or `tensorflow.keras` of TensorFlow 2.15 and older."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

HERE = os.path.dirname(__file__)


def pytest_collection_modifyitems(items: "list[pytest.Item]") -> None:
    for item in items:
        if str(item.fspath).startswith(HERE):
            # Old TensorFlows warn of their own dependencies, whatever these tests do.
            for rule in ("ignore::DeprecationWarning", "ignore::FutureWarning"):
                item.add_marker(pytest.mark.filterwarnings(rule))
