"""`fix` for Keras: each program, what it is checked with, and whole models."""

from __future__ import annotations

import sys
from typing import Any, Callable, List, Tuple

import numpy as np
import pytest

keras: Any = pytest.importorskip("keras", minversion="3.0")
tf: Any = pytest.importorskip("tensorflow")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.cli.conftest import vai_inspect  # noqa: E402, F401
from vai_inspect.core.errors import ModelError  # noqa: E402
from vai_inspect.core.findings import Effect  # noqa: E402
from vai_inspect.frontends.keras.rewrite import PROGRAMS, Changeable, changeable  # noqa: E402
from vai_inspect.keras import Inspector, fix  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]
TARGET = "DPUCZDX8G_ISA1_B4096"
EXACT = 1e-9
"""Far below the bound: what the programs do is algebra, up to rounding in float64."""
ops, layers = keras.ops, keras.layers
SHAPE = (8, 8, 4)


def network(body: Callable[[Any], Any], shape: Tuple[int, ...] = SHAPE) -> Any:
    """A convolution, the body, and a global pool where there is a map."""
    given = keras.Input(shape, name="given")
    if len(shape) == 3:
        value = body(layers.Conv2D(shape[-1], 3, padding="same", name="first")(given))
    else:
        value = body(given)
    return keras.Model(given, value, name="network")


def conv(name: str, filters: int = 4, **settings: Any) -> Any:
    return layers.Conv2D(filters, 1, name=name, **settings)


def written_out(x: Any) -> Any:
    return x * ops.relu6(x + 3.0) / 6.0


def shuffled(x: Any) -> Any:
    x = layers.Reshape((8, 8, 2, 2), name="split")(x)
    x = layers.Permute((1, 2, 4, 3), name="turn")(x)
    return layers.Reshape((8, 8, 4), name="join")(x)


def summed(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        result = function(conv("left")(x), conv("right")(x))
        result._keras_history.operation.name = name
        return result

    return body


def bare(function: Callable[[Any], Any], name: str = "here") -> Callable[[Any], Any]:
    """A bare operation of a name."""

    def body(x: Any) -> Any:
        result = function(x)
        result._keras_history.operation.name = name
        return result

    return body


def layer(kind: str, **settings: Any) -> Callable[[Any], Any]:
    return lambda x: getattr(layers, kind)(name="here", **settings)(x)


Case = Tuple[str, Callable[[Any], Any], List[str]]
EACH: List[Case] = [
    ("mean-to-pool", bare(lambda x: ops.mean(x, axis=(1, 2))), ["GlobalAveragePooling2D"]),
    (
        "mean-to-pool",
        bare(lambda x: ops.mean(x, axis=[-2, 1], keepdims=True)),
        ["GlobalAveragePooling2D"],
    ),
    ("channel-mean", bare(lambda x: ops.mean(x, axis=-1, keepdims=True)), ["Conv2D"]),
    ("split-pool", layer("GlobalAveragePooling2D"), ["AveragePooling2D"]),
    ("split-pool", layer("AveragePooling2D", pool_size=4), ["AveragePooling2D"] * 2),
    (
        "chain-max-pool",
        layer("MaxPooling2D", pool_size=9, strides=1, padding="same"),
        ["MaxPooling2D"] * 2,
    ),
    (
        "chain-max-pool",
        layer("MaxPooling2D", pool_size=13, strides=1, padding="same"),
        ["MaxPooling2D"] * 3,
    ),
    ("hardswish-module", bare(written_out), ["Add", "ReLU", "Multiply", "Multiply"]),
    (
        "hardswish-module",
        bare(lambda x: (ops.clip(3.0 + x, 0, 6) / 6.0) * x),
        ["Add", "ReLU", "Multiply", "Multiply"],
    ),
    ("divide-by-constant", bare(lambda x: x / 4.0), ["Conv2D"]),
    (
        "divide-by-constant",
        lambda x: bare(lambda y: y / 4.0)(layers.ReLU()(x)),
        ["DepthwiseConv2D"],
    ),
    ("subtract", summed("here", lambda a, b: a - b), ["Conv2D", "Add"]),
    ("subtract", bare(lambda x: x - 2.0), ["Conv2D"]),
    ("subtract", bare(lambda x: 2.0 - x), ["Conv2D"]),
    (
        "subtract",
        summed("here", lambda a, b: layers.Subtract(name="it")([a, b])),
        ["Conv2D", "Add"],
    ),
    ("square", bare(ops.square), ["Multiply"]),
    ("add-layer", summed("here", lambda a, b: a + b), ["Add"]),
    ("constant-sum", bare(lambda x: x + np.arange(4.0)), ["Conv2D"]),
    ("constant-sum", bare(lambda x: x * 0.3), ["Conv2D"]),
    ("keras-pad", bare(lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)))), ["ZeroPadding2D"]),
    ("drop-noise", layer("SpatialDropout2D", rate=0.5), []),
    ("drop-noise", layer("GaussianNoise", stddev=0.5), []),
    (
        "batch-norm-between",
        lambda x: layer("ReLU")(layers.MaxPooling2D()(x)),
        ["BatchNormalization"],
    ),
    (
        "batch-norm-between",
        lambda x: bare(ops.relu6)(layers.MaxPooling2D()(x)),
        ["BatchNormalization"],
    ),
    (
        "convolution-between",
        lambda x: layer("ReLU")(layers.Concatenate()([conv("left")(x), conv("right")(x)])),
        ["DepthwiseConv2D"],
    ),
    ("crop-to-depthwise", layer("Cropping2D", cropping=((1, 0), (2, 3))), ["DepthwiseConv2D"]),
    ("group-to-dense", layer("Conv2D", filters=6, kernel_size=3, groups=2), ["Conv2D"]),
    (
        "multiplier-to-depthwise",
        layer("DepthwiseConv2D", kernel_size=3, depth_multiplier=3, activation="relu"),
        ["Conv2D"],
    ),
    (
        "multiplier-to-depthwise",
        layer("SeparableConv2D", filters=5, kernel_size=3, depth_multiplier=2, strides=2),
        ["Conv2D"],
    ),
    ("shuffle-to-convolution", shuffled, ["Conv2D"]),
    ("parameter-to-depthwise", layer("Rescaling", scale=[1.0, 2.0, 3.0, 4.0]), ["Conv2D"]),
    (
        "parameter-to-depthwise",
        lambda x: layer("Normalization", mean=[1.0] * 4, variance=[2.0] * 4)(layers.ReLU()(x)),
        ["DepthwiseConv2D"],
    ),
    (
        "einsum-to-linear",
        layer("EinsumDense", equation="bhwc,cd->bhwd", output_shape=(8, 8, 3), bias_axes="d"),
        ["Conv2D"],
    ),
    (
        "einsum-to-linear",
        lambda x: layer("EinsumDense", equation="bc,cd->bd", output_shape=3)(layers.Flatten()(x)),
        ["Dense"],
    ),
    ("einsum-to-linear", bare(lambda x: ops.matmul(x, np.ones((4, 3), "float32"))), ["Conv2D"]),
    ("dense-to-convolution", layer("Dense", units=3, activation="relu"), ["Conv2D"]),
    ("mean-to-pool", bare(lambda x: ops.mean(x, axis=3, keepdims=True)), ["Conv2D"]),
    ("crop-to-depthwise", bare(lambda x: x[:, 1:, :-2]), ["DepthwiseConv2D"]),
    ("add-layer", summed("here", lambda a, b: a * b), ["Multiply"]),
    (
        "quantised-form",
        layer("Activation", activation="hard_swish"),
        ["Add", "ReLU", "Multiply", "Multiply"],
    ),
    ("quantised-form", layer("Activation", activation="hard_sigmoid"), ["Add", "ReLU", "Multiply"]),
    ("quantised-form", layer("Activation", activation="relu6"), ["ReLU"]),
    ("quantised-form", layer("Activation", activation=keras.layers.LeakyReLU(0.1)), ["LeakyReLU"]),
    ("quantised-form", bare(lambda x: ops.transpose(x, (0, 2, 1, 3))), ["Permute"]),
    ("quantised-form", bare(lambda x: ops.reshape(x, (-1, 64, 4))), ["Reshape"]),
    ("quantised-form", bare(lambda x: ops.expand_dims(x, 1)), ["Reshape"]),
    ("quantised-form", bare(ops.relu), ["ReLU"]),
    ("quantised-form", bare(ops.leaky_relu), ["ReLU"]),
    ("quantised-form", bare(ops.silu), ["Activation"]),
    ("quantised-form", bare(ops.sigmoid), ["Activation"]),
    ("quantised-form", bare(lambda x: ops.max_pool(x, 2)), ["MaxPooling2D"]),
    ("quantised-form", bare(lambda x: ops.average_pool(x, 2, 1, "same")), ["AveragePooling2D"]),
    ("quantised-form", summed("here", lambda a, b: ops.concatenate([a, b], -1)), ["Concatenate"]),
    ("quantised-form", summed("here", lambda a, b: a * b), ["Multiply"]),
    (
        "quantised-form",
        summed("here", lambda a, b: layers.Average(name="it")([a, b])),
        ["Add", "DepthwiseConv2D"],
    ),
    ("quantised-form", layer("GlobalMaxPooling2D"), ["MaxPooling2D", "Reshape"]),
    ("quantised-form", layer("GlobalMaxPooling2D", keepdims=True), ["MaxPooling2D"]),
]
"""Rewrite, network with the operator `here` (or the first of a shuffle), the new classes."""


@pytest.mark.parametrize(
    ("rewrite", "body", "classes"), EACH, ids=[f"{i}-{one[0]}" for i, one in enumerate(EACH)]
)
def test_a_program_does_its_rewrite(
    rewrite: str, body: Callable[[Any], Any], classes: List[str]
) -> None:
    model = network(body)
    start = changeable(model)
    changed = done(start, rewrite, ["turn" if body is shuffled else "here"])
    assert start.error_of(changed) < EXACT
    old = {one.name: written(one) for one in operations_of(model)}
    new = [one for one in operations_of(changed.model) if old.get(one.name) != written(one)]
    assert sorted(type(one).__name__ for one in new) == sorted(classes)
    assert same_outputs(model, changed.model)


APPROXIMATE = [
    ("swish", "swish", "Multiply"),
    ("sigmoid", "sigmoid", "ReLU"),
    ("leaky", "elu", "ReLU"),
    ("relu-after-sum", "gelu", "ReLU"),
]


@pytest.mark.parametrize(("rewrite", "function", "kind"), APPROXIMATE)
@pytest.mark.parametrize("within", [False, True])
def test_another_activation_takes_the_place_of_one(
    rewrite: str, function: str, kind: str, within: bool
) -> None:
    if within:
        model, op = network(conv("here", activation=function)), f"here/{_xir(function)}"
    else:
        model, op = network(layer("Activation", activation=function)), "here"
    start = changeable(model)
    changed = done(start, rewrite, [op])
    assert kind in classes_of(changed.model)
    assert start.error_of(changed) > 1e-3


def _xir(function: str) -> str:
    return {"swish": "silu"}.get(function, function)


LEFT = [
    ("mean-to-pool", bare(lambda x: ops.mean(x, axis=1)), "no mean over height and width"),
    ("split-pool", layer("AveragePooling2D", pool_size=7), "do not divide"),
    ("keras-pad", bare(lambda x: ops.pad(x, 1, constant_values=2.0)), "with zeros"),
    ("drop-noise", layer("ReLU"), "give at inference"),
    (
        "drop-noise",
        lambda x: layers.GaussianNoise(0.5, name="here")(x, training=True),
        "training=True",
    ),
    ("square", bare(ops.exp), "no square"),
    ("group-to-dense", conv("here"), "no convolution in groups"),
    ("clone-shared", conv("here"), "called once"),
    ("subtract", lambda x: bare(lambda y: y - np.ones((8, 1)))(x), "neither one number"),
    ("divide-by-constant", summed("here", lambda a, b: a / b), "divides by a tensor"),
    ("no-such-rewrite", layer("ReLU"), "fix does not automate it"),
    ("drop-noise", layer("Lambda", function=lambda x: x), "give at inference"),
]


@pytest.mark.parametrize(("rewrite", "body", "reason"), LEFT)
def test_what_a_program_cannot_do_is_left_with_the_reason(
    rewrite: str, body: Callable[[Any], Any], reason: str
) -> None:
    changed = changeable(network(body)).apply(rewrite, ["here"])
    assert changed.model is None
    assert reason in changed.left["here"]


def test_an_operator_that_is_no_call_is_left() -> None:
    changed = changeable(network(layer("ReLU"))).apply("square", ["given", "nothing"])
    assert set(changed.left) == {"given", "nothing"}


def test_a_shared_layer_becomes_one_for_each_call() -> None:
    shared = conv("shared")
    model = network(lambda x: shared(shared(x)))
    start = changeable(model)
    changed = done(start, "clone-shared", ["shared_1"])
    assert start.error_of(changed) < EXACT
    first, second = (changed.model.get_layer(name) for name in ("shared", "shared_1"))
    assert np.array_equal(first.kernel, second.kernel)
    assert same_outputs(model, changed.model)


def test_a_layer_in_a_nested_model_is_changed_there() -> None:
    inner = keras.Sequential(
        [keras.Input(SHAPE), layers.MaxPooling2D(), layers.ReLU(name="act")], name="inner"
    )
    model = network(lambda x: layers.Add()([inner(x), inner(x)]))
    start = changeable(model)
    changed = done(start, "batch-norm-between", ["inner/act", "inner/act_1"])
    assert start.error_of(changed) < EXACT
    assert "BatchNormalization" in classes_of(changed.model.get_layer("inner"))
    assert same_outputs(model, changed.model)


def test_one_call_of_a_shared_model_is_changed_alone() -> None:
    inner = keras.Sequential(
        [keras.Input(SHAPE), conv("c"), layers.GaussianNoise(1.0, name="noise")], name="inner"
    )
    model = network(lambda x: layers.Add()([inner(x), inner(x)]))
    start = changeable(model)
    changed = done(start, "drop-noise", ["inner/noise_1"])
    assert start.error_of(changed) < EXACT
    assert "GaussianNoise" in classes_of(changed.model.get_layer("inner"))
    assert "GaussianNoise" not in classes_of(changed.model.get_layer("inner_1"))
    assert changed.model.get_layer("inner").get_layer("c") is changed.model.get_layer(
        "inner_1"
    ).get_layer("c")


def test_a_subclassed_model_becomes_a_functional_one() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="own")
            self.conv = conv("c")
            self.dense = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(ops.mean(self.conv(x), axis=(1, 2)))

    model = Own()
    model(np.zeros((1, *SHAPE), "float32"))
    nodes = len(model.conv._inbound_nodes)
    fixed = fix(model, TARGET)
    assert [change.rule for change in fixed.changes] in (["quantised-form"], ["mean-to-pool"])
    assert same_outputs(model, fixed.model, SHAPE)
    assert len(model.conv._inbound_nodes) == nodes


def test_code_of_the_users_is_left_as_it_is() -> None:
    class Own(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return ops.mean(x, axis=(1, 2))

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[3])

    changed = changeable(network(Own(name="own"))).apply("mean-to-pool", ["own/mean"])
    assert changed.model is None


def test_a_layer_without_a_config_is_an_error_of_one_line() -> None:
    class Own(layers.Layer):  # type: ignore[misc]
        def __init__(self, size: int, function: Any) -> None:
            super().__init__(name="own")
            self.size = size

        def call(self, x: Any) -> Any:
            return x * self.size

        def get_config(self) -> Any:
            return {}

    with pytest.raises(ModelError, match="Layer 'own' .* cannot be made again from its config"):
        fix(network(Own(2, print)), TARGET)


def test_the_twin_depends_on_its_inputs() -> None:
    deep = keras.Sequential([keras.Input((16, 16, 3))])
    for _ in range(12):
        deep.add(layers.Conv2D(8, 3, padding="same", use_bias=False))
        deep.add(layers.BatchNormalization())
        deep.add(layers.ReLU())
    deep.add(layers.GlobalAveragePooling2D())
    deep.add(layers.Dense(5, activation="softmax"))
    twin = changeable(deep)._twin
    first, second = np.asarray(twin.model(twin.inputs[0]))
    assert twin.float64
    assert np.max(np.abs(first - second)) > 1e-3


def test_rounding_is_not_blown_up_in_a_deep_network_of_small_maps() -> None:
    def deep(x: Any) -> Any:
        x = bare(lambda y: y / 3.0)(x)
        for _ in range(25):
            y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 1)(x)))
            x = layers.Add()([x, layers.Conv2D(4, 1)(y)])
        return x

    start = changeable(network(deep, (1, 1, 4)))
    assert start.error_of(done(start, "divide-by-constant", ["here"])) < EXACT


def test_a_change_that_is_not_exact_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from vai_inspect.frontends.keras.rewrite.activations import replaced_by

    def wrong(make: Any, tensor: Any, suffix: str) -> Any:
        return make.layer("ReLU", tensor, suffix, max_value=5.0)

    monkeypatch.setitem(PROGRAMS, "quantised-form", replaced_by(wrong))
    model = network(lambda x: conv("c")(layer("Activation", activation="hard_swish")(x)))
    fixed = fix(model, TARGET)
    assert not fixed.changes
    assert any("taken back, as outputs differ" in left.reason for left in fixed.left)


@pytest.mark.parametrize("function", ["sigmoid", "silu"])
def test_a_bare_activation_that_the_quantiser_changes_is_not_left_in_silence(function: str) -> None:
    model = network(lambda x: conv("last")(bare(getattr(ops, function))(x)))
    (left,) = fix(model, TARGET).left
    assert left.reason.startswith("it changes the function; --approximate")
    fixed = fix(model, TARGET, approximate=True)
    (step,) = fixed.before.plan()
    assert step.obstacle == "keras.unknown.layer_or_operation"
    assert [one.effect for one in fixed.changes] == [step.effect] == ["approximate"]
    assert fixed.after.summary.cpu_ops == 0


def test_a_layer_given_as_an_activation_becomes_one_of_its_own() -> None:
    model = network(lambda x: conv("last")(conv("c", activation=layers.LeakyReLU(0.1))(x)))
    assert "keras.activations.layer_as_activation" in _obstacles(fix(model, TARGET).before)
    fixed = fix(model, TARGET)
    assert "quantised-form" in [one.rule for one in fixed.changes]
    assert "keras.activations.layer_as_activation" not in _obstacles(fixed.after)
    assert same_outputs(model, fixed.model)


def _obstacles(inspection: Any) -> List[str]:
    return [one.id for one in inspection.quantizer.obstacles]


def test_what_the_quantiser_wants_exactly_has_a_program() -> None:
    from vai_inspect.rules.quantizers.keras.activations import WRITTEN_OUT
    from vai_inspect.rules.quantizers.keras.supported_layers import INSTEAD

    remedies = [*INSTEAD.items(), *WRITTEN_OUT.items()]
    exact = [(name, one) for name, one in remedies if one.effect is Effect.EXACT]
    assert len(exact) > 20
    assert not [name for name, one in exact if one.rewrite not in PROGRAMS]


def mobile() -> Any:
    return keras.applications.MobileNetV3Small(
        weights=None, input_shape=(32, 32, 3), alpha=0.35, minimalistic=False, classes=5
    )


def test_a_whole_network_is_whole_after_fix_and_the_given_one_is_untouched() -> None:
    model = mobile()
    config, weights = model.get_config(), model.get_weights()
    nodes = [len(one._inbound_nodes) for one in model.layers]
    fixed = fix(model, TARGET)
    assert fixed.after.summary.dpu_subgraphs == 1 < fixed.before.summary.dpu_subgraphs
    assert all(change.effect == "exact" and change.max_error < EXACT for change in fixed.changes)
    assert not fixed.difference.worse
    assert model.get_config() == config
    assert nodes == [len(one._inbound_nodes) for one in model.layers]
    assert all(np.array_equal(*pair) for pair in zip(weights, model.get_weights()))
    assert same_outputs(model, fixed.model)
    again = fix(fixed.model, TARGET)
    assert not again.changes
    assert same_outputs(fixed.model, again.model)


def test_the_fixed_model_is_saved_and_loaded(tmp_path: Any) -> None:
    model = network(lambda x: conv("d")(conv("c", activation="hard_swish")(ops.square(x))))
    fixed = fix(model, TARGET)
    assert fixed.changes
    fixed.model.save(tmp_path / "fixed.keras")
    loaded = keras.models.load_model(tmp_path / "fixed.keras")
    assert same_outputs(model, loaded)
    result = Inspector(TARGET).inspect(tmp_path / "fixed.keras", output_dir=None, verbose_level=0)
    assert result.summary.cpu_ops == fixed.after.summary.cpu_ops


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vai_inspect.core.errors import ReportError
    from vai_inspect.fixing.keras import save

    fixed = fix(network(lambda x: conv("c")(x)), TARGET)
    path = tmp_path / "fixed.keras"
    save(fixed, path)
    whole = path.read_bytes()
    assert keras.models.load_model(path).name == "network"

    def broken(part: Any) -> None:
        part.write_bytes(whole[:10])
        raise OSError("No space left on device")

    monkeypatch.setattr(fixed.model, "save", broken)
    with pytest.raises(ReportError, match="cannot be written: .*No space left"):
        save(fixed, path)
    assert path.read_bytes() == whole
    assert [one.name for one in tmp_path.iterdir()] == ["fixed.keras"]


def test_a_file_needs_trust(tmp_path: Any) -> None:
    path = tmp_path / "model.keras"
    network(lambda x: conv("c")(layer("Activation", activation="hard_swish")(x))).save(path)
    with pytest.raises(ModelError, match="--trust"):
        fix(path, TARGET)
    assert fix(path, TARGET, trust=True).changes
    with pytest.raises(ModelError, match="There is no file"):
        fix(tmp_path / "no.keras", TARGET, trust=True)
    (tmp_path / "broken.keras").write_bytes(b"PK no archive")
    with pytest.raises(ModelError, match="cannot load the file"):
        fix(tmp_path / "broken.keras", TARGET, trust=True)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_file_of_keras_2_is_loaded_by_keras_2(
    tmp_path: Any, monkeypatch: Any, ending: str
) -> None:
    old = pytest.importorskip("tf_keras")
    image = old.Input((16, 16, 3))
    path = tmp_path / ("model" + ending)
    old.Model(image, old.layers.Conv2D(8, 3, groups=1)(image) + 1.0).save(str(path))
    fixed = fix(path, TARGET, trust=True)
    assert type(fixed.model).__module__.startswith("tf_keras")
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(ModelError, match=r"cannot load the file: .*`pip install tf-keras` adds"):
        fix(path, TARGET, trust=True)


def test_names_and_random_numbers_are_as_without_a_fix() -> None:
    model = network(lambda x: conv("c")(layer("Activation", activation="hard_swish")(x)))
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    before = layers.Dense(1).name
    fix(model, TARGET)
    after = layers.Dense(1).name
    assert np.random.rand() == expected
    assert _number(after) == _number(before) + 1


def _number(name: str) -> int:
    return int(name.rpartition("_")[2]) if "_" in name else 0


def test_keras_2_is_fixed_too() -> None:
    old = pytest.importorskip("tf_keras")
    given = old.Input(SHAPE)
    x = old.layers.Conv2D(4, 3, padding="same")(given)
    x = old.layers.Conv2D(8, 3, padding="same")(tf.square(x) + old.layers.Conv2D(4, 1)(x))
    x = old.layers.Dense(3)(tf.reduce_mean(old.layers.Conv2D(8, 3)(x), [1, 2]))
    model = old.Model(given, x)
    fixed = fix(model, TARGET)
    assert fixed.changes
    assert fixed.after.summary.cpu_ops == 0
    assert same_outputs(model, fixed.model)
    assert isinstance(fixed.model, old.Model)


WHOLE = {
    "hard-swish, ops": written_out,
    "hard-swish, gate first": lambda x: x * (ops.relu6(x + 3.0) * (1 / 6)),
    "hard-swish, layers": lambda x: layers.Multiply()(
        [x, layers.Rescaling(1 / 6)(layers.ReLU(6.0)(x + 3.0))]
    ),
    "difference": lambda x: layers.Subtract()([layers.Conv2D(16, 1)(x), x]),
    "factor of channels": lambda x: x * np.arange(16.0, dtype="float32"),
    "normalisation": layers.Normalization(mean=[0.1] * 16, variance=[2.0] * 16),
    "squeeze and excite": lambda x: (
        x * layers.Conv2D(16, 1, activation="sigmoid")(ops.mean(x, (1, 2), keepdims=True))
    ),
    "shuffle, ops": lambda x: ops.reshape(
        ops.transpose(ops.reshape(x, (-1, 16, 16, 4, 4)), (0, 1, 2, 4, 3)), (-1, 16, 16, 16)
    ),
    "average": lambda x: layers.Average()([x, layers.Conv2D(16, 1)(x)]),
    "slice": lambda x: x[:, 1:, 1:, :],
    "dense of a map": layers.Dense(16, activation="relu"),
    "multiplier": layers.DepthwiseConv2D(3, depth_multiplier=2),
    "pre-activation": lambda x: layers.Add()(
        [layers.Conv2D(16, 1)(layers.ReLU()(x)), layers.Conv2D(16, 1)(x)]
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_pattern_between_convolutions_comes_to_the_dpu(name: str) -> None:
    given = keras.Input((16, 16, 16))
    x = WHOLE[name](layers.Conv2D(16, 3, padding="same")(given))
    x = layers.Conv2D(8, 1)(layers.Conv2D(8, 3, padding="same")(x))
    model = keras.Model(given, x)
    fixed = fix(model, TARGET)
    assert fixed.before.summary.cpu_ops > fixed.after.summary.cpu_ops == 0
    assert same_outputs(model, fixed.model)


NETWORK = """
import keras
given = keras.Input((16, 16, 3))
x = keras.layers.Conv2D(8, 3, activation="hard_swish", name="first")(given)
model = keras.Model(given, keras.layers.Conv2D(8, 3, name="last")(x), name="net")
"""


def test_the_command_writes_the_fixed_model(
    vai_inspect: Any,  # noqa: F811
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)
    code, out, _ = vai_inspect("fix", "net.py:model", "-t", "KV260", "--output", "fixed.keras")
    assert code == 0
    assert "quantised-form (exact), 1 operator: first/hard_silu" in out
    assert "written: fixed.keras" in out
    code, out, _ = vai_inspect("fix", "fixed.keras", "-t", "KV260")
    assert code == 2
    code, out, _ = vai_inspect("fix", "fixed.keras", "-t", "KV260", "--trust")
    assert code == 0
    assert "(exact)" not in out


@pytest.mark.parametrize(
    ("output", "told"),
    [("x.pt2", ".keras for a Keras model"), ("no/x.keras", "there is no folder no")],
)
def test_another_output_is_refused_in_one_line(
    vai_inspect: Any,  # noqa: F811
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    output: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)
    code, out, err = vai_inspect("fix", "net.py:model", "-t", "KV260", "--output", output)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_several_inputs_and_outputs_keep_their_structure() -> None:
    image, other = keras.Input(SHAPE, name="image"), keras.Input(SHAPE, name="other")
    x = conv("a", activation="hard_swish")(image)
    y = conv("b")(x + conv("c")(other))
    model = keras.Model({"image": image, "other": other}, {"y": y, "x": conv("d")(x)})
    fixed = fix(model, TARGET)
    assert fixed.changes
    given = {name: np.ones((1, *SHAPE), "float32") for name in ("image", "other")}
    before, after = model(given), fixed.model(given)
    assert list(before) == list(after)
    assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before)


OPEN_LEFT: List[Tuple[str, Callable[[Any], Any]]] = [
    ("split-pool", layer("GlobalAveragePooling2D")),
    ("split-pool", layer("GlobalAveragePooling2D", keepdims=True)),
    ("split-pool", bare(lambda x: ops.mean(x, axis=(1, 2), keepdims=True))),
    ("split-pool", layer("AveragePooling2D", pool_size=4, padding="same")),
    ("quantised-form", layer("GlobalMaxPooling2D")),
    ("quantised-form", layer("GlobalMaxPooling2D", keepdims=True)),
    ("crop-to-depthwise", bare(lambda x: x[:, :6, :7])),
    ("crop-to-depthwise", bare(lambda x: x[:, -6:])),
    ("quantised-form", bare(lambda x: ops.reshape(x, (-1, 64, 4)))),
    ("shuffle-to-convolution", bare(lambda x: layers.Reshape((8, 8, 2, 2))(x))),
]
OPEN_DONE: List[Tuple[str, Callable[[Any], Any]]] = [
    ("split-pool", layer("AveragePooling2D", pool_size=4)),
    ("split-pool", layer("AveragePooling2D", pool_size=8)),
    ("chain-max-pool", layer("MaxPooling2D", pool_size=9, strides=1, padding="same")),
    ("mean-to-pool", bare(lambda x: ops.mean(x, axis=(1, 2)))),
    ("channel-mean", bare(lambda x: ops.mean(x, axis=-1, keepdims=True))),
    ("crop-to-depthwise", bare(lambda x: x[:, 1:, :-2])),
    ("crop-to-depthwise", layer("Cropping2D", cropping=((1, 0), (2, 3)))),
    ("keras-pad", bare(lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))))),
    ("dense-to-convolution", layer("Dense", units=3)),
    ("quantised-form", bare(lambda x: ops.max_pool(x, 2))),
    ("parameter-to-depthwise", layer("Rescaling", scale=[1.0, 2.0, 3.0, 4.0])),
]


@pytest.mark.parametrize(("rewrite", "body"), OPEN_LEFT)
def test_what_holds_for_one_size_is_left_where_sizes_are_open(
    rewrite: str, body: Callable[[Any], Any]
) -> None:
    start = changeable(network(body, (None, None, 4)), (1, *SHAPE))
    changed = start.apply(rewrite, ["here"])
    assert changed.model is None
    reason = "no part" if "shuffle" in rewrite else "build the model for one size"
    assert reason in changed.left["here"]


@pytest.mark.parametrize("size", [256, None])
def test_a_large_pool_is_split_for_one_size_alone(size: Any) -> None:
    def body(x: Any) -> Any:
        return conv("last")(layer("GlobalAveragePooling2D", keepdims=True)(x))

    fixed = fix(network(body, (size, size, 4)), TARGET, (1, 256, 256, 4))
    assert [one.rule for one in fixed.changes] == (["split-pool"] if size else [])
    assert [one.reason for one in fixed.left if "one size" in one.reason] or size


@pytest.mark.parametrize(("rewrite", "body"), OPEN_DONE)
def test_what_is_done_with_open_sizes_holds_for_other_sizes(
    rewrite: str, body: Callable[[Any], Any]
) -> None:
    model = network(body, (None, None, 4))
    start = changeable(model, (1, *SHAPE))
    changed = done(start, rewrite, ["here"])
    assert start.error_of(changed) < EXACT
    assert changed.model.input_shape == (None, None, None, 4)
    for size in ((8, 8, 4), (11, 16, 4), (24, 9, 4)):
        assert same_outputs(model, changed.model, size)


def test_a_convolution_along_an_open_length_holds_for_every_length() -> None:
    model = network(layer("Conv1D", filters=3, kernel_size=3, strides=2), (None, 4))
    start = changeable(model, (1, 16, 4))
    changed = done(start, "one-d-to-two-d", ["here"])
    assert start.error_of(changed) < EXACT
    for length in (16, 9, 30):
        assert same_outputs(model, changed.model, (length, 4))


def test_the_check_sees_what_holds_for_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from vai_inspect.frontends.keras.rewrite.sites import Site

    monkeypatch.setattr(Site, "open_size", False)
    for rewrite, body in OPEN_LEFT[:8]:
        start = changeable(network(body, (None, None, 4)), (1, *SHAPE))
        assert start.error_of(done(start, rewrite, ["here"])) > 1e-3


def test_a_nested_model_of_open_sizes_has_those_that_it_is_called_with() -> None:
    def pooled(kind: str) -> Any:
        given = keras.Input((None, None, 4))
        return keras.Model(given, layers.Dense(3)(layer(kind)(given)), name="inner")

    for rewrite, kind in (
        ("split-pool", "GlobalAveragePooling2D"),
        ("quantised-form", "GlobalMaxPooling2D"),
    ):
        model = network(pooled(kind))
        start = changeable(model)
        changed = done(start, rewrite, ["inner/here"])
        assert start.error_of(changed) < EXACT
        assert same_outputs(model, changed.model)
        open_ = changeable(network(pooled(kind), (None, None, 4)), (1, *SHAPE))
        assert open_.apply(rewrite, ["inner/here"]).model is None


def test_open_channels_are_left() -> None:
    given = keras.Input((8, 8, None))
    model = keras.Model(given, bare(lambda x: ops.mean(x, axis=-1, keepdims=True))(given))
    changed = changeable(model, (1, 8, 8, 4)).apply("channel-mean", ["here"])
    assert "number of its channels is open" in changed.left["here"]


def test_open_sizes_stay_open() -> None:
    model = network(lambda x: conv("d")(conv("c", activation="hard_swish")(x)), (None, None, 4))
    fixed = fix(model, TARGET, (1, 16, 16, 4))
    assert fixed.changes
    assert fixed.model.input_shape == (None, None, None, 4)


def test_mixed_precision_is_kept() -> None:
    given = keras.Input(SHAPE)
    x = conv("a", activation="hard_swish", dtype="mixed_float16")(given)
    model = keras.Model(given, conv("b", dtype="mixed_float16")(x))
    fixed = fix(model, TARGET)
    assert fixed.changes
    assert fixed.changes[0].max_error < EXACT
    assert {one.dtype_policy.name for one in fixed.model.layers[1:] if one.weights} == {
        "mixed_float16"
    }


PATTERNS: List[Callable[[Any], Any]] = [
    lambda x: layers.Activation("hard_swish")(x),
    lambda x: ops.square(x),
    lambda x: x + conv_like(x),
    lambda x: layers.ReLU()(layers.MaxPooling2D(3, 1, "same")(x)),
    lambda x: x * written_gate(x),
    lambda x: layers.SpatialDropout2D(0.3)(x),
    lambda x: ops.pad(x, ((0, 0), (1, 0), (0, 1), (0, 0))),
    lambda x: layers.Subtract()([conv_like(x), x]),
    lambda x: x / 3.0,
    lambda x: layers.Conv2D(4, 3, padding="same", groups=2)(x),
    lambda x: layers.DepthwiseConv2D(3, padding="same", activation="relu")(x),
    lambda x: layers.Add()([x, x * 0.5]),
    lambda x: layers.Add()([conv_like(layers.ReLU()(x)), x]),
    lambda x: x[:, 1:, :-1],
    lambda x: layers.Dense(4, activation="relu")(x),
]


def conv_like(x: Any) -> Any:
    return layers.Conv2D(x.shape[-1], 1)(x)


def written_gate(x: Any) -> Any:
    return ops.relu6(conv_like(x) + 3.0) * (1 / 6)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    parts=st.lists(st.sampled_from(range(len(PATTERNS))), min_size=2, max_size=4),
    headed=st.booleans(),
)
def test_fix_never_changes_outputs_nor_makes_it_worse(parts: List[int], headed: bool) -> None:
    def body(x: Any) -> Any:
        for part in parts:
            x = PATTERNS[part](conv_like(x))
        return layers.Dense(3)(ops.mean(x, axis=(1, 2))) if headed else x

    model = network(body)
    fixed = fix(model, TARGET)
    assert not fixed.difference.worse
    assert same_outputs(model, fixed.model)
    assert not fix(fixed.model, TARGET).changes


def done(start: Changeable, rewrite: str, names: List[str]) -> Changeable:
    changed = start.apply(rewrite, names)
    assert not changed.left
    assert changed.model is not None
    return changed.model


def written(operation: Any) -> Any:
    config = operation.get_config() if isinstance(operation, layers.Layer) else None
    return type(operation), config


def operations_of(model: Any) -> List[Any]:
    found = getattr(model, "_operations", None) or model.layers
    return [one for one in found if type(one).__name__ != "InputLayer"]


def classes_of(model: Any) -> List[str]:
    return [type(one).__name__ for one in operations_of(model)]


def same_outputs(first: Any, second: Any, shape: Any = None) -> bool:
    """Float32 outputs of the user's own weights, on random inputs."""
    random = np.random.RandomState(1)
    sizes = tuple(first.input_shape[1:]) if shape is None else shape
    x = random.standard_normal((2, *sizes)).astype("float32")
    one, other = (np.asarray(model(x, training=False)) for model in (first, second))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-4))
