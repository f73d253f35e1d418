"""Files that Keras 2 wrote, without Keras 2: see `data/keras2.py`."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

import keras
import pytest

from tests.frontends.keras.archives import archive
from tests.frontends.keras.reading import inner_ops
from vai_inspect.core.errors import ModelError
from vai_inspect.core.ir import Graph, Value
from vai_inspect.frontends.keras import capture
from vai_inspect.frontends.keras.config import capture_file

DATA = Path(__file__).parent / "data"
NET: List[Tuple[str, str, Tuple[int, ...]]] = [
    ("x", "data", (1, 8, 8, 3)),
    ("y", "data", (1, 8, 8, 3)),
    ("shared", "conv2d", (1, 8, 8, 4)),
    ("shared/leaky_re_lu", "leaky-relu", (1, 8, 8, 4)),
    ("shared_1", "conv2d", (1, 8, 8, 4)),
    ("shared_1/leaky_re_lu", "leaky-relu", (1, 8, 8, 4)),
    ("tf.concat", "concat", (1, 8, 8, 8)),
    ("tf.__operators__.getitem", "strided_slice", (1, 6, 8, 4)),
    ("tf.math.multiply/const", "const", (1,)),
    ("tf.math.multiply", "mul", (1, 6, 8, 4)),
    ("tf.math.subtract/const", "const", (1,)),
    ("tf.math.subtract", "sub", (1, 6, 8, 4)),
    ("tf.nn.relu6", "relu6", (1, 6, 8, 4)),
    ("tf.__operators__.getitem_1", "strided_slice", (1, 8, 8, 4)),
    ("tf.math.reduce_mean", "reduction_mean", (1, 1, 1, 4)),
    ("tf.__operators__.add", "add", (1, 6, 8, 4)),
    ("norm", "batchnorm", (1, 6, 8, 4)),
    ("tf.math.multiply_1/const", "const", (4,)),
    ("tf.math.multiply_1", "mul", (1, 6, 8, 4)),
    ("head/dw", "depthwise-conv2d", (1, 4, 6, 4)),
    ("head/dw/hard_sigmoid of Keras 2", "unknown", (1, 4, 6, 4)),
    ("head/flat", "flatten", (1, 96)),
    ("tf.math.sqrt", "unknown", (1, 96)),
    ("pair/multiply", "mul", (1, 96)),
    ("pair/tf.math.subtract_1", "sub", (1, 96)),
    ("out", "inner-product", (1, 2)),
    ("steps", "reshape", (1, 8, 12)),
    ("lstm", "unknown", (1, 8, 3)),
    ("mha", "unknown", (1, 8, 3)),
    ("return", "return", (1, 2)),
    ("return_1", "return", (1, 8, 3)),
]


def folder(path: Path) -> Path:
    """A SavedModel as far as it is read: its graph is not."""
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")
    shutil.copy(str(DATA / "tf28.pb"), str(path / "keras_metadata.pb"))
    return path


# TensorFlow 2.12 wrote `tf212.keras`, as the first that has the format.
FILES = {"tf28.h5": "2.8.0", "tf212.keras": "2.12.0", "a SavedModel folder": "2.8.0"}


@pytest.mark.parametrize("name", FILES)
def test_network(name: str, tmp_path: Path) -> None:
    path = DATA / name if name.startswith("tf") else folder(tmp_path / "saved")
    captured = capture(path)
    assert captured.model.capture == "config"
    assert (captured.model.name, captured.model.framework_version) == ("net", FILES[name])
    assert [(op.name, op.kind, op.output.shape) for op in captured.graph] == NET
    check(captured.graph)


def check(graph: Graph) -> None:
    assert graph["shared/leaky_re_lu"].attributes() == {"alpha": 0.5}
    assert graph["tf.__operators__.getitem"].attributes()["begin"] == [0, 1, 0, 0]
    assert graph["tf.math.subtract"].inputs[0] == Value("tf.math.subtract/const")
    assert graph["norm"].attributes()["axis"] == 3
    # pair reads {"a": sqrt, "b": flat}, whatever the order of its own inputs.
    assert graph["pair/tf.math.subtract_1"].inputs == (Value("tf.math.sqrt"), Value("head/flat"))
    assert [t.shape for t in graph["lstm"].outputs] == [(1, 8, 3), (1, 3), (1, 3)]
    assert graph["mha"].inputs == (Value("lstm"), Value("lstm"))


@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="needs tf_keras")
@pytest.mark.filterwarnings("ignore")
def test_live_models_of_keras_2_agree(tmp_path: Path) -> None:
    import tf_keras

    models: List[Any] = [
        tf_keras.applications.MobileNetV3Small(input_shape=(224, 224, 3), weights=None)
    ]
    spec = importlib.util.spec_from_file_location("keras2", DATA / "keras2.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    module.keras, module.L = tf_keras, tf_keras.layers
    models.append(module.model())
    for model in models:
        live = capture(model)
        for ending in (".keras", ".h5", ""):
            model.save(tmp_path / ("model" + ending))
            file = capture(tmp_path / ("model" + ending))
            assert (live.model.capture, file.model.capture) == ("functional", "config")
            assert list(map(bare, file.graph)) == list(map(bare, live.graph))


@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="needs tf_keras")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_layer_of_applications_that_is_registered_as_custom(tmp_path: Path, ending: str) -> None:
    import tf_keras

    build = tf_keras.applications.InceptionResNetV2
    model = build(weights=None, include_top=False, input_shape=(75, 75, 3))
    model.save(tmp_path / ("model" + ending))
    file, live = capture(tmp_path / ("model" + ending)), capture(model)
    assert file.model.capture == "config"
    assert list(map(bare, file.graph)) == list(map(bare, live.graph))


def bare(op: Any) -> Any:
    """An operator without the weights of what no lowering knows: no file tells them."""
    return op.replaced(params=()) if op.kind == "unknown" else op


def test_saved_model_without_keras_metadata(tmp_path: Path) -> None:
    path = folder(tmp_path / "saved")
    (path / "keras_metadata.pb").unlink()
    with pytest.raises(ModelError, match="without keras_metadata.pb.*model.keras"):
        capture_file(path)


@pytest.mark.skipif(keras.__version__ < "3", reason="needs Keras 3, which exports such folders")
def test_exported_model(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.export(tmp_path / "exported", verbose=False)
    with pytest.raises(ModelError, match="as exported by Keras 3"):
        capture_file(tmp_path / "exported")


@pytest.mark.parametrize("length", [0, 1, 7, 100, 20_000])
def test_saved_model_with_broken_metadata(length: int, tmp_path: Path) -> None:
    path = folder(tmp_path / "saved")
    data = (path / "keras_metadata.pb").read_bytes()
    (path / "keras_metadata.pb").write_bytes(data[:length])
    with pytest.raises(ModelError):
        capture_file(path)


def sequential(*layers: Dict[str, Any], **settings: Any) -> Dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers), **settings}}


def old(class_name: str, **config: Any) -> Dict[str, Any]:
    return {"class_name": class_name, "config": {"name": class_name.lower(), **config}}


def test_sequential_of_an_early_keras(tmp_path: Path) -> None:
    """Keras 2.0 to 2.2: the config is the list of layers, and settings that came later lack."""
    config = {
        "class_name": "Sequential",
        "config": [
            old(
                "Conv2D",
                batch_input_shape=[None, 8, 8, 3],
                dtype="float32",
                filters=4,
                kernel_size=[3, 3],
                strides=[1, 1],
                padding="valid",
                data_format="channels_last",
                dilation_rate=[1, 1],
                activation="linear",
                use_bias=True,
            ),
            old("BatchNormalizationV1", axis=-1, epsilon=0.001, center=True, scale=True),
            old("GlobalAveragePooling2D", data_format="channels_last"),
            old("LeakyReLU", alpha=0.25),
        ],
    }
    graph = capture_file(archive(tmp_path / "m.keras", config, {"keras_version": "2.1.6"})).graph
    assert [(op.name, op.kind) for op in graph][:3] == [
        ("conv2d_input", "data"),
        ("conv2d", "conv2d"),
        ("batchnormalizationv1", "batchnorm"),
    ]
    assert graph.ops[-1].output.shape == (1, 4)


def test_operation_of_a_tensorflow_graph(tmp_path: Path) -> None:
    """TensorFlowOpLayer, in files of TensorFlow 2.0 to 2.3."""
    node = {"name": "mul", "op": "Mul", "input": ["x", "mul/y"], "attr": {"T": {"type": 1}}}
    config = {
        "class_name": "Model",
        "config": {
            "name": "m",
            "layers": [
                dict(
                    old("InputLayer", name="x", batch_input_shape=[None, 8], dtype="float32"),
                    name="x",
                    inbound_nodes=[],
                ),
                dict(
                    old(
                        "TensorFlowOpLayer",
                        name="op",
                        node_def=json.dumps(node),
                        constants={"1": 2.0},
                    ),
                    name="op",
                    inbound_nodes=[[["x", 0, 0, {}]]],
                ),
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["op", 0, 0]],
        },
    }
    metadata = {"keras_version": "2.2.4-tf"}
    graph = capture_file(archive(tmp_path / "m.keras", config, metadata)).graph
    assert [(op.name, op.kind) for op in inner_ops(graph)] == [("op/const", "const"), ("op", "mul")]


def test_hard_sigmoid_is_of_the_keras_that_wrote_the_file(tmp_path: Path) -> None:
    layer = old("Activation", activation="hard_sigmoid", trainable=True)
    config = sequential(layer, build_input_shape=[None, 4])
    found = [
        inner_ops(capture_file(archive(tmp_path / "m.keras", config, {"keras_version": v})).graph)
        for v in ("2.15.0", "3.0.0")
    ]
    assert [ops[0].kind for ops in found] == ["unknown", "hard-sigmoid"]


def test_function_of_tensorflow_that_no_rule_knows(tmp_path: Path) -> None:
    layer = old("TFOpLambda", name="tf.io.write_file", function="io.write_file")
    with pytest.raises(ModelError, match="'tf.io.write_file'.*--trust"):
        capture_file(
            archive(
                tmp_path / "m.keras",
                sequential(layer, old("ReLU"), build_input_shape=[None, 4]),
                {"keras_version": "2.9.0"},
            )
        )
