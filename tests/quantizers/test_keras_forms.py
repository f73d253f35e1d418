"""Forms of layers that the frontend must tell apart for the facts about vai_q_tensorflow2."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from keras import layers, ops  # noqa: E402

from tests.quantizers.expected import B4096  # noqa: E402
from tests.quantizers.test_keras_cases import chained, conv, model  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402


class Own(layers.Layer):
    def call(self, x):
        return x * 2.0


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(8, 3)

    def call(self, x):
        return self.conv(x)


def subclassed():
    built = Subclassed()
    built(keras.ops.zeros((1, 16, 16, 3)))
    return built


def shared_relu(x):
    relu = layers.ReLU()
    return layers.Add()([relu(conv(x)), relu(conv(x))])


def nested():
    inner = keras.Sequential([layers.Input((16, 16, 3)), layers.Conv2D(8, 3)], name="inner")
    return model(inner)


def sequential():
    start = layers.Input((16, 16, 3))
    return keras.Sequential([start, layers.Conv2D(8, 3), layers.SpatialDropout2D(0.5)])


def depthwise(multiplier):
    after = layers.DepthwiseConv2D(3, depth_multiplier=multiplier)
    return chained(after, layers.BatchNormalization())


FORMS = {
    "SeparableConv2D(activation=)": (
        lambda: chained(layers.SeparableConv2D(8, 3, activation="relu")),
        "keras.separable.activation",
        "changes",
        None,
    ),
    "a ReLU called twice": (
        lambda: model(shared_relu),
        "keras.shared.without_weights",
        "changes",
        None,
    ),
    "BatchNormalization(axis=1)": (
        lambda: chained(layers.BatchNormalization(axis=1)),
        "keras.batch_norm.other_axis",
        "changes",
        None,
    ),
    "BatchNormalization(center=False)": (
        lambda: chained(layers.BatchNormalization(center=False)),
        "keras.batch_norm.without_center",
        "fails",
        "KeyError",
    ),
    "depth_multiplier=2": (
        lambda: depthwise(2),
        "keras.batch_norm.after_depth_multiplier",
        "fails",
        "ValueError",
    ),
    "swish": (
        lambda: chained(layers.Activation("swish")),
        "keras.activations.hardened",
        "changes",
        None,
    ),
    "activation=LeakyReLU(0.1)": (
        lambda: chained(layers.Conv2D(8, 3, activation=layers.LeakyReLU(0.1))),
        "keras.activations.layer_as_activation",
        "changes",
        None,
    ),
    "ReLU(max_value=4)": (
        lambda: chained(layers.ReLU(4.0)),
        "keras.activations.relu_limit",
        "fails",
        "ValueError",
    ),
    "concatenate as an operation": (
        lambda: model(lambda x: ops.concatenate([conv(x), conv(x)], -1)),
        "keras.operators.concatenated",
        "fails",
        "KeyError",
    ),
    "3. + x": (
        lambda: model(lambda x: 3.0 + conv(x)),
        "keras.operators.constant_first",
        "fails",
        "AssertionError",
    ),
    "a subclassed model": (subclassed, "keras.model.subclassed", "fails", None),
    "a nested model": (nested, "keras.model.nested", "warns", None),
    "a layer of one's own": (
        lambda: chained(Own()),
        "keras.model.own_layer",
        "fails",
        "ValueError",
    ),
    "SpatialDropout2D in a Sequential": (
        sequential,
        "keras.unknown.layer_or_operation",
        "fails",
        "KeyError",
    ),
    "tanh": (
        lambda: chained(layers.Conv2D(8, 3, activation="tanh")),
        "keras.unknown.layer_or_operation",
        "fails",
        "AssertionError",
    ),
    "Rescaling": (
        lambda: model(lambda x: conv(layers.Rescaling(2.0)(x))),
        "keras.unknown.layer_or_operation",
        "fails",
        "AssertionError",
    ),
    "bicubic": (
        lambda: chained(layers.UpSampling2D(2, interpolation="bicubic")),
        "keras.unknown.interpolation",
        "fails",
        "AssertionError",
    ),
    "ReLU after Concatenate": (
        lambda: model(lambda x: layers.ReLU()(layers.Concatenate()([conv(x), conv(x)]))),
        "keras.unknown.standalone_activation",
        "float",
        None,
    ),
    "LSTM": (
        lambda: model(layers.LSTM(4), (8, 4)),
        "keras.recurrent.weights",
        "changes",
        None,
    ),
}


def obstacles(built, release="3.5"):
    result = Inspector(B4096, release=release).inspect(built, output_dir=None, verbose_level=0)
    return result.quantizer.obstacles


@pytest.mark.parametrize(("build", "rule", "outcome", "code"), FORMS.values(), ids=FORMS)
def test_form(build, rule, outcome, code):
    found = {one.id: (one.outcome.value, one.code) for one in obstacles(build())}
    assert found.get(rule) == (outcome, code)


TAKEN = {
    "BatchNormalization(scale=False)": lambda: chained(layers.BatchNormalization(scale=False)),
    "depth_multiplier=1": lambda: depthwise(1),
    "LeakyReLU(0.1)": lambda: chained(layers.LeakyReLU(0.1)),
    "ReLU(6)": lambda: chained(layers.ReLU(6.0)),
    "softmax": lambda: chained(layers.Flatten(), layers.Dense(4, activation="softmax")),
    "Sequential": lambda: keras.Sequential([layers.Input((16, 16, 3)), layers.Conv2D(8, 3)]),
    "UpSampling2D": lambda: chained(layers.UpSampling2D(2, interpolation="bilinear")),
    "one layer, one call": lambda: model(lambda x: layers.Add()([conv(x), conv(x)])),
}


@pytest.mark.parametrize("build", TAKEN.values(), ids=TAKEN)
def test_a_form_that_is_taken(build):
    assert obstacles(build()) == ()


@pytest.mark.parametrize(
    ("layer", "release", "in_float"),
    [
        (lambda: layers.PReLU(), "2.5", True),
        (lambda: layers.PReLU(), "3.0", False),
        (lambda: layers.Permute((2, 1, 3)), "3.0", True),
        (lambda: layers.Permute((2, 1, 3)), "3.5", False),
        (lambda: layers.SeparableConv2D(8, 3), "2.5", True),
        (lambda: layers.SeparableConv2D(8, 3), "3.0", False),
    ],
)
def test_the_verdict_follows_the_release(layer, release, in_float):
    result = Inspector(B4096, release=release).inspect(
        chained(layer()), output_dir=None, verbose_level=0
    )
    constraints = [one.constraint for op in result.ops for one in op.findings]
    assert any(one.endswith(".op.float") for one in constraints) is in_float
