"""What the vendor's Keras quantiser leaves in float: on the CPU, live and from a file alike.

Each case is named by what shows it: the 2.5 and 3.5 inspectors, or the quantiser and the converter
of its file, executed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Tuple

import keras
import pytest
from keras import layers

from tests.frontends.keras.reading import inner_ops
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector
from vai_inspect.rules.quantizers import quantized

B4096 = "DPUCZDX8G_ISA1_B4096"
SOURCES = ("live", "m.keras", "m.h5")
Tensor = Any
Build = Callable[[Tensor], Tensor]


def between(build: Build) -> Any:
    """A convolution, what is looked at, another convolution."""
    x = keras.Input((8, 8, 4), name="x")
    y = build(layers.Conv2D(4, 1, name="before")(x))
    return keras.Model(x, layers.Conv2D(4, 1, name="behind")(y), name="m")


def as_source(model: Any, source: str, folder: Path) -> Any:
    if source == "live":
        return model
    model.save(folder / source)
    return folder / source


def inspected(model: Any, **options: Any) -> Inspection:
    return Inspector(B4096, **options).inspect(model, output_dir=None, verbose_level=0)


def off_dpu(inspection: Inspection) -> Tuple[InspectedOp, ...]:
    return tuple(op for op in inspection.ops if op.device.value == "cpu" and op.type != "const")


class Kept(NamedTuple):
    """What is left in float, the operator's type, and the words of the finding and the remedy."""

    build: Build
    type: str
    reason: str
    remedy: str


REMOVE = "remove it from the deployed model"


def hint(layer: Callable[[], Build], type_: str, remedy: str) -> Kept:
    built = layer()
    return Kept(built, type_, "does not support the layer " + type(built).__name__, remedy)


def bare(build: Build, type_: str, remedy: str) -> Kept:
    return Kept(build, type_, "is a bare operation", remedy)


def named(name: str, type_: str, remedy: str) -> Kept:
    reason = "does not support the activation " + name
    return Kept(layers.Conv2D(4, 1, activation=name), type_, reason, remedy)


PADS = [[0, 0], [1, 1], [1, 1], [0, 0]]
IDLE: Dict[str, Build] = {
    # Not removed: executed 2.5 to 3.5, both inspectors; the class alone is matched (K01, K02).
    "SpatialDropout2D": layers.SpatialDropout2D(0.2),
    "GaussianNoise": layers.GaussianNoise(0.1),
    "GaussianDropout": layers.GaussianDropout(0.1),
    "AlphaDropout": layers.AlphaDropout(0.1),
    "ActivityRegularization": layers.ActivityRegularization(0.1),
    "Identity": layers.Identity(),
    "RandomFlip": layers.RandomFlip(),
    "Copy": keras.ops.copy,
    "StopGradient": keras.ops.stop_gradient,
}

CASES: Dict[str, Kept] = {
    **{
        "K02: " + name: Kept(
            build, "unknown", name if name in ("Copy", "StopGradient") else "not " + name, REMOVE
        )
        for name, build in IDLE.items()
    },
    "3.5 inspector: keras.ops.pad": bare(lambda x: keras.ops.pad(x, PADS), "pad", "ZeroPadding2D"),
    "K40: keras.ops.relu": bare(keras.ops.relu, "relu", "keras.layers.ReLU"),
    "K40: keras.ops.relu6": bare(keras.ops.relu6, "relu6", "ReLU(6)"),
    "K08: keras.ops.sigmoid": bare(keras.ops.sigmoid, "sigmoid", "Activation('sigmoid')"),
    "K08: keras.ops.silu": bare(keras.ops.silu, "swish", "Activation('swish')"),
    "K08: keras.ops.hard_sigmoid": bare(keras.ops.hard_sigmoid, "hard-sigmoid", "relu6(x + 3)"),
    "K08: keras.ops.hard_silu": bare(keras.ops.hard_silu, "hard-swish", "x * relu6(x + 3)"),
    "K40: keras.ops.leaky_relu": bare(keras.ops.leaky_relu, "leaky-relu", "LeakyReLU"),
    "K40: keras.ops.square": bare(keras.ops.square, "mul", "Multiply"),
    "K40: keras.activations.relu": bare(keras.activations.relu, "relu", "keras.layers.ReLU"),
    "K40: a sum": bare(lambda x: x + x, "add", "keras.layers.Add"),
    "K40: a slice of everything": bare(lambda x: x[:, :, :, :], "strided_slice", "leave it out"),
    "K40: a reshape to the same": bare(
        lambda x: keras.ops.reshape(x, (-1, 8, 8, 4)), "reshape", "keras.layers.Reshape"
    ),
    "K40: a transpose that is none": bare(
        lambda x: keras.ops.transpose(x, (0, 1, 2, 3)), "transpose", "keras.layers.Permute"
    ),
    "K40: a max pool of one pixel": bare(
        lambda x: keras.ops.max_pool(x, 1), "maxpool2d", "MaxPooling2D"
    ),
    "K40: Cropping2D of nothing": hint(
        lambda: layers.Cropping2D(0), "strided_slice", "leave it out"
    ),
    "K40: Average": Kept(
        lambda x: layers.Average()([x, x]), "mul", "does not support the layer Average", "use Add"
    ),
    "K40: Rescaling": hint(lambda: layers.Rescaling(2.0), "mul", "before the network"),
    "K40: Lambda": hint(lambda: layers.Lambda(lambda x: x, (8, 8, 4)), "unknown", "Keras layers"),
    "K40: hard_sigmoid by name": named("hard_sigmoid", "hard-sigmoid", "relu6(x + 3) * (1 / 6)"),
    "K40: hard_silu by name": named("hard_silu", "hard-swish", "x * relu6(x + 3) * (1 / 6)"),
    "K40: hard_sigmoid as a function": Kept(
        layers.Activation(keras.activations.hard_sigmoid),
        "hard-sigmoid",
        "does not support the activation hard_sigmoid",
        "relu6(x + 3) * (1 / 6)",
    ),
    "K40: hard_swish by name, Activation": Kept(
        layers.Activation("hard_swish"),
        "hard-swish",
        "does not support the activation hard_silu",
        "x * relu6(x + 3) * (1 / 6)",
    ),
    "K40: relu6 by name": named("relu6", "relu6", "the layer ReLU(6)"),
    "K40: tanh by name": named("tanh", "tanh", "use relu"),
    "K40: gelu by name": named("gelu", "gelu", "use relu"),
    "K40: softplus by name": named("softplus", "unknown", "use relu"),
    "K25: leaky_relu by name": Kept(
        layers.Conv2D(4, 1, activation="leaky_relu"),
        "leaky-relu",
        "rejects the function leaky_relu",
        "LeakyReLU(0.1)",
    ),
    "K61: a layer as activation": Kept(
        layers.Conv2D(4, 1, activation=layers.LeakyReLU(negative_slope=0.1)),
        "leaky-relu",
        "keeps only the class name LeakyReLU of a layer passed as an activation",
        "after it as a separate layer",
    ),
    "K61: a layer in an Activation": Kept(
        layers.Activation(layers.ReLU(6.0)),
        "relu6",
        "keeps only the class name ReLU of a layer passed as an activation",
        "after it as a separate layer",
    ),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", CASES)
def test_it_stays_in_float_and_cuts_the_network(case: str, source: str, tmp_path: Path) -> None:
    kept = CASES[case]
    result = inspected(as_source(between(kept.build), source, tmp_path))
    found = [op for op in off_dpu(result) if op.findings[0].constraint == "czdx8g.op.float"]
    assert [op.type for op in found][-1] == kept.type
    assert all(op.verdict.value == "unsupported" for op in found)
    finding = found[-1].findings[0]
    assert kept.reason in finding.message
    assert kept.remedy in (finding.suggestion or "")
    assert result.summary.dpu_subgraphs == 2
    assert [op.device.value for op in result.find("before") + result.find("behind")] == ["dpu"] * 2


@pytest.mark.parametrize("case", sorted(CASES))
def test_it_does_without_conversions_too(case: str) -> None:
    model = between(CASES[case].build)
    with_them, without = inspected(model), inspected(model, convert=False)
    assert [op.device for op in with_them.ops] == [op.device for op in without.ops]


@pytest.mark.parametrize("name", IDLE)
def test_what_does_nothing_is_the_framework_s_own_and_costs_nothing(name: str) -> None:
    (op,) = off_dpu(inspected(between(IDLE[name])))
    assert op.op.attributes()["framework_type"] == name
    assert op.macs == 0


def test_dropout_alone_is_removed() -> None:
    class Mine(layers.Dropout):  # type: ignore[misc]
        pass

    removed = inspected(between(layers.Dropout(0.2, name="drop")))
    assert removed.summary.fully_on_dpu
    assert [op.name for op in removed.find("drop")] == ["before"]
    (op,) = off_dpu(inspected(between(Mine(0.2))))
    assert op.op.attributes()["framework_type"] == "Mine"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("rank", [1, 3])
def test_spatial_dropout_of_other_ranks(rank: int, source: str, tmp_path: Path) -> None:
    x = keras.Input((8,) * rank + (4,))
    model = keras.Model(x, getattr(layers, "SpatialDropout{}D".format(rank))(0.2, name="drop")(x))
    (op,) = inspected(as_source(model, source, tmp_path)).find("drop")
    assert (op.type, op.device.value, op.verdict.value) == ("unknown", "cpu", "unsupported")


def test_a_nested_model_is_no_other() -> None:
    inner = keras.Sequential(
        [keras.Input((8, 8, 4)), layers.Conv2D(4, 1), layers.SpatialDropout2D(0.1, name="drop")]
    )
    (op,) = off_dpu(inspected(between(inner)))
    assert (op.name.split("/")[-1], op.type) == ("drop", "unknown")


@pytest.mark.parametrize("source", SOURCES)
def test_conv1d_stays_in_float(source: str, tmp_path: Path) -> None:
    """Registry of the quantiser; its converter reads inputs of rank 2 and 4 alone (K45)."""
    x = keras.Input((16, 4))
    model = keras.Model(x, layers.Conv1D(4, 3, name="conv")(x))
    (op,) = inspected(as_source(model, source, tmp_path)).find("conv")
    assert (op.type, op.device.value, op.verdict.value) == ("conv1d", "cpu", "unsupported")
    assert "does not support the layer Conv1D" in op.findings[0].message
    assert op.findings[0].suggestion == "use Conv2D on a map of height 1"


@pytest.mark.parametrize("from_file", [False, True])
@pytest.mark.parametrize("kind", ["Conv3D", "Conv3DTranspose"])
def test_convolutions_of_volumes_stay_in_float_where_an_engine_would_run_them(
    kind: str, from_file: bool, tmp_path: Path
) -> None:
    x = keras.Input((8, 8, 8, 16))
    model: Any = keras.Model(x, getattr(layers, kind)(16, 3, name="volume")(x))
    if from_file:
        model.save(tmp_path / "m.keras")
        model = tmp_path / "m.keras"
    result = Inspector("DPUCVDX8G_ISA3_C32B6").inspect(model, output_dir=None, verbose_level=0)
    (op,) = result.find("volume")
    assert op.device.value == "cpu"
    assert [finding.constraint for finding in op.findings] == ["cvdx8g.op.float"]
    assert kind in op.findings[0].message


class Own(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x


class OwnConv(layers.Conv2D):  # type: ignore[misc]
    pass


@pytest.mark.parametrize("source", ["live", "m.keras"])
@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: Own(name="own"), "does not support the layer Own, which is your own code"),
        (lambda: OwnConv(4, 1, name="own"), "OwnConv"),
    ],
)
def test_a_class_of_the_users_own_stays_in_float(
    layer: Any, reason: str, source: str, tmp_path: Path
) -> None:
    """Classes are matched by their exact name (K02, K27)."""
    (op,) = inspected(as_source(between(layer()), source, tmp_path)).find("own")
    assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
    assert [finding.constraint for finding in op.findings] == ["czdx8g.op.float"]
    assert reason in op.findings[0].message
    suggestion = op.findings[0].suggestion
    assert "Keras layers" in suggestion or "keras.layers" in suggestion


def test_a_class_of_the_users_own_under_a_name_of_keras_is_no_layer_of_keras(
    tmp_path: Path,
) -> None:
    class Dropout(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * 2.0

    for source in ("live", "m.keras"):
        (op,) = off_dpu(inspected(as_source(between(Dropout(name="own")), source, tmp_path)))
        walked = ("own/multiply", "mul")
        assert (op.name, op.type) == (walked if source == "live" else ("own", "unknown"))


def test_layers_of_the_quantiser_are_not_said_to_stay_in_float() -> None:
    model = between(lambda x: layers.SeparableConv2D(4, 3)(layers.Add()([x, x])))
    graph = quantized(capture(model)).graph
    assert [op.float_only for op in inner_ops(graph)] == [None] * len(inner_ops(graph))


def test_padding_and_batch_norms_are_not_folded_into_what_is_left_in_float() -> None:
    own = between(lambda x: layers.BatchNormalization(name="bn")(OwnConv(4, 1)(x)))
    assert [op.type for op in inspected(own).find("bn")] == ["batchnorm"]
    pool = between(
        lambda x: keras.ops.max_pool(layers.ZeroPadding2D(1, name="pad")(layers.ReLU()(x)), 3)
    )
    assert [op.type for op in inspected(pool).find("pad")] == ["pad"]


@pytest.mark.parametrize("source", SOURCES)
def test_batch_norms_in_a_row_are_all_folded(source: str, tmp_path: Path) -> None:
    """The 3.5 inspector folds both."""
    model = between(
        lambda x: layers.BatchNormalization(name="two")(
            layers.Dropout(0.1)(layers.BatchNormalization(name="one")(x))
        )
    )
    result = inspected(as_source(model, source, tmp_path), convert=False)
    assert [op.type for op in result.ops] == ["data", "conv2d", "conv2d", "return"]
    for name in ("one", "two"):
        assert [op.name for op in result.find(name)] == ["before"]
    told = [text for text in result.find("before")[0].messages if "folded" in text]
    assert ["one" in text for text in told] == [True, False]
