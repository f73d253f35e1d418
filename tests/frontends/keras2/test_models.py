"""Keras 2 models of every form: each call is one operator, and the model stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frontends.keras2.library import fingerprint, inner, keras, kinds, layers, model_of
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector

B4096 = "DPUCZDX8G_ISA1_B4096"


def backbone() -> Any:
    x = keras.Input((16, 16, 3))
    y = layers.Conv2D(4, 3, name="conv")(x)
    return keras.Model(x, [layers.ReLU(name="relu")(y), layers.MaxPooling2D(name="pool")(y)])


def nested() -> Any:
    inner_model = backbone()
    inner_model._name = "backbone"
    x = keras.Input((16, 16, 3), name="x")
    first, second = inner_model(x)
    again, _ = inner_model(layers.Conv2D(3, 1, name="stem")(x))
    return keras.Model(x, [layers.Add(name="sum")([first, again]), second], name="outer")


def test_nested_models_are_inlined_once_for_each_call() -> None:
    model = nested()
    before = fingerprint(model)
    graph = capture(model).graph
    names = [op.name for op in inner(graph)]
    assert names == [
        "backbone/conv",
        "backbone/relu",
        "backbone/pool",
        "stem",
        "backbone/conv_1",
        "backbone/relu_1",
        "backbone/pool_1",
        "sum",
    ]
    assert graph["backbone/conv_1"].origin.layers == ("backbone/conv",)
    assert fingerprint(model) == before


def test_a_shared_layer_is_one_operator_for_each_call() -> None:
    shared = layers.Conv2D(4, 1, name="shared")
    one, two = keras.Input((8, 8, 2), name="one"), keras.Input((8, 8, 2), name="two")
    model = keras.Model([one, two], layers.Concatenate()([shared(one), shared(two)]))
    graph = capture(model).graph
    assert kinds(graph) == ["conv2d", "conv2d", "concat"]
    assert [op.name for op in graph if op.kind == "data"] == ["one", "two"]


def test_inputs_may_be_a_dict() -> None:
    inputs = {"b": keras.Input((4,), name="b"), "a": keras.Input((4,), name="a")}
    inside = keras.Model(inputs, layers.Subtract()([inputs["a"], inputs["b"]]), name="inside")
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    graph = capture(keras.Model([x, y], inside({"a": x, "b": y}))).graph
    (op,) = inner(graph)
    assert [value.op for value in op.inputs] == ["x", "y"]


def test_sequential_models() -> None:
    built = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.Flatten()])
    assert kinds(capture(built).graph) == ["conv2d", "flatten"]
    unbuilt = keras.Sequential([layers.Conv2D(2, 3), layers.Flatten()])
    with pytest.raises(ModelError, match="not built"):
        capture(unbuilt)
    assert kinds(capture(unbuilt, (1, 8, 8, 3)).graph) == ["conv2d", "flatten"]
    assert not unbuilt.built
    x = keras.Input((8, 8, 3))
    assert kinds(capture(keras.Model(x, built(x))).graph) == ["conv2d", "flatten"]


class Own(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(4, 3, activity_regularizer="l2")
        self.head = layers.Dense(2)

    def call(self, x: Any, training: Any = None) -> Any:
        y = self.conv(x)
        return self.head(layers.GlobalAveragePooling2D()(y + y))


def test_a_subclassed_model_is_read_by_one_symbolic_call() -> None:
    model = Own()
    model(keras.backend.zeros((1, 8, 8, 3)))
    before = fingerprint(model)
    graph = capture(model).graph
    assert kinds(graph) == ["conv2d", "add", "avgpool2d", "squeeze", "inner-product"]
    assert capture(model, (1, 16, 16, 3)).graph[inner(graph)[0].name].output.shape[1] == 14
    assert fingerprint(model) == before
    with pytest.raises(ModelError, match="not built"):
        capture(Own())


def test_shapes_may_be_replaced() -> None:
    model = model_of(
        layers.Conv2D(4, 3, name="conv"),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Lambda(lambda x: x * 2, name="double"),
        shape=(16, 16, 3),
    )
    before = fingerprint(model)
    graph = capture(model, (2, 32, 24, 3)).graph
    (double,) = [op for op in graph if op.origin.call and op.origin.call.name == "Lambda"][-1:]
    assert (double.kind, double.output.shape) == ("mul", (2, 30, 22, 4))
    assert fingerprint(model) == before
    with pytest.raises(InputShapeError, match="conv"):
        capture(model, (1, 2, 2, 3))
    with pytest.raises(InputShapeError, match="rank"):
        capture(model, (2, 3))


def test_open_shapes_are_asked_for_and_filled() -> None:
    model = model_of(layers.Conv2D(4, 3, name="conv"), shape=(None, None, 3))
    with pytest.raises(InputShapeError, match="leaves a dimension open"):
        capture(model)
    assert capture(model, (1, 8, 8, 3)).graph["conv"].output.shape == (1, 6, 6, 4)


def test_a_lambda_and_a_layer_of_the_users_own_are_walked() -> None:
    class Twice(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return keras.backend.concatenate([x, x], axis=0)

    halved = layers.Lambda(lambda x: x / 2.0, name="halved")
    model = model_of(layers.Conv2D(2, 1), Twice(name="twice"), halved, shape=(4, 4, 2))
    before = fingerprint(model)
    graph = capture(model).graph
    assert fingerprint(model) == before
    assert [str(op) for op in capture(model).graph] == [str(op) for op in graph]
    assert kinds(graph) == ["conv2d", "concat", "const", "div"]
    concat, div = (op for op in graph if op.kind in ("concat", "div"))
    assert concat.name.startswith("twice/tf.concat")  # Keras 2 numbers it in the process
    assert concat.output.shape == (2, 4, 4, 2)
    assert [op.origin.call.name for op in (concat, div)] == ["Twice", "Lambda"]


def test_a_layer_whose_call_cannot_be_walked_is_one_operator() -> None:
    class Own(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            if keras.backend.is_keras_tensor(x):
                raise ValueError("no symbols")
            return x

    model = model_of(layers.Conv2D(2, 1), shape=(4, 4, 2))
    own = Own(name="own")
    own.call, call = (lambda x: x), own.call
    model = keras.Model(model.inputs, own(model.outputs[0]))
    own.call = call
    op = capture(model).graph["own"]
    assert (op.kind, op.attributes()["framework_type"]) == ("unknown", "Own")


@pytest.mark.parametrize("policy", ["float16", "mixed_float16"])
def test_half_precision(policy: str) -> None:
    stack = [
        layers.Conv2D(4, 3, padding="same", dtype=policy),
        layers.BatchNormalization(dtype=policy),
        layers.ReLU(dtype=policy),
        layers.Conv2D(2, 1, dtype=policy),
    ]
    result = Inspector(B4096).inspect(
        model_of(*stack, shape=(8, 8, 3)), (2, 16, 16, 3), output_dir=None, verbose_level=0
    )
    assert [op.type for op in result.ops[1:-1]] == ["conv2d", "relu", "conv2d"]
    assert result.summary.unknown_ops == 0


def test_the_report_says_which_keras_it_was() -> None:
    model = capture(model_of(layers.ReLU(), shape=(4,))).model
    assert (model.framework, model.capture) == ("keras", "functional")
    assert model.framework_version.startswith("2.")


FAMILIES = {
    "ResNet50": (1, "softmax"),
    "MobileNetV2": (1, "softmax"),
    "InceptionV3": (1, "softmax"),
    # Rescaling is done on the host, as two operators with a constant each.
    "MobileNetV3Small": (5, "softmax"),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_networks(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    result = Inspector(B4096).inspect(model, _shape(model), output_dir=None, verbose_level=0)
    on_cpu = [op for op in result.ops if op.device.value == "cpu"]
    assert (len(on_cpu), on_cpu[-1].type) == FAMILIES[name]
    assert (result.summary.unknown_ops, result.summary.dpu_subgraphs) == (0, 1)
    assert [layer.name for layer in model.layers if not result.find(layer.name)] == []
    keras.backend.clear_session()


def _shape(model: Any) -> Any:
    return (1, 224, 224, 3) if None in tuple(model.input_shape)[1:] else None
