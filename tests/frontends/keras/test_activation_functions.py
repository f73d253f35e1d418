"""Functions given as `activation=`: Keras's, TensorFlow's, the user's own; live and from a file.

The vendor's quantiser clones a model by its config, so a live model and its file are one. What
Keras writes and reads was tried with Keras 3.15 and tf_keras 2.21: a function of the user's own
stands in the config by its name alone, unless it was registered with a package, and reading that
gives Keras's function of the name, or an error where Keras has none.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import keras
import pytest
from keras import layers

from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.keras import Inspector

tensorflow = pytest.importorskip("tensorflow")


def relu(x: Any) -> Any:
    return x


def swish(x: Any) -> Any:
    return x * 2.0


def hard_sigmoid(x: Any) -> Any:
    return x


def hard_swish(x: Any) -> Any:
    return x * keras.ops.relu6(x + 3.0) / 6.0


def leaky_relu(x: Any) -> Any:
    return x


def mine(x: Any) -> Any:
    return x


@keras.saving.register_keras_serializable(package="tests")  # type: ignore[untyped-decorator]
def sigmoid(x: Any) -> Any:
    return x


class Same:
    def __call__(self, x: Any) -> Any:
        return x


class Judged(NamedTuple):
    """The activation's operator: type, device, words of its findings or messages."""

    type: str
    device: str
    words: str = ""
    in_file: bool = True


BY_NAME = "the model's config stores the activation"
OWN = "is your own function"
CASES: Dict[str, "tuple[Any, Judged]"] = {
    "K07: tf.nn.silu": (tensorflow.nn.silu, Judged("hard-swish", "dpu", "swish to hard-swish")),
    "K07: tf.nn.swish": (tensorflow.nn.swish, Judged("hard-swish", "dpu", "swish to hard-swish")),
    "K07: tf.sigmoid": (
        tensorflow.sigmoid,
        Judged("hard-sigmoid", "dpu", "sigmoid to hard-sigmoid"),
    ),
    "K07: tf.nn.sigmoid": (
        tensorflow.nn.sigmoid,
        Judged("hard-sigmoid", "dpu", "sigmoid to hard-sigmoid"),
    ),
    "tf.nn.relu is relu": (tensorflow.nn.relu, Judged("relu", "dpu")),
    "K25: tf.nn.leaky_relu": (
        tensorflow.nn.leaky_relu,
        Judged("leaky-relu", "cpu", "rejects the function leaky_relu"),
    ),
    "K40: tf.nn.relu6": (
        tensorflow.nn.relu6,
        Judged("relu6", "cpu", "does not support the activation relu6"),
    ),
    "K40: tf.nn.tanh": (
        tensorflow.nn.tanh,
        Judged("tanh", "cpu", "does not support the activation tanh"),
    ),
    "K40: tf.nn.gelu": (
        tensorflow.nn.gelu,
        Judged("gelu", "cpu", "does not support the activation gelu"),
    ),
    "K40: tf.nn.elu": (
        tensorflow.nn.elu,
        Judged("elu", "cpu", "does not support the activation elu"),
    ),
    "tf.nn.softmax": (tensorflow.nn.softmax, Judged("softmax", "cpu", "softmax runs on the CPU")),
    "own relu": (relu, Judged("relu", "dpu", BY_NAME, in_file=False)),
    "own swish": (swish, Judged("hard-swish", "dpu", BY_NAME)),
    "own hard_sigmoid": (
        hard_sigmoid,
        Judged("hard-sigmoid", "cpu", "does not support the activation hard_sigmoid"),
    ),
    "own leaky_relu": (
        leaky_relu,
        Judged("leaky-relu", "cpu", "rejects the function leaky_relu"),
    ),
    "own hard_swish, which Keras 2 does not have": (
        hard_swish,
        Judged("unknown", "cpu", "hard_swish " + OWN),
    ),
    "own under no name of Keras": (mine, Judged("unknown", "cpu", "mine " + OWN)),
    "own, registered": (sigmoid, Judged("unknown", "cpu", "sigmoid " + OWN)),
    "a lambda": (lambda x: x, Judged("unknown", "cpu", "lambda " + OWN)),
}


def build(function: Any, form: str) -> Any:
    x = keras.Input((8, 8, 4), name="x")
    if form == "Conv2D":
        y = layers.Conv2D(4, 1, activation=function, name="act")(x)
    else:
        y = layers.Activation(function, name="act")(layers.Conv2D(4, 1)(x))
    return keras.Model(x, y, name="m")


def inspected(model: Any, **options: Any) -> Inspection:
    return Inspector("DPUCZDX8G_ISA1_B4096", **options).inspect(
        model, output_dir=None, verbose_level=0
    )


def activation(result: Inspection) -> InspectedOp:
    return result.find("act")[-1]


def words_of(op: InspectedOp) -> List[str]:
    return [*(finding.message for finding in op.findings), *op.messages]


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("form", ["Conv2D", "Activation"])
@pytest.mark.parametrize("case", CASES)
def test_the_live_model_and_its_files(case: str, form: str, tmp_path: Path) -> None:
    function, want = CASES[case]
    model = build(function, form)
    for source in ("live", "m.keras", "m.h5"):
        if source != "live":
            model.save(tmp_path / source)
        op = activation(inspected(model if source == "live" else tmp_path / source))
        assert (op.type, op.device.value) == (want.type, want.device), source
        if source == "live" or want.in_file:
            assert any(want.words in text for text in ["", *words_of(op)])
        if want.device == "cpu":
            assert op.verdict.value == "unsupported"


@pytest.mark.parametrize("function", [Same(), functools.partial(relu)])
def test_an_object_has_no_name_that_a_config_could_hold(function: Any) -> None:
    op = activation(inspected(build(function, "Conv2D")))
    assert (op.type, op.device.value) == ("unknown", "cpu")
    assert any(OWN in text for text in words_of(op))


def test_own_names_are_told_with_and_without_conversions() -> None:
    for convert in (True, False):
        op = activation(inspected(build(swish, "Conv2D"), convert=convert))
        assert op.type == ("hard-swish" if convert else "swish")
        assert [BY_NAME in text for text in op.messages] == [True] + [False] * convert


def test_a_separable_convolution_loses_its_activation() -> None:
    """Executed, 3.0 and 3.5 (K60); an activation of its own is kept."""
    x = keras.Input((8, 8, 4))
    inside = layers.SeparableConv2D(4, 3, activation="relu", name="act")
    behind = layers.ReLU(name="relu")(layers.SeparableConv2D(4, 3, name="plain")(inside(x)))
    result = inspected(keras.Model(x, behind))
    assert ["drops the activation" in text for text in activation(result).messages] == [True]
    assert not any(
        "drops the activation" in text
        for name in ("plain", "relu")
        for op in result.find(name)
        for text in op.messages
    )


@pytest.mark.parametrize(
    ("bare", "kind"),
    [(keras.ops.sigmoid, "sigmoid"), (keras.ops.silu, "swish"), (keras.ops.relu, "relu")],
)
def test_a_bare_call_is_not_converted(bare: Any, kind: str) -> None:
    """K08: layers alone are converted."""
    x = keras.Input((8, 8, 4))
    result = inspected(keras.Model(x, bare(layers.Conv2D(4, 1)(x))))
    (op,) = [op for op in result.ops if op.type == kind]
    assert op.device.value == "cpu"
    assert "is a bare operation" in op.findings[0].message
