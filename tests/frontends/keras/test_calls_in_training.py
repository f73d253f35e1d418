"""Calls of Keras 3 in training mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from tests.frontends.keras.calls_in_training import (
    check_batch_norms,
    check_nested_calls,
    check_noises,
    found,
)

FILES = ("m.keras", "m.h5")


def test_a_batch_norm_by_statistics_of_the_batch_is_never_folded(tmp_path: Path) -> None:
    check_batch_norms(keras, tmp_path, FILES)


def test_noise_has_a_note_and_the_quantiser_removes_a_dropout(tmp_path: Path) -> None:
    check_noises(keras, tmp_path, FILES)


def test_a_call_in_a_nested_model_is_read_in_the_mode_that_it_runs_in(tmp_path: Path) -> None:
    check_nested_calls(keras, tmp_path, FILES)


def test_augmentation_is_no_call_in_training() -> None:
    """Keras 3 records training=True, the default of the layer."""
    row = [keras.Input((8, 8, 3)), keras.layers.RandomFlip(name="flip")]
    for model in (keras.Sequential(row), keras.Model(row[0], row[1](row[0]))):
        (op,) = found(model, "flip")
        assert op.messages == ()


def test_a_layer_within_an_own_layer_inherits_the_mode() -> None:
    class Own(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, **given: Any) -> None:
            super().__init__(name="own")
            self.drop = keras.layers.Dropout(0.5, name="drop")
            self.norm = keras.layers.BatchNormalization(name="bn")
            self.given = given

        def build(self, shape: Any) -> None:
            self.norm.build(shape)
            self.built = True

        def call(self, x: Any) -> Any:
            return self.norm(self.drop(x, **self.given), **self.given)

    for around in (True, False, None):
        for given in ({}, {"training": True}, {"training": False}):
            inputs = keras.Input((8, 8, 3))
            inner = keras.Model(inputs, Own(**given)(inputs), name="inner")
            model = keras.Model(inputs, inner(inputs, training=around))
            trains = bool(given.get("training", around))
            (norm,), (drop,) = found(model, "bn"), found(model, "drop")
            assert (norm.kind == "unknown", bool(drop.messages)) == (trains, trains)


def test_a_call_with_training_within_an_own_layer_is_read_in_training() -> None:
    class Own(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="own")
            self.norm = keras.layers.BatchNormalization(name="bn")

        def build(self, shape: Any) -> None:
            self.norm.build(shape)
            self.built = True

        def call(self, x: Any, training: Any = None) -> Any:
            return self.norm(x, training=training)

    inputs = keras.Input((8, 8, 3))
    for training, kind in ((True, "unknown"), (False, "batchnorm"), (None, "batchnorm")):
        (op,) = found(keras.Model(inputs, Own()(inputs, training=training)), "bn")
        assert op.kind == kind
