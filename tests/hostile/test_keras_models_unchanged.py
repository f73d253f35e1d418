"""The user's Keras model after inspections that fail half-way."""

from __future__ import annotations

import random
from typing import Any, Callable, Dict, Tuple

import keras
import numpy as np
import pytest
from hypothesis import assume, given

from tests.frontends.keras.reading import fingerprint
from tests.hostile.amount import cases, ran
from tests.hostile.states import Plain, around, built, picture, recipes, stir
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


class Stirring(keras.Model):
    """Changes its weights, its seeds and whatever it keeps, as it runs."""

    def __init__(self, kept: Any) -> None:
        super().__init__()
        self.conv = L.Conv2D(4, 3)
        self.drop = L.Dropout(0.5)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.seed = keras.random.SeedGenerator(3)
        self.listed = [1, {"k": [2]}]  # Keras has containers of its own for these
        self.own = Plain(kept)
        self.calls = 0

    def call(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        if self.conv.built:
            self.conv.kernel.assign(self.conv.kernel * 0.5)
        random.random()
        np.random.rand()
        self.calls += 1
        self.latest = self.drop(self.conv(x), training=True)
        self.listed.append(3)
        self.listed[1]["k"].append(self.latest)
        stir(self.own, self.latest)
        return self.latest + keras.random.normal((4,), seed=self.seed) + keras.random.normal((4,))


class StirringLayer(L.Layer):
    """The same in a layer of a Functional model."""

    def __init__(self) -> None:
        super().__init__()
        self.own = Plain(None)  # what it is to keep is no argument: Keras flattens those

    def call(self, x: Any) -> Any:
        stir(self.own, x)
        return x * 2


def functional(kept: Any) -> Any:
    data, layer = keras.Input((8, 8, 3)), StirringLayer()
    layer.own = Plain(kept)
    return keras.Model(data, layer(L.Conv2D(4, 3)(data)))


def values(model: Any) -> Any:
    seeds = [model.seed.state] if hasattr(model, "seed") else []
    return [one.numpy().tolist() for one in [*model.weights, *seeds]]


def own(model: Any) -> Any:
    layers = [model, *model.layers]
    listed = [picture(one.listed) for one in layers if hasattr(one, "listed")]
    return listed + [picture(one.own) for one in layers if hasattr(one, "own")]


@pytest.mark.parametrize("make", [Stirring, functional])
@cases(60)
@given(recipe=recipes())
def test_whatever_a_model_keeps(make: Any, recipe: Any) -> None:
    # What is in a tuple or a set cannot be set back by putting something else there.
    assume(
        recipe[0] != "an iterator" or recipe[1][0] in ("a list", "a dict", "a deque", "an object")
    )
    model = make(built(recipe))
    if make is Stirring:
        model(np.zeros((1, 8, 8, 3), "float32"))
    before = values(model), own(model), sorted(vars(model)), around()
    keras.random.normal((1,))
    seeds = values_of_seeds()
    captured = capture(model)
    assert "conv2d" in [op.kind for op in captured.graph]
    assert (values(model), own(model), sorted(vars(model)), around()) == before
    assert values_of_seeds() == seeds
    ran("Keras models that keep states: " + make.__name__)


def values_of_seeds() -> Any:
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator().state.numpy().tolist()


def test_a_model_that_is_not_built_keeps_the_weights_that_it_has() -> None:
    model = Stirring([])
    model.conv.build((1, 8, 8, 3))
    before = model.conv.kernel.numpy().tolist(), model.count.numpy().tolist()
    assert "conv2d" in [op.kind for op in capture(model, (1, 8, 8, 3)).graph]
    assert (model.conv.kernel.numpy().tolist(), model.count.numpy().tolist()) == before
    assert not model.built
