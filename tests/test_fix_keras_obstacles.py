"""`fix` for Keras removes obstacles of the quantiser whose remedy is exact."""

from __future__ import annotations

from typing import Any, Callable, Dict, Set, Tuple

import numpy as np
import pytest

keras: Any = pytest.importorskip("keras", minversion="3.0")
pytest.importorskip("tensorflow")

from tests.test_fix_keras import (  # noqa: E402
    EXACT,
    SHAPE,
    TARGET,
    conv,
    layer,
    network,
    same_outputs,
)
from vai_inspect.core.findings import Effect  # noqa: E402
from vai_inspect.frontends.keras.rewrite import PROGRAMS, changeable  # noqa: E402
from vai_inspect.keras import fix  # noqa: E402
from vai_inspect.rules.quantizers.keras_obstacles import KERAS  # noqa: E402
from vai_inspect.rules.quantizers.release import RELEASES  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]
layers = keras.layers
Body = Callable[[Any], Any]


def backbone(name: str = "backbone") -> Any:
    given = keras.Input(SHAPE)
    value = layers.BatchNormalization(name="norm")(conv("c")(given))
    return keras.Model(given, layers.ReLU(name="act")(value), name=name)


def around(inner: Any) -> Any:
    return keras.Sequential([keras.Input(SHAPE), inner, conv("d")], name="around")


def twice(x: Any) -> Any:
    shared = backbone()
    return shared(shared(x))


def joined(x: Any) -> Any:
    """Two nested models whose layers have the same names, one within another."""
    return layers.Add()([backbone("left")(x), around(backbone("right"))(x)])


def last(body: Body) -> Body:
    return lambda x: conv("last")(body(x))


NESTED, SEPARABLE = "keras.model.nested", "keras.separable.activation"
FIRST = "keras.operators.constant_first"
CASES: Dict[str, Tuple[str, str, Body, Tuple[str, ...]]] = {
    "a batch norm that is folded": (
        "keras.batch_norm.without_center",
        "batch-norm-beta",
        lambda x: layers.BatchNormalization(center=False)(x),
        RELEASES,
    ),
    "a batch norm after a ReLU, without scale too": (
        "keras.batch_norm.without_center",
        "batch-norm-beta",
        lambda x: layers.BatchNormalization(center=False, scale=False)(layers.ReLU()(x)),
        ("3.5",),
    ),
    "a separable convolution": (
        SEPARABLE,
        "split-separable",
        layer("SeparableConv2D", filters=5, kernel_size=3, strides=2, activation="relu"),
        ("3.0", "3.5"),
    ),
    "a separable convolution with dilation and without bias": (
        SEPARABLE,
        "split-separable",
        layer("SeparableConv2D", filters=5, kernel_size=3, dilation_rate=2, activation="relu",
              use_bias=False, padding="same"),
        ("3.5",),
    ),
    "a model": (NESTED, "flatten-nested", lambda x: backbone()(x), ("2.5", "3.0")),
    "a model, called twice": (NESTED, "flatten-nested", twice, ("3.0",)),
    "a model within a model": (NESTED, "flatten-nested", joined, ("3.0",)),
    "3. + x": (FIRST, "constant-sum", last(lambda x: 3.0 + x), ("3.5",)),
    "3. * x": (FIRST, "constant-sum", last(lambda x: 3.0 * x), ("3.5",)),
    "3. - x": (FIRST, "subtract", last(lambda x: 3.0 - x), ("3.5",)),
}  # fmt: skip
"""Obstacle, rewrite, network and releases."""


EACH = [
    pytest.param(*case[:3], release, id=f"{name}, {release}")
    for name, case in CASES.items()
    for release in case[3]
]


@pytest.mark.parametrize(("obstacle", "rewrite", "body", "release"), EACH)
def test_an_obstacle_is_removed_and_the_function_stays(
    obstacle: str, rewrite: str, body: Body, release: str
) -> None:
    model = network(body)
    fixed = fix(model, TARGET, release=release)
    assert obstacle in blocking(fixed.before)
    assert not blocking(fixed.after)
    assert rewrite in [one.rule for one in fixed.changes]
    assert all(one.effect == "exact" and one.max_error < EXACT for one in fixed.changes)
    assert not fixed.difference.worse
    assert same_outputs(model, fixed.model)


def test_a_separable_convolution_of_an_old_release_comes_to_the_dpu() -> None:
    model = network(layer("SeparableConv2D", filters=5, kernel_size=3, activation="relu"))
    fixed = fix(model, TARGET, release="2.5")
    assert [one.rule for one in fixed.changes] == ["split-separable"]
    assert fixed.after.summary.cpu_ops == 0 < fixed.before.summary.cpu_ops
    assert same_outputs(model, fixed.model)


def test_a_sequential_model_with_a_backbone_is_flattened() -> None:
    model = keras.Sequential([keras.Input(SHAPE), backbone(), layers.Flatten(), layers.Dense(2)])
    fixed = fix(model, TARGET, release="3.0")
    assert [one.rule for one in fixed.changes] == ["flatten-nested"]
    names = [one.name for one in fixed.model.layers[1:4]]
    assert names == ["c", "norm", "act"]
    assert np.array_equal(fixed.model.get_layer("c").kernel, model.layers[0].get_layer("c").kernel)
    assert same_outputs(model, fixed.model)


LEFT = [
    ("batch-norm-beta", layer("BatchNormalization"), "no batch norm without a beta"),
    ("split-separable", layer("DepthwiseConv2D", kernel_size=3), "no SeparableConv2D"),
    ("flatten-nested", layer("ReLU"), "no nested model"),
]


@pytest.mark.parametrize(("rewrite", "body", "reason"), LEFT)
def test_what_a_program_cannot_do_is_left_with_the_reason(
    rewrite: str, body: Body, reason: str
) -> None:
    changed = changeable(network(body)).apply(rewrite, ["here"])
    assert changed.model is None
    assert reason in changed.left["here"]


def test_a_remedy_that_is_exact_has_a_program() -> None:
    rules = (*KERAS.obstacles, *KERAS.last)
    exact = {one.id: one.remedy.rewrite for one in rules
             if one.remedy is not None and one.remedy.effect is Effect.EXACT}  # fmt: skip
    assert len(exact) > 8
    assert {id for id, one in exact.items() if one not in PROGRAMS} == {"keras.model.subclassed"}


def test_a_class_of_the_users_is_functional_after_fix() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="own")
            self.conv = conv("c")

        def call(self, x: Any) -> Any:
            return self.conv(x)

    model = Own()
    model(np.zeros((1, *SHAPE), "float32"))
    fixed = fix(model, TARGET)
    assert blocking(fixed.before) == {"keras.model.subclassed"}
    assert not blocking(fixed.after)
    assert same_outputs(model, fixed.model, SHAPE)


def blocking(inspection: Any) -> Set[str]:
    return {one.id for one in inspection.quantizer.blocking}
