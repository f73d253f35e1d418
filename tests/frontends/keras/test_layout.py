"""Models that keep their channels first are read as what the DPU sees: channels last."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import keras
import pytest
from keras import layers

from tests.frontends.keras.reading import fingerprint, inner_ops, kinds
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector

FIRST = {"data_format": "channels_first"}


def body(x: Any, order: Dict[str, str], axis: int) -> Any:
    """A small network of a stem, a residual block and a head; `axis` is that of the channels."""
    x = layers.ZeroPadding2D(1, name="pad", **order)(x)
    x = layers.Conv2D(8, 3, strides=2, name="conv", **order)(x)
    x = layers.BatchNormalization(axis=axis, name="bn")(x)
    x = layers.ReLU(name="relu")(x)
    y = layers.DepthwiseConv2D((3, 5), padding="same", name="dw", **order)(x)
    y = layers.LeakyReLU(negative_slope=0.1, name="leaky")(y)
    x = layers.Add(name="sum")([x, y])
    x = layers.Concatenate(axis=axis, name="cat")(
        [x, layers.MaxPooling2D(1, name="max", **order)(y)]
    )
    x = layers.UpSampling2D(2, name="up", **order)(x)
    x = layers.Conv2DTranspose(4, 2, 2, name="up_conv", **order)(x)
    x = layers.PReLU(shared_axes=[2, 3] if axis == 1 else [1, 2], name="prelu")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    x = layers.AveragePooling2D(2, name="pool", **order)(x)
    x = layers.SeparableConv2D(6, 3, name="sep", **order)(x)
    x = layers.Flatten(name="flat", **order)(x)
    return layers.Dense(5, activation="softmax", name="head")(x)


def network(first: bool) -> Any:
    data = keras.Input((3, 16, 12) if first else (16, 12, 3), name="x")
    return keras.Model(data, body(data, FIRST if first else {}, 1 if first else 3), name="m")


def test_both_orders_are_the_same_graph_and_verdicts() -> None:
    reports = []
    for model in (network(first=False), network(first=True)):
        before = fingerprint(model)
        inspector = Inspector("DPUCZDX8G_ISA1_B4096")
        report = inspector.inspect(model, output_dir=None, verbose_level=0).to_dict()
        reports.append(report)
        assert fingerprint(model) == before
    assert reports[0]["ops"] == reports[1]["ops"]
    assert reports[0]["summary"] == reports[1]["summary"]


NCHW, NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
Build = Callable[[Any], Any]
CASES: Dict[str, Tuple[Build, List[str], List[List[int]]]] = {
    "a reshape": (
        lambda x: layers.Reshape((-1,))(x),
        ["conv2d", "transpose", "reshape"],
        [NCHW],
    ),
    "a permute of the user's": (
        lambda x: layers.Permute((2, 3, 1))(x),
        ["conv2d", "transpose", "transpose"],
        [NCHW, NHWC],
    ),
    "back again": (
        lambda x: layers.Conv2D(2, 1, **FIRST)(layers.Attention()([x, x])),
        ["conv2d", "transpose", "unknown", "transpose", "conv2d"],
        [NCHW, NHWC],
    ),
    "a softmax over the width": (
        lambda x: layers.Activation("softmax")(x),
        ["conv2d", "transpose", "softmax"],
        [NCHW],
    ),
    "a softmax over the channels": (lambda x: layers.Softmax(axis=1)(x), ["conv2d", "softmax"], []),
    "a bare sum": (lambda x: keras.ops.relu(x + 1.0), ["conv2d", "const", "add", "relu"], []),
    "a bare sum of an array": (
        lambda x: x + keras.ops.ones((4, 1, 1)),
        ["conv2d", "transpose", "const", "add"],
        [NCHW],
    ),
    "a global pool": (
        lambda x: layers.GlobalAveragePooling2D(**FIRST)(x),
        ["conv2d", "avgpool2d", "squeeze"],
        [],
    ),
    "attention": (
        lambda x: layers.Attention()([x, x]),
        ["conv2d", "transpose", "unknown"],
        [NCHW],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_transpose_stands_only_where_the_order_matters(case: str) -> None:
    build, want, orders = CASES[case]
    data = keras.Input((3, 8, 6), name="x")
    first = layers.Conv2D(4, 1, name="conv", **FIRST)(data)
    graph = capture(keras.Model(data, build(first))).graph
    assert kinds(graph) == want
    assert graph["x"].output.shape == (1, 8, 6, 3)
    transposes = [op for op in inner_ops(graph) if op.kind == "transpose"]
    assert [op.attributes()["order"] for op in transposes] == orders
    inserted = [op for op in transposes if "/to_n" in op.name]
    assert all("inserted for deployment" in op.messages[0] for op in inserted)


@pytest.mark.parametrize(
    ("layer", "want"),
    [
        (lambda: layers.Conv1D(4, 3, **FIRST), ["conv1d"]),
        (lambda: layers.MaxPooling1D(2, **FIRST), ["maxpool1d"]),
    ],
)
def test_one_dimension(layer: Callable[[], Any], want: List[str]) -> None:
    data = keras.Input((3, 8), name="x")
    graph = capture(keras.Model(data, layer()(data))).graph
    assert kinds(graph) == want
    assert graph["x"].output.shape == (1, 8, 3)


def test_three_dimensions() -> None:
    data = keras.Input((3, 4, 5, 6), name="x")
    graph = capture(keras.Model(data, layers.Conv3D(2, 1, **FIRST)(data))).graph
    assert graph["x"].output.shape == (1, 4, 5, 6, 3)
    assert inner_ops(graph)[-1].output.shape == (1, 4, 5, 6, 2)


def test_a_layer_that_is_kept_whole_may_keep_its_order() -> None:
    data = keras.Input((2, 3, 8, 8), name="x")
    layer = layers.ConvLSTM2D(4, 3, name="lstm", **FIRST)
    (op,) = inner_ops(capture(keras.Model(data, layer(data))).graph)
    assert (op.kind, op.output.shape) == ("unknown", (1, 4, 6, 6))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:.*HDF5:UserWarning")
def test_a_file_is_loaded_for_it(ending: str, tmp_path: Any) -> None:
    path = str(tmp_path / ("model" + ending))
    model = network(first=True)
    model.save(path)
    read, live = capture(path), capture(model)
    assert read.graph.ops == live.graph.ops
