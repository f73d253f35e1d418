"""Model files: what is read from their config alone is what the live walk gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import keras
import pytest

from tests.frontends.keras import test_every_layer, test_layout
from tests.frontends.keras.archives import archive, saved
from tests.frontends.keras.reading import inner_ops
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.core.ir import Graph
from vai_inspect.frontends.keras import capture
from vai_inspect.frontends.keras.config import capture_file
from vai_inspect.keras import Inspector

L = keras.layers
ops = keras.ops
B4096 = "DPUCZDX8G_ISA1_B4096"
QUIET = {"output_dir": None, "verbose_level": 0}
FORMATS = ("keras", "h5")

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def told(source: Any, input_args: Any = None) -> Dict[str, Any]:
    """The whole report but for the way the model was read, which comes beside it."""
    report = Inspector(B4096).inspect(source, input_args, **QUIET).to_dict()
    return {"capture": report["model"].pop("capture"), "report": report}


def agree(model: Any, path: Path, input_args: Any = None) -> None:
    model.save(path)
    live, file = told(model, input_args), told(str(path), input_args)
    assert (live["capture"], file["capture"]) == ("functional", "config")
    assert file["report"] == live["report"]


FAMILIES = {
    "ConvNeXtTiny": {},
    "DenseNet121": {},
    "EfficientNetB0": {},
    "EfficientNetV2B0": {},
    "InceptionResNetV2": {"include_top": False, "input_shape": (75, 75, 3)},
    "InceptionV3": {},
    "MobileNet": {},
    "MobileNetV2": {},
    "MobileNetV3Small": {"input_shape": (224, 224, 3)},
    "NASNetMobile": {},
    "ResNet50": {},
    "ResNet50V2": {},
    "VGG16": {"include_top": False, "input_shape": (64, 64, 3)},
    "Xception": {},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_family_of_keras_applications(name: str, tmp_path: Path) -> None:
    model = getattr(keras.applications, name)(weights=None, **FAMILIES[name])
    for ending in FORMATS:
        agree(model, tmp_path / ("model." + ending))


def many_paths() -> Any:
    """Shared layers, models within, bare operations, several inputs and outputs."""
    x, y = keras.Input((8, 8, 3), name="x"), keras.Input((8, 8, 3), name="y")
    shared = L.Conv2D(3, 3, padding="same", activation=L.LeakyReLU(negative_slope=0.1))
    both = ops.concatenate([shared(x), shared(y)], axis=-1)
    both = both * 2.0 + ops.mean(both, axis=(1, 2), keepdims=True)
    part = both[:, 1:5, ..., :2]
    head = keras.Sequential([L.Conv2D(4, 1, activation="swish"), L.Flatten()], name="head")
    flat = L.Reshape((4, -1))(head(part))
    output, state, _ = L.LSTM(5, return_state=True)(L.Permute((2, 1))(flat))
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    pair = keras.Model({"b": b, "a": a}, {"s": a - b, "p": L.Multiply()([a, b])}, name="pair")
    found = pair({"a": output, "b": state})
    again = pair({"b": output, "a": state})
    return keras.Model({"y": y, "x": x}, [found["s"], {"z": again["p"], "k": flat}], name="paths")


def read_and_given_back() -> Any:
    """Models within whose outputs are read and are outputs as well, on several calls."""
    inputs = keras.Input((8, 8, 3))
    data = keras.Input((8, 8, 3))
    backbone = keras.Model(data, L.Conv2D(3, 3, padding="same")(data), name="backbone")
    chain = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(3, 1)], name="chain")
    once = backbone(inputs)
    twice = backbone(chain(once))
    thrice = chain(L.ReLU()(twice))
    backbone(thrice)
    return keras.Model(inputs, [once, thrice, L.Flatten()(thrice), twice])


def mixed_precision() -> Any:
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(4, 3, dtype="mixed_float16")(inputs)
    return keras.Model(inputs, L.Dense(2, dtype="float32")(L.Flatten(dtype="mixed_float16")(x)))


def masked() -> Any:
    inputs = keras.Input((6,), dtype="int32")
    x = L.Embedding(10, 4, mask_zero=True)(inputs)
    x = L.Bidirectional(L.GRU(3, return_sequences=True))(x)
    return keras.Model(inputs, L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(2))(x)))


def attention() -> Any:
    inputs = keras.Input((6, 8))
    x = L.MultiHeadAttention(2, 4)(inputs, inputs)
    x = L.LayerNormalization()(L.Add()([x, inputs]))
    return keras.Model(inputs, L.Attention()([x, x]))


def sizes() -> Any:
    inputs = keras.Input((9, 12, 4))
    x = L.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1)(inputs)
    x = L.Resizing(10, 14)(L.Cropping2D(1)(L.ZeroPadding2D(((1, 2), (0, 3)))(x)))
    x = L.UpSampling2D((2, 1), interpolation="bilinear")(x)
    x = L.SeparableConv2D(6, 3, dilation_rate=2)(x)
    x = L.MaxPooling2D(3, 2, "same")(L.DepthwiseConv2D(3, depth_multiplier=2)(x))
    return keras.Model(inputs, L.GlobalMaxPooling2D(keepdims=True)(L.PReLU(shared_axes=[1, 2])(x)))


def operations() -> Any:
    x = keras.Input((8, 6, 4), name="x")
    first, second = ops.split(x, 2, axis=1)
    y = ops.stack([first, second], axis=1)
    y = ops.max(ops.transpose(y, (0, 2, 1, 3, 4)), axis=2)
    y = ops.pad(y, ((0, 0), (1, 1), (0, 0), (0, 0)))
    y = ops.clip(ops.expand_dims(ops.softmax(ops.leaky_relu(y)), 1), 0, 6)
    y = ops.squeeze(ops.moveaxis(y, 1, 3), axis=3)
    y = ops.matmul(ops.reshape(y, (-1, 36, 4)), ops.swapaxes(ops.reshape(y, (-1, 36, 4)), 1, 2))
    return keras.Model(x, [ops.argmax(y, axis=-1), ops.cast(ops.power(y, 2.0), "float16")])


def bare_activations() -> Any:
    """Each is left in float, though layers of the same name are not."""
    names = ("relu", "sigmoid", "silu", "leaky_relu", "tanh", "softmax", "hard_sigmoid")
    inputs = x = keras.Input((8, 8, 3))
    for name in names:
        x = getattr(keras.activations, name)(L.Conv2D(4, 3, padding="same")(x))
    return keras.Model(inputs, keras.activations.relu(x, max_value=6))


def unknown_activations() -> Any:
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(4, 3, activation="softplus")(inputs)
    x = L.Activation(L.ReLU(max_value=3))(L.Activation("gelu")(x))
    return keras.Model(inputs, L.ReLU(max_value=2, negative_slope=0.1)(L.Activation("elu")(x)))


MODELS = {
    name: globals()[name]
    for name in (
        "attention",
        "bare_activations",
        "many_paths",
        "masked",
        "mixed_precision",
        "operations",
        "read_and_given_back",
        "sizes",
        "unknown_activations",
    )
}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", MODELS)
def test_model(name: str, ending: str, tmp_path: Path) -> None:
    agree(MODELS[name](), tmp_path / ("model." + ending))


@pytest.mark.parametrize("ending", FORMATS)
def test_channels_first(ending: str, tmp_path: Path) -> None:
    agree(test_layout.network(first=True), tmp_path / ("model." + ending))


@pytest.mark.parametrize("case", test_layout.CASES)
def test_transposes_of_channels_first(case: str, tmp_path: Path) -> None:
    data = keras.Input((3, 8, 6), name="x")
    first = L.Conv2D(4, 1, name="conv", data_format="channels_first")(data)
    agree(keras.Model(data, test_layout.CASES[case][0](first)), tmp_path / "model.keras")


@pytest.mark.parametrize("case", sorted(set(test_every_layer.CASES) - {"Lambda", "own"}))
def test_layer_that_stays_whole(case: str, tmp_path: Path) -> None:
    build, shape, *_ = test_every_layer.CASES[case]
    data = keras.Input(shape)
    agree(keras.Model(data, build()(data)), tmp_path / "model.keras")


@pytest.mark.parametrize("ending", FORMATS)
def test_sequential(ending: str, tmp_path: Path) -> None:
    model = keras.Sequential([L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(2)])
    model.build((None, 8, 8, 3))
    agree(model, tmp_path / ("model." + ending))


def test_forms_of_a_path(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 3, name="c")], name="s").save(path)
    for given in (path, str(path), str(path).encode()):
        captured = capture(given)
        assert captured.model.capture == "config"
        assert (captured.model.name, captured.model.framework_version) == ("s", keras.__version__)
        assert [op.name for op in inner_ops(captured.graph)] == ["c"]


def graph_of(tmp_path: Path, model: Any, input_args: Any = None) -> Graph:
    return capture(archive(tmp_path / "m.keras", saved(model)), input_args).graph


def test_other_shapes(tmp_path: Path) -> None:
    inputs = keras.Input((None, None, 3), name="x")
    x = L.Conv2D(4, 3, name="c")(inputs)
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x)))
    path = tmp_path / "model.keras"
    agree(model, path, (1, 32, 48, 3))
    with pytest.raises(InputShapeError, match="--input-shape 1,224,224,3"):
        capture(path)
    with pytest.raises(InputShapeError, match="layer 'c' refuses"):
        capture(path, (1, 32, 48, 4))
    agree(keras.applications.MobileNet(weights=None, include_top=False), path, (2, 96, 64, 3))


def test_shape_that_the_weights_do_not_fit(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), L.Flatten(), L.Dense(2, name="d")])
    assert graph_of(tmp_path, model, (4, 8, 8, 3)).ops[-1].output.shape == (4, 2)
    with pytest.raises(InputShapeError, match=r"layer 'd' refuses \(1, 243\).*\(2, 192\)"):
        graph_of(tmp_path, model, (1, 9, 9, 3))
    with pytest.raises(InputShapeError, match="do not fit the model"):
        graph_of(tmp_path, keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(1, 5)]), (1, 3, 3, 3))


def test_lambda_is_kept_and_not_run(tmp_path: Path) -> None:
    inputs = keras.Input((8,), name="x")
    x = L.Lambda(lambda t: 1 / 0 if t is None else t[:, :4], name="f", output_shape=(4,))(inputs)
    config = saved(keras.Model(inputs, x))
    graph = capture(archive(tmp_path / "m.keras", config)).graph
    (op,) = inner_ops(graph)
    assert (op.kind, op.attributes()["framework_type"]) == ("unknown", "Lambda")
    assert op.output.shape == (1, 4)


def test_lambda_whose_shape_only_its_reader_tells(tmp_path: Path) -> None:
    inputs = keras.Input((8,), name="x")
    middle = L.Lambda(lambda t: t[:, :4], name="f")(inputs)
    graph = graph_of(tmp_path, keras.Model(inputs, L.Dense(2)(middle)))
    assert graph["f"].output.shape == (1, 4)


def own_layer() -> Any:
    class Twice(L.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    return Twice(name="f")


CODE = {"Lambda": lambda: L.Lambda(lambda t: t * 2, name="f"), "Twice": own_layer}


@pytest.mark.parametrize("name", CODE)
def test_code_of_the_users_own(name: str, tmp_path: Path) -> None:
    inputs = keras.Input((None, 8), name="x")
    middle = CODE[name]()(inputs)
    model = keras.Model(inputs, L.Dense(2, name="d")(middle))
    # Of an open size Keras records no more than that it is open.
    with pytest.raises(ModelError, match=r"layer 'f' \({}\) is not known.*--trust".format(name)):
        graph_of(tmp_path, model, (1, 5, 8))
    # Where nobody reads it, its shape matters to nothing.
    graph = graph_of(tmp_path, keras.Model(inputs, middle), (1, 5, 8))
    assert (graph["f"].kind, graph["f"].output.shape) == ("unknown", (1, 5, 8))
    assert "does not determine its output shape" in " ".join(graph["f"].messages)


def test_what_only_loading_tells(tmp_path: Path) -> None:
    inputs = keras.Input((8,), name="x")
    model = keras.Model(inputs, L.CategoryEncoding(5, name="e")(inputs))
    path = tmp_path / "model.keras"
    model.save(path)
    # Where nobody reads it, its shape matters to nothing.
    assert "does not determine its output shape" in " ".join(capture(path).graph["e"].messages)
    captured = capture_file(path, trust=True)
    assert (captured.model.capture, captured.model.trusted) == ("functional", True)
    assert captured.graph["e"].output.shape == (1, 5)
    read = keras.Model(inputs, L.Reshape((5, 1))(L.CategoryEncoding(5, name="e")(inputs)))
    path = archive(tmp_path / "m.keras", without_shapes(saved(read)))
    with pytest.raises(ModelError, match=r"'e' .* is not known.*--trust .*or save it as "):
        capture(path)


def without_shapes(config: Any) -> Any:
    """Takes away what Keras 3 records of the shapes between layers."""
    if isinstance(config, (list, tuple)):
        return [without_shapes(one) for one in config]
    if not isinstance(config, dict):
        return config
    left = {key: value for key, value in config.items() if key != "build_config"}
    if config.get("class_name") == "__keras_tensor__":
        return {**left, "config": {"keras_history": config["config"]["keras_history"]}}
    return {key: without_shapes(value) for key, value in left.items()}


def test_code_of_a_trusted_file_is_loaded(tmp_path: Path) -> None:
    inputs = keras.Input((None, 8), name="x")
    middle = L.Lambda(lambda t: t[:, :, :4], name="f")(inputs)
    path = tmp_path / "model.keras"
    keras.Model(inputs, L.Dense(2, name="d")(middle)).save(path)
    captured = capture_file(path, (1, 5, 8), trust=True)
    assert captured.graph["f/get_item"].output.shape == (1, 5, 4)
    assert captured.model.trusted


def test_subclassed_model(tmp_path: Path) -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="class Own.*make it Functional"):
        capture(archive(tmp_path / "m.keras", saved(Own())))


WITHOUT = """
import sys, vai_inspect.cli
try:
    vai_inspect.cli.main(["inspect", sys.argv[1], "-t", "DPUCZDX8G_ISA1_B4096", "-o", sys.argv[2]])
except SystemExit as ended:
    assert ended.code == 0, ended.code
print(sorted({"keras", "tensorflow", "torch", "jax", "numpy", "h5py"} & set(sys.modules)))
"""


@pytest.mark.parametrize("ending", FORMATS)
def test_whole_process_without_a_framework(ending: str, tmp_path: Path) -> None:
    path = tmp_path / ("resnet50." + ending)
    keras.applications.ResNet50(weights=None).save(path)
    spent = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, str(path), str(tmp_path / "out")],
            capture_output=True,
            text=True,
        )
        after = os.times()
        spent.append(sum(after[2:4]) - sum(before[2:4]))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "[]"
    # Of the processor, 0.4 s on an idle machine; the bound leaves room for a busy one.
    assert min(spent) < 1.0
