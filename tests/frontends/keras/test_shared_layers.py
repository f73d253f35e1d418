"""Layers that a model calls more than once: a warning, and a message on their operators.

Executed with release 3.5: the conversion fails on a shared Conv2D or Dense (K42, Vitis-AI issue
1423), and drops all but the first call of a shared ReLU without an error (K43).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import keras
import pytest
from keras import layers

from vai_inspect.core.inspection import Inspection
from vai_inspect.keras import Inspector

Build = Callable[[Any], Any]


def twice(first: Any, second: Any) -> Build:
    """Two layers, or one that is called twice, with a convolution between."""
    return lambda x: second(layers.Conv2D(4, 1)(first(x)))


def nested_twice(first: Any, second: Any) -> Build:
    return lambda x: second(first(x))


def inner(name: str) -> Any:
    data = keras.Input((8, 8, 4))
    output = layers.ReLU(name="act")(layers.Conv2D(4, 1, name="conv")(data))
    return keras.Model(data, output, name=name)


FAILS, DROPS = "conversion of the quantised file fails", "drops the others without an error"

Make = Callable[[str], Any]
CASES: Dict[str, Tuple[Make, Callable[[Any, Any], Build], Dict[str, Tuple[int, str]], str]] = {
    "K42: Conv2D": (
        lambda name: layers.Conv2D(4, 1, name=name),
        twice,
        {"shared": (2, FAILS)},
        "fails for layers with weights (shared)",
    ),
    "K42: Dense": (
        lambda name: layers.Dense(4, name=name),
        twice,
        {"shared": (2, FAILS)},
        "fails for layers with weights (shared)",
    ),
    "K42: with an activation": (
        lambda name: layers.Conv2D(4, 1, activation="relu", name=name),
        twice,
        {"shared": (4, FAILS)},
        "fails for layers with weights (shared)",
    ),
    "K43: ReLU": (
        lambda name: layers.ReLU(name=name),
        twice,
        {"shared": (2, DROPS)},
        "silently drops all but the first call of layers without weights (shared)",
    ),
    "a model within": (
        inner,
        nested_twice,
        {"shared/conv": (2, FAILS), "shared/act": (2, DROPS)},
        "fails for layers with weights (shared/conv) and silently drops all but the first call of "
        "layers without weights (shared/act)",
    ),
}


def inspected(model: Any, **options: Any) -> Inspection:
    return Inspector("DPUCZDX8G_ISA1_B4096", **options).inspect(
        model, output_dir=None, verbose_level=0
    )


def around(build: Build) -> Any:
    x = keras.Input((8, 8, 4), name="x")
    return keras.Model(x, build(layers.Conv2D(4, 1, name="before")(x)), name="m")


@pytest.mark.parametrize("source", ["live", "m.keras", "m.h5"])
@pytest.mark.parametrize("case", CASES)
def test_shared_layer(case: str, source: str, tmp_path: Path) -> None:
    make, build, told, warning = CASES[case]
    layer = make("shared")
    model: Any = around(build(layer, layer))
    if source != "live":
        model.save(tmp_path / source)
        model = tmp_path / source
    apart = inspected(around(build(make("one"), make("two"))))
    for convert in (True, False):
        result = inspected(model, convert=convert)
        assert [op.device for op in result.ops] == [op.device for op in apart.ops]
        assert [warning in text for text in result.warnings] == [True]
        for name, (number, message) in told.items():
            ops = result.find(name)
            assert len(ops) == number
            for op in ops:
                assert [message in text for text in op.messages if "is called" in text] == [True]
                assert "layer {} is called 2 times".format(name) in " ".join(op.messages)
    assert apart.warnings == ()


def test_many_of_them_are_counted() -> None:
    shared = [layers.ReLU(name="act{}".format(number)) for number in range(5)]

    def build(x: Any) -> Any:
        for layer in shared + shared:
            x = layer(x)
        return x

    (warning,) = inspected(around(build)).warnings
    assert "(act0, act1, act2 and 2 more)" in warning


@pytest.mark.parametrize(
    "build",
    [
        twice(*[layers.Dropout(0.1)] * 2),
        lambda x: layers.Conv2D(4, 1)(layers.Conv2D(4, 1)(x)),
        lambda x: x + (x + x),
    ],
    ids=("Dropout, which is removed", "two layers", "bare operations"),
)
def test_nothing_is_told_of_what_is_not_shared(build: Build) -> None:
    assert inspected(around(build)).warnings == ()


def test_calls_of_another_model_do_not_count() -> None:
    conv = layers.Conv2D(4, 1, name="conv")
    around(conv)
    assert inspected(around(conv)).warnings == ()
