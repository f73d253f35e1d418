"""What the vendor's Keras quantiser makes of a model, and that it is left out on request."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Callable, Dict, List, Tuple

import keras
import numpy
import pytest
from keras import layers

from tests.frontends.keras.reading import inner_ops
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.keras.average_pool import dpu_scale

B4096 = "DPUCZDX8G_ISA1_B4096"
Tensor = Any


def after_conv(build: Callable[[Tensor], Tensor]) -> Any:
    x = keras.Input((8, 8, 4), name="x")
    return keras.Model(x, build(layers.Conv2D(4, 1, name="conv")(x)), name="m")


def hard_sigmoid(x: Tensor, factor: float = 1 / 6, shift: float = 3.0) -> Tensor:
    return layers.ReLU(6.0, name="rectify")(x + shift) * factor


def two_readers(x: Tensor) -> Tensor:
    inner = layers.ReLU(6.0)(x + 3.0)
    return layers.Concatenate()([inner * (1 / 6), inner])


CASES: Dict[str, Tuple[Callable[[Tensor], Tensor], List[str], List[str]]] = {
    "K12: slope 0.1": (layers.LeakyReLU(negative_slope=0.1), ["leaky-relu"], ["slope 0.1"]),
    "slope 26/256": (layers.LeakyReLU(negative_slope=26 / 256), ["leaky-relu"], []),
    "K12: slope 0.3": (layers.LeakyReLU(negative_slope=0.3), ["leaky-relu"], []),
    "K64: the slope of a ReLU": (
        layers.ReLU(negative_slope=0.1),
        ["leaky-relu"],
        ["keeps the slope 0.1 of ReLU(negative_slope=0.1)"],
    ),
    "K64: another slope of a ReLU": (layers.ReLU(negative_slope=0.2), ["leaky-relu"], []),
    "K07: sigmoid": (layers.Activation("sigmoid"), ["hard-sigmoid"], ["sigmoid to hard-sigmoid"]),
    "K07: swish": (layers.Activation("swish"), ["hard-swish"], ["swish to hard-swish"]),
    "K07: a layer's own swish": (
        layers.Conv2D(2, 1, activation="silu"),
        ["conv2d", "hard-swish"],
        ["swish to hard-swish"],
    ),
    "tanh": (layers.Activation("tanh"), ["tanh"], []),
    "K08: a bare sigmoid": (keras.ops.sigmoid, ["sigmoid"], []),
    "K09: written out": (hard_sigmoid, ["hard-sigmoid"], ["into one hard-sigmoid"]),
    "K10: written out, factor first": (
        lambda x: (1 / 6) * layers.ReLU(6.0)(x + 3.0),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "K10: written out, shift first": (
        lambda x: layers.ReLU(6.0)(3.0 + x) * (1 / 6),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "K10: divided by 6": (
        lambda x: layers.ReLU(6.0)(x + 3.0) / 6.0,
        ["const", "add", "relu6", "const", "div"],
        [],
    ),
    "K62: another factor": (
        lambda x: hard_sigmoid(x, factor=0.2),
        ["hard-sigmoid"],
        ["relu6(x + 3) * 0.2 into a hard-sigmoid"],
    ),
    "K62: another shift": (
        lambda x: hard_sigmoid(x, shift=2.5),
        ["hard-sigmoid"],
        ["relu6(x + 2.5) * 0.166667 into a hard-sigmoid"],
    ),
    "a factor for each channel": (
        lambda x: layers.ReLU(6.0)(x + 3.0) * numpy.full(4, 1 / 6, "float32"),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "a Rescaling is no bare product": (
        lambda x: layers.Rescaling(1 / 6)(layers.ReLU(6.0)(x + 3.0)),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "K10: a bare relu6": (
        lambda x: keras.ops.relu6(x + 3.0) * (1 / 6),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "read in between": (two_readers, ["const", "add", "relu6", "const", "mul", "concat"], []),
    "hard-swish written out": (
        lambda x: layers.Multiply(name="gate")([x, hard_sigmoid(x)]),
        ["hard-swish"],
        ["one hard-swish", "into one hard-sigmoid"],
    ),
    "swish written out": (
        lambda x: layers.Multiply()([layers.Activation("sigmoid")(x), x]),
        ["hard-swish"],
        ["one hard-swish", "sigmoid to hard-sigmoid"],
    ),
    "a gate of another tensor": (
        lambda x: layers.Multiply()(
            [layers.MaxPooling2D(3, 1, "same")(x), layers.Activation("sigmoid")(x)]
        ),
        ["maxpool2d", "hard-sigmoid", "mul"],
        ["sigmoid to hard-sigmoid"],
    ),
    "average of 7x7": (layers.AveragePooling2D(7), ["avgpool2d"], ["1029/1024 = 1.00488"]),
    "average of 2x2": (layers.AveragePooling2D(2), ["avgpool2d"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_conversion(case: str) -> None:
    build, kinds, messages = CASES[case]
    captured = capture(after_conv(build))
    before = [op.kind for op in inner_ops(captured.graph)]
    ops = inner_ops(quantized(captured).graph)[1:]
    assert [op.kind for op in ops] == kinds
    told = [message for op in ops for message in op.messages]
    assert len(told) == len(messages)
    assert all(want in got for want, got in zip(messages, told))
    assert [op.kind for op in inner_ops(captured.graph)] == before


def test_a_conversion_keeps_names_origins_and_outputs() -> None:
    build, _, _ = CASES["hard-swish written out"]
    graph = quantized(capture(after_conv(build))).graph
    (op,) = [op for op in graph if op.kind == "hard-swish"]
    assert (op.name, op.origin.layers) == ("gate", ("gate", "multiply", "add", "rectify"))
    assert [value.op for value in op.inputs] == ["conv"]
    assert graph["return"].inputs[0].op == "gate"


@pytest.mark.parametrize(
    ("kernel", "whole", "scale"),
    [
        ((2, 2), False, Fraction(1)),
        ((3, 3), False, Fraction(63, 64)),
        ((5, 5), False, Fraction(250, 256)),
        ((6, 6), False, Fraction(252, 256)),
        ((7, 7), True, Fraction(1029, 1024)),
        ((14, 14), True, Fraction(4116, 4096)),
        # 12 elements, n below ceil(log2(12 * 128)) = 11: 12 * 85 / 1024
        ((4, 3), False, Fraction(1020, 1024)),
        ((2, 6), True, Fraction(252, 256)),
        ((256, 1), False, Fraction(1)),
    ],
)
def test_scale_of_the_dpus_mean(kernel: Any, whole: bool, scale: Fraction) -> None:
    assert dpu_scale(kernel, whole) == scale


def inspected(model: Any, **options: Any) -> Any:
    return Inspector(B4096, **options).inspect(model, output_dir=None, verbose_level=0)


def test_verdicts_with_and_without() -> None:
    model = after_conv(layers.Activation("swish", name="act"))
    (with_it,) = inspected(model).find("act")
    (without,) = inspected(model, convert=False).find("act")
    assert (with_it.type, with_it.device.value) == ("hard-swish", "dpu")
    assert (without.type, without.device.value) == ("swish", "cpu")
    assert not without.messages


def test_the_slope_of_a_relu_cuts_the_network() -> None:
    """Executed, 3.5: the transform matches the class LeakyReLU alone."""
    for layer, subgraphs in (
        (layers.LeakyReLU(negative_slope=0.1, name="act"), 1),
        (layers.ReLU(negative_slope=0.1, name="act"), 2),
    ):
        result = inspected(after_conv(lambda x, act=layer: layers.Conv2D(4, 1)(act(x))))
        (op,) = result.find("act")
        assert (op.type, op.device.value) == ("leaky-relu", "dpu" if subgraphs == 1 else "cpu")
        assert result.summary.dpu_subgraphs == subgraphs


def test_what_becomes_another_function_is_a_warning_of_the_whole() -> None:
    def build(x: Tensor) -> Tensor:
        x = layers.Activation("swish", name="a")(x)
        return layers.Activation("sigmoid", name="b")(layers.Conv2D(4, 1)(x))

    (told,) = quantized(capture(after_conv(build))).warnings
    assert "sigmoid by hard-sigmoid (1 operator) and swish by hard-swish (1 operator)" in told
    assert quantized(capture(after_conv(layers.ReLU()))).warnings == ()
