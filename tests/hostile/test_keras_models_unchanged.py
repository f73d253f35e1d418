"""The user's Keras model after inspections that fail half-way."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import keras
import pytest

from tests.frontends.keras.reading import fingerprint
from vai_inspect.core.errors import VaiInspectError
from vai_inspect.frontends.keras import capture

L = keras.layers
pytestmark = pytest.mark.skipif(keras.__version__.startswith("2."), reason="layers of Keras 3")


class Picky(L.Layer):
    """Works at the size that it was built with, and fails at any other."""

    error: BaseException

    def get_config(self) -> Dict[str, Any]:
        return {"name": self.name}

    def call(self, x: Any) -> Any:
        if x.shape[1] != 8:
            raise self.error
        return x * 2

    def compute_output_shape(self, shape: Any) -> Any:
        if shape[1] != 8:
            raise self.error
        return shape


FAILS: Dict[str, Tuple[Callable[[], BaseException], type]] = {
    "raises": (lambda: ValueError("no"), VaiInspectError),
    "runs out of memory": (MemoryError, VaiInspectError),
    "exits": (lambda: SystemExit(3), VaiInspectError),
    "recurses": (RecursionError, VaiInspectError),
    "is interrupted": (KeyboardInterrupt, KeyboardInterrupt),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_layer_that_fails_half_way(name: str) -> None:
    make, error = FAILS[name]
    fixed = keras.Input((8, 8, 3))
    inner = keras.Model(fixed, L.Conv2D(3, 3, padding="same")(fixed), name="inner")
    data = keras.Input((8, 8, 3))
    picky = Picky()
    object.__setattr__(picky, "error", make())
    model = keras.Model(data, L.Dense(2)(picky(inner(L.BatchNormalization()(data)))))
    model.layers[1].trainable = False
    before = fingerprint(model)
    with pytest.raises(error):
        capture(model, (1, 16, 16, 3))
    assert fingerprint(model) == before
    assert len(capture(model).graph) > 3
    assert fingerprint(model) == before
