"""The user's model of Keras 2, whose assignments run at once when its call is followed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

pytest.importorskip("tensorflow")

from tests.frontends.keras2.library import keras, layers
from tests.hostile.amount import cases, ran
from tests.hostile.states import Plain, around, built, picture, recipes, stir
from vai_inspect.frontends.keras import capture


class Stirring(keras.Model):  # type: ignore[misc]
    """Changes its weights and whatever it keeps, as it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(4, 3)
        self.count = self.add_weight(name="count", shape=(), initializer="zeros", trainable=False)
        self.own = Plain(None)  # what it is to keep is no argument: Keras flattens those
        self.listed = [1, {"k": [2]}]

    def call(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        if self.conv.built:
            self.conv.kernel.assign(self.conv.kernel * 0.5)
        np.random.rand()
        y = self.conv(x)
        self.listed.append(3)
        self.listed[1]["k"].append(y)
        stir(self.own, y)
        return y + 1.0


@cases(30)
@given(recipe=recipes())
def test_whatever_a_model_keeps(recipe: Any) -> None:
    # What is in a tuple or a set cannot be set back by putting something else there.
    assume(recipe[0] != "an iterator" or recipe[1][0] in ("a list", "a dict", "an object"))
    model = Stirring()
    model.own = Plain(built(recipe))
    model(np.zeros((1, 8, 8, 3), "float32"))

    def state() -> Any:
        values = [one.numpy().tolist() for one in model.weights]
        return values, picture(model.own), picture(model.listed), sorted(vars(model)), around()

    before = state()
    assert "conv2d" in [op.kind for op in capture(model).graph]
    assert state() == before
    ran("Keras 2 models that keep states")
