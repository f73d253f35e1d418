"""Shapes that the user gives, and everything that is no model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.frontends.keras.reading import fingerprint, graph_of, model_of
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.frontends.keras import capture

L = keras.layers


def conv() -> Any:
    return L.Conv2D(4, 3, padding="same", name="c")


def two_inputs() -> Any:
    a, b = keras.Input((4,), name="left"), keras.Input((8,), name="right")
    return keras.Model([a, b], L.Concatenate()([a, b]))


def shape_of(model: Any, input_args: Any) -> Any:
    return capture(model, input_args).graph.ops[0].output.shape


def one_line(info: Any) -> str:
    text = str(info.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "given",
    [
        (1, 32, 48, 3),
        [1, 32, 48, 3],
        [(1, 32, 48, 3)],
        ((1, 32, 48, 3),),
        {"x": (1, 32, 48, 3)},
        (None, 32, 48, 3),
        np.zeros((1, 32, 48, 3)),
        [np.zeros((1, 32, 48, 3))],
        tuple(np.array((1, 32, 48, 3))),
    ],
)
@pytest.mark.parametrize("own", [(None, None, 3), (8, 8, 3)])
def test_forms_of_input_args(given: Any, own: Any) -> None:
    graph = graph_of(conv(), shape=own, input_args=given)
    assert graph["x"].output.shape == (1, 32, 48, 3)
    assert graph["c"].output.shape == (1, 32, 48, 4)


def test_batch() -> None:
    assert shape_of(model_of(conv(), shape=(8, 8, 3)), None) == (1, 8, 8, 3)
    assert shape_of(model_of(conv(), shape=(8, 8, 3)), (4, 8, 8, 3)) == (4, 8, 8, 3)
    inputs = keras.Input(batch_shape=(2, 8, 8, 3))
    assert shape_of(keras.Model(inputs, conv()(inputs)), None) == (2, 8, 8, 3)


def test_several_inputs() -> None:
    model = two_inputs()
    for given in ([(2, 4), (2, 8)], {"right": (2, 8), "left": (2, 4)}):
        graph = capture(model, given).graph
        assert graph.ops[-1].output.shape == (2, 12)
    assert capture(model, {"left": (1, 4)}).graph.ops[-1].output.shape == (1, 12)


def test_reshape_of_the_batch_is_recomputed() -> None:
    inputs = keras.Input((6, 4), name="x")
    graph = capture(keras.Model(inputs, keras.ops.reshape(inputs, (-1, 4)))).graph
    assert graph.ops[-1].output.shape == (6, 4)


def test_open_dimension() -> None:
    with pytest.raises(InputShapeError) as info:
        capture(model_of(conv(), shape=(None, None, 3)))
    text = one_line(info)
    assert "'x'" in text
    assert "(None, None, None, 3)" in text
    assert "--input-shape 1,224,224,3" in text
    assert "input_args=(1, 224, 224, 3)" in text


WRONG = {
    "rank": ((8, 8, 3), "rank 3"),
    "count": ([(1, 8, 8, 3), (1, 4)], "2 input shapes"),
    "name": ({"y": (1, 8, 8, 3)}, "'y'"),
    "channels": ((1, 8, 8, 5), "'c' refuses (1, 8, 8, 5)"),
    "zero": ((1, 0, 8, 3), "1 or more"),
    "open": ((1, None, 8, 3), "leaves a dimension open"),
    "text": ("1,8,8,3", "'1,8,8,3'"),
    "fractions": ((1, 8.5, 8, 3), "8.5"),
    "number": (224, "224"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shapes(name: str) -> None:
    given, says = WRONG[name]
    model = model_of(conv(), shape=(8, 8, 3))
    before = fingerprint(model)
    with pytest.raises(InputShapeError) as info:
        capture(model, given)
    assert says in one_line(info)
    assert fingerprint(model) == before


def test_too_few_shapes() -> None:
    with pytest.raises(InputShapeError) as info:
        capture(two_inputs(), (1, 4))
    assert "left, right" in one_line(info)


@pytest.mark.parametrize(
    ("layers", "given"),
    [
        ((L.Flatten(), L.Dense(2)), (1, 9, 9, 3)),
        ((L.Conv2D(2, 5),), (1, 3, 3, 3)),
        ((L.Reshape((192,)),), (1, 9, 9, 3)),
        ((L.Cropping2D(2),), (1, 4, 4, 3)),
    ],
    ids=["dense", "window", "reshape", "cropping"],
)
def test_shapes_that_layers_refuse(layers: Any, given: Any) -> None:
    model = model_of(*layers, shape=(8, 8, 3))
    with pytest.raises(InputShapeError) as info:
        capture(model, given)
    assert "do not fit the model" in one_line(info)


def test_shapes_that_a_merge_refuses() -> None:
    a, b = keras.Input((None, 4), name="a"), keras.Input((None, 4), name="b")
    for layer in (L.Add(), L.Concatenate()):
        with pytest.raises(InputShapeError):
            capture(keras.Model([a, b], layer([a, b])), [(1, 5, 4), (1, 6, 4)])


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


class FakeTorch:
    __module__ = "torch.nn.modules.linear"


NO_MODELS = {
    "text": (lambda: "model.keras", "There is no file model.keras"),
    "none": (lambda: None, "NoneType"),
    "layer": (lambda: L.Dense(2), "put the layer into a model"),
    "class": (lambda: Subclassed, "class Subclassed"),
    "function": (lambda: keras.applications.ResNet50, "function"),
    "torch": (FakeTorch, "vai_inspect.torch.Inspector"),
    "unbuilt subclassed": (Subclassed, "call it once"),
    "unbuilt": (lambda: keras.Sequential([L.Dense(2)]), "keras.Input"),
    "empty": (keras.Sequential, "keras.Input"),
}


@pytest.mark.parametrize("name", NO_MODELS)
def test_no_model(name: str) -> None:
    make, says = NO_MODELS[name]
    with pytest.raises(ModelError) as info:
        capture(make())
    assert says in one_line(info)


def test_unbuilt_sequential_with_a_shape_is_read_from_a_copy() -> None:
    model = keras.Sequential([L.Conv2D(4, 3, name="c"), L.Flatten(), L.Dense(2, name="d")])
    graph = capture(model, (1, 8, 8, 3)).graph
    assert graph["d"].output.shape == (1, 2)
    assert graph.name == model.name
    assert not model.built
    assert model.layers[0]._inbound_nodes == []
    assert model.weights == []


def test_unbuilt_sequential_with_a_shape_that_does_not_fit() -> None:
    model = keras.Sequential([L.Conv2D(4, 3)])
    with pytest.raises(ModelError) as info:
        capture(model, (1, 8))
    one_line(info)


def test_functional_subclass_that_overrides_call_has_no_graph() -> None:
    class Own(keras.Model):
        def __init__(self, inputs: Any, outputs: Any) -> None:
            super().__init__(inputs=inputs, outputs=outputs)

        def call(self, x: Any) -> Any:
            return super().call(x) * 2

    inputs = keras.Input((4,))
    with pytest.raises(ModelError):
        capture(Own(inputs, L.ReLU()(inputs)))


class Block(keras.Model):
    def __init__(self, filters: int = 4, act: Any = "relu") -> None:
        super().__init__(name="block")
        self.within = keras.Sequential([L.Conv2D(filters, 3, name="c", activation=act)])
        self.drop = L.Dropout(0.2)
        self.head = L.Dense(2, name="head")

    def call(self, x: Any, training: bool = False) -> Any:
        return self.head(self.drop(self.within(x), training=training))


class Adding(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = L.Conv2D(4, 3, name="left"), L.Conv2D(4, 3, name="right")

    def call(self, x: Any) -> Any:
        return self.left(x[0]) + self.right(x[1])


def held(thing: Any, seen: Any) -> Any:
    """Returns all that an object of Keras holds, at any depth, by the identity of each thing."""
    if id(thing) in seen:
        return id(thing)
    seen[id(thing)] = thing
    if isinstance(thing, (list, tuple, set)):
        return id(thing), [held(one, seen) for one in thing]
    if isinstance(thing, dict):
        return id(thing), {key: held(one, seen) for key, one in thing.items()}
    if type(thing).__module__.startswith("keras.") or isinstance(thing, keras.Layer):
        return id(thing), held(vars(thing), seen)
    return id(thing)


@pytest.mark.filterwarnings("ignore:`build\\(\\)` was called on layer")  # so it is before, too
@pytest.mark.parametrize("act", ["relu", lambda x: keras.ops.relu(x)])
@pytest.mark.parametrize("given", [(1, 8, 8, 3), [(1, 8, 8, 3)]])
def test_unbuilt_subclassed_with_a_shape_is_built_to_be_read_and_is_not_afterwards(
    act: Any, given: Any
) -> None:
    model = Block(5, act)
    model.head = L.Dense(7, name="head")
    before = held(model, {})
    graph = capture(model, given).graph
    assert graph.name == model.name == "block"
    assert graph["sequential/c"].output.shape == (1, 6, 6, 5)
    assert graph["head"].output.shape == (1, 6, 6, 7)
    assert held(model, {}) == before
    assert not model.built
    assert model(keras.ops.zeros((1, 9, 9, 4))).shape == (1, 7, 7, 7)  # other channels, too
    assert [weight.shape for weight in model.weights][0] == (3, 3, 4, 5)
    assert len(model.weights) == 4


def test_unbuilt_subclassed_with_two_inputs() -> None:
    graph = capture(Adding(), [(1, 8, 8, 3), (1, 8, 8, 3)]).graph
    assert [op.name for op in graph if op.kind == "conv2d"] == ["left", "right"]


@pytest.mark.parametrize(
    ("make", "given", "says"),
    [
        (Block, None, "call it once on data of the right shape, or give its input shape: --input-"),
        (Block, (1, 8), "cannot run on symbolic tensors of the shape (1, 8)"),
        (Adding, (1, 8, 8, 3), "cannot run on symbolic tensors"),
    ],
)
def test_unbuilt_subclassed_that_cannot_be_built(make: Any, given: Any, says: str) -> None:
    model = make()
    before = held(model, {})
    with pytest.raises(ModelError) as info:
        capture(model, given)
    assert says in one_line(info)
    assert held(model, {}) == before


@pytest.mark.parametrize(
    ("own", "given", "right"),
    [
        ((None, None, 3), (1, 3, 64, 64), (1, 64, 64, 3)),
        ((224, 224, 3), (1, 3, 224, 224), (1, 224, 224, 3)),
        ((224, 224, 3), (1, 3, 320, 256), (1, 320, 256, 3)),
        ((3, 224, 224), (1, 224, 224, 3), (1, 3, 224, 224)),
        ((3, None, None), (1, 64, 32, 3), (1, 3, 64, 32)),
        ((16, 32, 32, 3), (1, 3, 16, 32, 32), (1, 16, 32, 32, 3)),
    ],
)
def test_a_shape_in_another_frameworks_layout_is_told_in_the_models(
    own: Any, given: Any, right: Any
) -> None:
    image = keras.Input(own)
    with pytest.raises(InputShapeError) as info:
        capture(keras.Model(image, L.ReLU()(image)), given)
    layout = "last" if own[-1] == 3 else "first"
    assert "channels {}; give --input-shape {} (command line) or input_args={} (Python).".format(
        layout, ",".join(map(str, right)), right
    ) in one_line(info)


def test_a_shape_that_only_looks_like_another_layout_is_taken() -> None:
    image = keras.Input((None, None, 3))
    assert shape_of(keras.Model(image, L.ReLU()(image)), (1, 3, 3, 3)) == (1, 3, 3, 3)


def test_how_several_inputs_are_given_is_told_for_the_command_line_too() -> None:
    a, b = keras.Input((None, None, 4), name="a"), keras.Input((16, 16, 4), name="b")
    model = keras.Model([a, b], [L.ReLU()(a), L.ReLU()(b)])
    for given in (None, (1, 8, 8, 4), [(1, 8, 4), (1, 16, 16, 4)]):
        with pytest.raises(InputShapeError) as info:
            capture(model, given)
        assert "--input-shape 1,224,224,4 --input-shape 1,16,16,4 (command line)" in one_line(info)
        assert "input_args=[(1, 224, 224, 4), (1, 16, 16, 4)] (Python)" in one_line(info)
