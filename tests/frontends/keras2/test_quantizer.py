"""What the vendor's Keras quantiser makes of models of Keras 2, live and from files alike."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import pytest

from tests.frontends.keras2.library import keras, layers, model_of
from tests.frontends.keras2.library import tensorflow as tf
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.keras import Inspector

SHAPE = (8, 8, 4)
SOURCES = ("live", "m.h5", "m.keras", "folder")


def relu(x: Any) -> Any:
    return x


def hard_sigmoid(x: Any) -> Any:
    return x


def hard_swish(x: Any) -> Any:
    return x * tf.nn.relu6(x + 3.0) / 6.0


def mine(x: Any) -> Any:
    return x


@keras.utils.register_keras_serializable(package="tests")  # type: ignore[untyped-decorator]
def sigmoid(x: Any) -> Any:
    return x


def inspected(model: Any) -> Inspection:
    return Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, output_dir=None, verbose_level=0)


def as_source(model: Any, source: str, folder: Path) -> Any:
    if source == "live":
        return model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, on formats
        try:
            if source == "folder":
                model.save(str(folder / source), save_format="tf")
            else:
                model.save(str(folder / source))
        except (ImportError, NotImplementedError, ValueError) as error:
            pytest.skip("this Keras 2 does not write it: {}".format(error))
    return folder / source


def words_of(op: InspectedOp) -> List[str]:
    return [*(finding.message for finding in op.findings), *op.messages]


class Judged(NamedTuple):
    """The activation's operator: type, device, words of its findings or messages."""

    type: str
    device: str
    words: str = ""


OWN = "is your own function"
FUNCTIONS: Dict[str, Tuple[Any, Judged]] = {
    "K07: tf.nn.silu": (tf.nn.silu, Judged("hard-swish", "dpu", "swish to hard-swish")),
    "K07: tf.sigmoid": (tf.sigmoid, Judged("hard-sigmoid", "dpu", "sigmoid to hard-sigmoid")),
    "K07: swish by name": ("swish", Judged("hard-swish", "dpu", "swish to hard-swish")),
    "tf.nn.relu is relu": (tf.nn.relu, Judged("relu", "dpu")),
    "K25: tf.nn.leaky_relu": (
        tf.nn.leaky_relu,
        Judged("leaky-relu", "cpu", "rejects the function leaky_relu"),
    ),
    "K40: tf.nn.relu6": (tf.nn.relu6, Judged("relu6", "cpu", "the activation relu6")),
    "K40: tanh": ("tanh", Judged("tanh", "cpu", "the activation tanh")),
    "K40: gelu": ("gelu", Judged("gelu", "cpu", "the activation gelu")),
    "K40: hard_sigmoid": ("hard_sigmoid", Judged("unknown", "cpu", "the activation hard_sigmoid")),
    "own relu": (relu, Judged("relu", "dpu")),
    "own hard_sigmoid": (
        hard_sigmoid,
        Judged("unknown", "cpu", "the activation hard_sigmoid"),
    ),
    "own hard_swish": (hard_swish, Judged("unknown", "cpu", "hard_swish " + OWN)),
    "own under no name of Keras": (mine, Judged("unknown", "cpu", "mine " + OWN)),
    "own, registered": (sigmoid, Judged("unknown", "cpu", "sigmoid " + OWN)),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", FUNCTIONS)
def test_activation_function(case: str, source: str, tmp_path: Path) -> None:
    function, want = FUNCTIONS[case]
    model = model_of(layers.Conv2D(4, 1, activation=function, name="act"), shape=SHAPE)
    op = inspected(as_source(model, source, tmp_path)).find("act")[-1]
    assert (op.type, op.device.value) == (want.type, want.device)
    assert any(want.words in text for text in ["", *words_of(op)])
    if want.device == "cpu":
        assert op.verdict.value == "unsupported"


def test_a_function_of_the_users_own_is_read_by_its_name() -> None:
    model = model_of(layers.Conv2D(4, 1, activation=relu, name="act"), shape=SHAPE)
    (_, op) = inspected(model).find("act")
    (text,) = op.messages
    assert "the model's config stores the activation" in text


FLOAT: Dict[str, Tuple[Callable[[Any], Any], str, str]] = {
    "K02: SpatialDropout2D": (layers.SpatialDropout2D(0.1), "unknown", "not SpatialDropout2D"),
    "K02: GaussianNoise": (layers.GaussianNoise(0.1), "unknown", "not GaussianNoise"),
    "K02: GaussianDropout": (layers.GaussianDropout(0.1), "unknown", "not GaussianDropout"),
    "K02: AlphaDropout": (layers.AlphaDropout(0.1), "unknown", "not AlphaDropout"),
    "K02: ActivityRegularization": (
        layers.ActivityRegularization(0.1),
        "unknown",
        "not ActivityRegularization",
    ),
    "tf.identity": (lambda x: tf.identity(x), "unknown", "tf.identity is a bare operation"),
    "3.5 inspector: tf.pad": (
        lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]),
        "pad",
        "tf.compat.v1.pad is a bare operation",
    ),
    "K08: tf.sigmoid": (lambda x: tf.sigmoid(x), "sigmoid", "tf.math.sigmoid is a bare operation"),
    "K08: tf.nn.silu": (lambda x: tf.nn.silu(x), "swish", "tf.nn.silu is a bare operation"),
    "K40: tf.nn.relu": (lambda x: tf.nn.relu(x), "relu", "tf.nn.relu is a bare operation"),
    "K40: tf.reshape to the same": (
        lambda x: tf.reshape(x, (-1, 8, 8, 4)),
        "reshape",
        "tf.reshape is a bare operation",
    ),
    "K61: a layer as activation": (
        layers.Conv2D(4, 1, activation=layers.LeakyReLU(alpha=0.1)),
        "leaky-relu",
        "keeps only the class name LeakyReLU of a layer passed as an activation",
    ),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", FLOAT)
def test_it_stays_in_float_and_cuts_the_network(case: str, source: str, tmp_path: Path) -> None:
    build, kind, words = FLOAT[case]
    model = model_of(layers.Conv2D(4, 1), build, layers.Conv2D(4, 1), shape=SHAPE)
    result = inspected(as_source(model, source, tmp_path))
    found = [op for op in result.ops if op.device.value == "cpu" and op.type != "const"]
    assert [op.type for op in found] == [kind]
    assert found[0].verdict.value == "unsupported"
    assert words in found[0].findings[0].message
    assert result.summary.dpu_subgraphs == 2


@pytest.mark.parametrize("source", SOURCES)
def test_slopes(source: str, tmp_path: Path) -> None:
    """The class LeakyReLU alone is converted (K12), not ReLU(negative_slope=0.1) (K64)."""
    model = model_of(
        layers.Conv2D(4, 1),
        layers.LeakyReLU(alpha=0.1, name="leaky"),
        layers.Conv2D(4, 1),
        layers.ReLU(negative_slope=0.1, name="relu"),
        shape=SHAPE,
    )
    result = inspected(as_source(model, source, tmp_path))
    (leaky,), (relu_,) = result.find("leaky"), result.find("relu")
    assert (leaky.type, leaky.device.value) == ("leaky-relu", "dpu")
    assert (relu_.type, relu_.device.value) == ("leaky-relu", "cpu")


@pytest.mark.parametrize("source", SOURCES)
def test_shared_layers(source: str, tmp_path: Path) -> None:
    """K42, K43: executed, release 3.5; Vitis-AI issue 1423."""
    conv, act = layers.Conv2D(4, 1, name="conv"), layers.ReLU(name="act")
    x = keras.Input(SHAPE)
    model = keras.Model(x, act(conv(act(conv(x)))))
    result = inspected(as_source(model, source, tmp_path))
    (warning,) = result.warnings
    assert "fails for layers with weights (conv)" in warning
    assert "silently drops all but the first call of layers without weights (act)" in warning
    assert [len(result.find(name)) for name in ("conv", "act")] == [2, 2]
    for op in (*result.find("conv"), *result.find("act")):
        assert "is called 2 times" in op.messages[-1]
        assert op.device.value == "dpu"


@pytest.mark.parametrize("source", SOURCES)
def test_batch_norms_in_a_row_are_all_folded(source: str, tmp_path: Path) -> None:
    """The 3.5 inspector folds both."""
    stack = (
        layers.Conv2D(4, 1, name="conv"),
        layers.BatchNormalization(name="one"),
        layers.BatchNormalization(name="two"),
    )
    result = inspected(as_source(model_of(*stack, shape=SHAPE), source, tmp_path))
    assert [op.name for op in result.find("one") + result.find("two")] == ["conv", "conv"]
