"""Models of more than one path: shared, nested, several inputs and outputs, bare operations."""

from __future__ import annotations

from typing import Any, List

import keras
import numpy as np
import pytest

from tests.frontends.keras.reading import fingerprint, inner_ops, kinds, model_of
from vai_inspect.core.ir import Value
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector

L = keras.layers
ops = keras.ops


def backbone() -> Any:
    inputs = keras.Input((8, 8, 3), name="image")
    x = L.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    return keras.Model(inputs, L.BatchNormalization(name="bn1")(x), name="backbone")


def test_names_origins_and_edges() -> None:
    inputs = keras.Input((8, 8, 3), name="x")
    x = L.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = L.Add(name="add")([x, L.Conv2D(4, 1, name="side")(inputs)])
    graph = capture(keras.Model(inputs, x, name="net")).graph
    assert graph.name == "net"
    assert [op.name for op in graph] == ["x", "conv", "side", "add", "return"]
    assert graph["add"].inputs == (Value("conv"), Value("side"))
    assert graph["x"].attributes() == {"shape": [1, 8, 8, 3], "data_type": "FLOAT32"}
    assert graph["return"].inputs == (Value("add"),)
    assert graph["side"].origin.layers == ("side",)


def test_model_info() -> None:
    info = capture(model_of(L.ReLU(), shape=(4,))).model
    assert (info.name, info.framework, info.capture) == ("m", "keras", "functional")
    assert info.framework_version == keras.__version__


def test_shared_layer_gives_one_operator_for_each_call() -> None:
    first, second = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = L.Dense(4, activation="relu", name="dense")
    other = L.Dense(4, name="dense_1")
    model = keras.Model([first, second], L.Add()([shared(first), other(shared(second))]))
    graph = capture(model).graph
    dense = [op for op in graph if op.kind == "inner-product"]
    # `dense_1` is the user's own layer, so the second call of `dense` is `dense_2`.
    assert [op.name for op in dense] == ["dense", "dense_2", "dense_1"]
    assert [op.origin.layers for op in dense] == [("dense",), ("dense",), ("dense_1",)]
    assert {"dense/relu", "dense_2/relu"} <= {op.name for op in graph}


def test_a_nested_model_is_found_again_in_its_layers() -> None:
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3, name="a"), L.ReLU(name="b")], name="in")
    data = keras.Input((4,))
    model = keras.Model(data, L.Dense(2, name="in_2")(inner(data)))
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, output_dir=None, verbose_level=0)
    assert [op.name for op in result.find("in")] == ["in/a", "in/b"]
    assert [op.name for op in result.find("in/b")] == ["in/b"]


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "bfloat16"])
def test_half_precision_is_read_as_single(policy: str) -> None:
    def build(dtype: str) -> Any:
        data = keras.Input((8, 8, 3), name="x")
        y = L.Conv2D(4, 3, dtype=dtype, activation="relu", name="conv")(data)
        y = L.BatchNormalization(dtype=dtype, name="bn")(y)
        y = L.GlobalAveragePooling2D(dtype=dtype, name="pool")(y)
        return keras.Model(data, L.Dense(2, dtype=dtype, name="head")(y))

    half, single = capture(build(policy)).graph, capture(build("float32")).graph
    assert [(op.name, op.kind, op.attrs) for op in inner_ops(half)] == [
        (op.name, op.kind, op.attrs) for op in inner_ops(single)
    ]
    assert half["conv"].output.dtype in ("float16", "bfloat16")


def test_nested_models_are_inlined() -> None:
    inner = backbone()
    inputs = keras.Input((8, 8, 3), name="x")
    head = keras.Sequential([L.Flatten(name="flat"), L.Dense(2, name="fc")], name="head")
    model = keras.Model(inputs, head(inner(inputs)))
    graph = capture(model).graph
    assert [op.name for op in inner_ops(graph)] == [
        "backbone/conv1",
        "backbone/conv1/relu",
        "backbone/bn1",
        "head/flat",
        "head/fc",
    ]
    assert graph["backbone/conv1/relu"].origin.layers == ("backbone/conv1",)
    assert [op.name for op in graph if op.kind == "data"] == ["x"]
    assert sum(p.type.elements for op in graph for p in op.params) == model.count_params()


def test_nested_model_called_twice_and_deeper() -> None:
    inner = backbone()
    middle_in = keras.Input((8, 8, 3))
    middle = keras.Model(middle_in, inner(middle_in), name="middle")
    first, second = keras.Input((8, 8, 3), name="a"), keras.Input((8, 8, 3), name="b")
    model = keras.Model({"a": first, "b": second}, L.Add()([middle(first), middle(second)]))
    graph = capture(model).graph
    names = [op.name for op in graph if op.kind == "conv2d"]
    assert names == ["middle/backbone/conv1", "middle/backbone/conv1_1"]


def test_several_inputs_and_outputs_in_dicts() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = keras.Model({"a": a, "b": b}, {"s": L.Add()([a, b]), "d": L.Subtract()([a, b])})
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    both = inner({"b": y, "a": x})
    graph = capture(keras.Model([x, y], [both["s"], both["d"]])).graph
    sub = next(op for op in graph if op.kind == "sub")
    assert sub.inputs == (Value("x"), Value("y"))
    returns = [op for op in graph if op.kind == "return"]
    assert [op.name for op in returns] == ["return", "return_1"]
    assert [graph.producers(op)[0].kind for op in returns] == ["add", "sub"]


def test_input_that_nothing_reads_and_layer_that_no_output_needs() -> None:
    used, idle = keras.Input((4,), name="used"), keras.Input((4,), name="idle")
    x = L.ReLU(name="r")(used)
    L.Dense(3, name="aside")(x)
    graph = capture(keras.Model([used, idle], x)).graph
    assert [op.name for op in graph] == ["used", "idle", "r", "return"]


def test_output_that_is_an_input() -> None:
    inputs = keras.Input((4,), name="x")
    graph = capture(keras.Model(inputs, [inputs, L.ReLU()(inputs)])).graph
    assert [op.inputs for op in graph if op.kind == "return"][0] == (Value("x"),)


def test_sequential() -> None:
    model = keras.Sequential([keras.Input((4,), name="x"), L.Dense(3, name="d"), L.Softmax()])
    assert kinds(capture(model).graph) == ["inner-product", "softmax"]


def test_custom_layers_and_subclasses_that_override_call_are_walked() -> None:
    class Doubled(L.Dense):
        def call(self, x: Any, training: Any = None) -> Any:
            return super().call(x) * 2

    class Renamed(L.Dense):
        pass

    class Own(L.Layer):
        def build(self, shape: Any) -> None:
            self.w = self.add_weight(shape=(shape[-1], 5), name="w")

        def call(self, x: Any) -> Any:
            return ops.matmul(x, self.w)

    model = model_of(Doubled(3), Renamed(3), Own(), L.Lambda(lambda x: x + 1), shape=(4,))
    found = inner_ops(capture(model).graph)
    forms = [(op.kind, op.origin.call.name) for op in found if op.kind != "const"]
    assert forms == [
        ("inner-product", "Doubled"),
        ("add", "Doubled"),
        ("mul", "Doubled"),
        ("inner-product", "Renamed"),
        ("inner-product", "Own"),
        ("add", "Lambda"),
    ]
    (own,) = [op for op in found if op.origin.call.name == "Own"]
    assert [(p.role, p.type.shape) for p in own.params] == [("weights", (5, 3))]
    assert own.output.shape == (1, 5)


def test_several_outputs_of_one_layer() -> None:
    inputs = keras.Input((8, 4), name="x")
    first, second = ops.split(inputs, 2, axis=1)
    _, state, _ = L.LSTM(3, return_state=True, name="lstm")(first)
    graph = capture(keras.Model(inputs, [second, state])).graph
    lstm = graph["lstm"]
    assert [t.shape for t in lstm.outputs] == [(1, 3)] * 3
    split = graph.producers(lstm)[0]
    assert [t.shape for t in split.outputs] == [(1, 4, 4)] * 2
    assert [op.inputs for op in graph if op.kind == "return"] == [
        (Value(split.name, 1),),
        (Value("lstm", 1),),
    ]


def test_merge_of_different_ranks_reshapes_as_keras_does() -> None:
    image, vector = keras.Input((5, 6, 3), name="i"), keras.Input((3,), name="v")
    graph = capture(keras.Model([image, vector], L.Multiply(name="m")([image, vector]))).graph
    assert graph["m/expand_1"].attributes() == {"shape": [1, 1, 1, 3]}
    assert graph["m"].inputs == (Value("i"), Value("m/expand_1"))


def test_average_is_a_sum_and_a_product() -> None:
    a, b = keras.Input((4,)), keras.Input((4,))
    graph = capture(keras.Model([a, b], L.Average(name="mean")([a, b]))).graph
    assert [(op.name, op.kind) for op in inner_ops(graph)] == [
        ("mean/add", "add"),
        ("mean/const", "const"),
        ("mean", "mul"),
    ]


OPERATIONS = {
    "add a number": (lambda x: x + 3.0, ["const", "add"], {}),
    "number minus": (lambda x: 1.0 - x, ["const", "sub"], {}),
    "times an array": (lambda x: x * np.ones((4,), "float32"), ["const", "mul"], {}),
    "divide": (lambda x: x / 6.0, ["const", "div"], {}),
    "two tensors": (lambda x: ops.maximum(x, ops.exp(x)), ["exp", "max"], {}),
    "negative": (lambda x: -x, ["neg"], {}),
    "square": (lambda x: ops.square(x), ["mul"], {}),
    "relu": (lambda x: ops.relu(x), ["relu"], {}),
    "relu of activations": (lambda x: keras.activations.relu(x), ["relu"], {}),
    "relu6 of activations": (lambda x: keras.activations.relu(x, max_value=6), ["relu6"], {}),
    "leaky relu of activations": (
        lambda x: keras.activations.relu(x, negative_slope=0.25),
        ["leaky-relu"],
        {"alpha": 0.25},
    ),
    "sigmoid": (lambda x: ops.sigmoid(x), ["sigmoid"], {}),
    "silu": (lambda x: ops.silu(x), ["swish"], {}),
    "leaky": (lambda x: ops.leaky_relu(x, 0.25), ["leaky-relu"], {"alpha": 0.25}),
    "softmax": (lambda x: ops.softmax(x, axis=-1), ["softmax"], {"axis": 3}),
    "clip to 6": (lambda x: ops.clip(x, 0.0, 6.0), ["relu6"], {}),
    "clip": (lambda x: ops.clip(x, 0.0, 4.0), ["unknown"], {"framework_type": "Clip(0, 4)"}),
    "sine": (lambda x: ops.sin(x), ["unknown"], {"framework_type": "Sin"}),
    "mean": (
        lambda x: ops.mean(x, axis=(1, 2), keepdims=True),
        ["reduction_mean"],
        {"axis": [1, 2], "keep_dims": True},
    ),
    "sum of all": (lambda x: ops.sum(x), ["reduction_sum"], {"axis": [0, 1, 2, 3]}),
    "max": (lambda x: ops.max(x, axis=-1), ["reduction_max"], {"axis": [3]}),
    "argmax": (lambda x: ops.argmax(x, axis=-1), ["argmax"], {"axis": 3}),
    "concat": (lambda x: ops.concatenate([x, x], axis=-1), ["concat"], {"axis": 3}),
    "stack": (lambda x: ops.stack([x, x], axis=-1), ["stack"], {"axis": 4}),
    "reshape": (lambda x: ops.reshape(x, (-1, 80, 4)), ["reshape"], {"shape": [1, 80, 4]}),
    "expand": (lambda x: ops.expand_dims(x, 1), ["reshape"], {}),
    "transpose": (
        lambda x: ops.transpose(x, (0, 3, 1, 2)),
        ["transpose"],
        {"order": [0, 3, 1, 2]},
    ),
    "swap": (lambda x: ops.swapaxes(x, 1, -1), ["transpose"], {"order": [0, 3, 2, 1]}),
    "move": (lambda x: ops.moveaxis(x, -1, 1), ["transpose"], {"order": [0, 3, 1, 2]}),
    "matmul": (lambda x: ops.matmul(x, ops.swapaxes(x, 2, 3)), ["transpose", "matmul"], {}),
    "slice": (
        lambda x: x[:, 1:-1, ::2],
        ["strided_slice"],
        {"begin": [0, 1, 0, 0], "end": [1, 7, 10, 4], "strides": [1, 1, 2, 1]},
    ),
    "index": (lambda x: x[..., -1], ["strided_slice", "squeeze"], {"begin": [0, 0, 0, 3]}),
    "new axis": (lambda x: x[:, None], ["unknown"], {"framework_type": "GetItem"}),
    "pad": (
        lambda x: ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0)), mode="reflect"),
        ["pad"],
        {"paddings": [0, 0, 1, 2, 3, 4, 0, 0], "mode": "REFLECT"},
    ),
    "pad with ones": (
        lambda x: ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=1),
        ["pad"],
        {"constant_values": [1.0]},
    ),
    "pool": (lambda x: ops.max_pool(x, 2, 2, "same"), ["maxpool2d"], {"kernel": [2, 2]}),
    "mean pool": (
        lambda x: ops.average_pool(x, (2, 3)),
        ["avgpool2d"],
        {"kernel": [3, 2], "stride": [3, 2], "count_include_pad": False},
    ),
    "cast": (lambda x: ops.cast(x, "float16"), ["cast"], {"data_type": "FLOAT16"}),
    "image resize": (lambda x: ops.image.resize(x, (16, 20)), ["resize"], {"scale": [2.0, 2.0]}),
    "hard swish written out": (
        lambda x: x * ops.relu6(x + 3.0) * (1 / 6),
        ["const", "add", "relu6", "mul", "const", "mul"],
        {},
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_keras_operations(name: str) -> None:
    function, want, attributes = OPERATIONS[name]
    inputs = keras.Input((8, 10, 4), name="x")
    model = keras.Model(inputs, function(inputs))
    graph = capture(model).graph
    found = inner_ops(graph)
    assert [op.kind for op in found] == want
    got = next(op for op in found if op.kind != "const").attributes()
    assert {key: got[key] for key in attributes} == attributes
    reported = tuple(1 if size is None else size for size in model.output_shape)
    assert graph.ops[-1].output.shape == reported


def test_constant_operand_keeps_its_side_and_name() -> None:
    inputs = keras.Input((4,), name="x")
    graph = capture(keras.Model(inputs, 1.0 - inputs)).graph
    sub = next(op for op in graph if op.kind == "sub")
    assert [value.op for value in sub.inputs] == [sub.name + "/const", "x"]
    assert graph[sub.name + "/const"].attributes()["shape"] == [1]


def test_the_users_model_comes_back_unchanged() -> None:
    class Own(L.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    shared = L.Dense(4, name="shared")
    inner = backbone()
    inner.get_layer("bn1").trainable = False
    image, vector = keras.Input((8, 8, 3), name="i"), keras.Input((4,), name="v")
    x = L.GlobalAveragePooling2D()(inner(image))
    x = ops.relu(shared(x) + shared(vector) * 2.0)
    x = keras.Sequential([L.Dropout(0.1), L.Dense(4)], name="seq")(x)
    model = keras.Model([image, vector], [Own()(x), L.Lambda(lambda y: y + 1)(x)])
    before = fingerprint(model)
    captured = capture(model)
    assert fingerprint(model) == before
    assert capture(model).graph.ops == captured.graph.ops
    capture(model, [(2, 16, 16, 3), (2, 4)])
    assert fingerprint(model) == before
    outputs = model([np.ones((1, 8, 8, 3)), np.ones((1, 4))])
    assert [tuple(o.shape) for o in outputs] == [(1, 4), (1, 4)]


def test_later_layers_are_named_as_if_nothing_had_been_inspected() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x: Any) -> Any:
            return ops.relu(self.dense(x))

    def following() -> List[str]:
        inputs = keras.Input((4,))
        return [inputs.name, keras.Model(inputs, ops.relu(inputs)).name, ops.relu(inputs).name]

    own = Own()
    own(np.ones((1, 4)))
    keras.utils.clear_session()
    want = following()
    for model, shape in ((own, None), (keras.Sequential([L.Dense(2)]), (1, 4))):
        keras.utils.clear_session()
        capture(model, shape)
        assert following() == want


def test_a_failing_lowering_becomes_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = L.Conv2D(2, 3, activation="relu", name="c")
    model = model_of(layer, shape=(8, 8, 3))
    monkeypatch.setattr(layer, "strides", "nonsense")
    monkeypatch.setattr(layer, "compute_output_shape", lambda shape: (None, 6, 6, 2))
    (op,) = inner_ops(capture(model).graph)
    assert (op.name, op.kind) == ("c", "unknown")
    assert op.attributes() == {"framework_type": "Conv2D"}
    assert "could not be read" in op.messages[0]
    assert sum(p.type.elements for p in op.params) == model.count_params()
