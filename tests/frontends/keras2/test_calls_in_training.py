"""Calls of Keras 2 in training mode, which it applies at inference too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.frontends.keras.calls_in_training import (
    check_batch_norms,
    check_nested_calls,
    check_noises,
)
from tests.frontends.keras2.library import keras

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def test_a_batch_norm_by_statistics_of_the_batch_is_never_folded(tmp_path: Path) -> None:
    check_batch_norms(keras, tmp_path, ["m.h5"])


def test_noise_has_a_note_and_the_quantiser_removes_a_dropout(tmp_path: Path) -> None:
    check_noises(keras, tmp_path, ["m.h5"])


def test_a_call_in_a_nested_model_is_read_in_the_mode_that_it_runs_in(tmp_path: Path) -> None:
    check_nested_calls(keras, tmp_path, ["m.h5"])
