"""What the vendor's Keras quantiser makes of a model, and that it is left out on request."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import keras
import pytest
from keras import layers

from tests.frontends.keras.reading import inner_ops
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.keras.average import dpu_scale

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
    "slope 0.1": (layers.LeakyReLU(negative_slope=0.1), ["leaky-relu"], ["slope 0.1"]),
    "slope 26/256": (layers.LeakyReLU(negative_slope=26 / 256), ["leaky-relu"], []),
    "slope 0.3": (layers.LeakyReLU(negative_slope=0.3), ["leaky-relu"], []),
    "sigmoid": (layers.Activation("sigmoid"), ["hard-sigmoid"], ["sigmoid to hard-sigmoid"]),
    "swish": (layers.Activation("swish"), ["hard-swish"], ["swish to hard-swish"]),
    "a layer's own swish": (
        layers.Conv2D(2, 1, activation="silu"),
        ["conv2d", "hard-swish"],
        ["swish to hard-swish"],
    ),
    "tanh": (layers.Activation("tanh"), ["tanh"], []),
    "a bare sigmoid": (keras.ops.sigmoid, ["sigmoid"], []),
    "a named hard-sigmoid": (layers.Activation("hard_sigmoid"), ["hard-sigmoid"], ["by its name"]),
    "a named hard-swish": (layers.Activation("hard_silu"), ["hard-swish"], ["by its name"]),
    "written out": (hard_sigmoid, ["hard-sigmoid"], ["as one hard-sigmoid"]),
    "written out, factor first": (
        lambda x: (1 / 6) * layers.ReLU(6.0)(3 + x),
        ["hard-sigmoid"],
        ["as one hard-sigmoid"],
    ),
    "divided by 6": (
        lambda x: layers.ReLU(6.0)(x + 3.0) / 6.0,
        ["const", "add", "relu6", "const", "div"],
        [],
    ),
    "another factor": (
        lambda x: hard_sigmoid(x, factor=0.2),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "another shift": (
        lambda x: hard_sigmoid(x, shift=2.5),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "a bare relu6": (
        lambda x: keras.ops.relu6(x + 3.0) * (1 / 6),
        ["const", "add", "relu6", "const", "mul"],
        [],
    ),
    "read in between": (two_readers, ["const", "add", "relu6", "const", "mul", "concat"], []),
    "hard-swish written out": (
        lambda x: layers.Multiply(name="gate")([x, hard_sigmoid(x)]),
        ["hard-swish"],
        ["one hard-swish", "as one hard-sigmoid"],
    ),
    "swish written out": (
        lambda x: layers.Multiply()([layers.Activation("sigmoid")(x), x]),
        ["hard-swish"],
        ["one hard-swish", "sigmoid to hard-sigmoid"],
    ),
    "a gate of another tensor": (
        lambda x: layers.Multiply()([layers.MaxPooling2D(1)(x), layers.Activation("sigmoid")(x)]),
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


FLOAT = {
    "Rescaling": (lambda: layers.Rescaling(1 / 255), "before the network"),
    "Average": (lambda: lambda x: layers.Average()([x, x]), "use Add"),
    "GlobalMaxPooling2D": (layers.GlobalMaxPooling2D, "MaxPooling2D"),
    "Cropping2D": (lambda: layers.Cropping2D(1), "does not know the layer Cropping2D"),
    "a bare sum": (lambda: lambda x: x + x, "keras.layers.Add"),
}


@pytest.mark.parametrize("case", FLOAT)
def test_what_the_quantiser_does_not_know_stays_in_float(case: str) -> None:
    build, reason = FLOAT[case]
    graph = quantized(capture(after_conv(build())), convert=False).graph
    found = [op for op in inner_ops(graph)[1:] if op.kind != "const"]
    assert found
    assert all(op.float_only for op in found)
    assert all(reason in "{}; {}".format(op.float_only, op.float_cure) for op in found)


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


def test_layers_of_the_quantiser_and_of_the_user_are_not_said_to_stay_in_float() -> None:
    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    model = after_conv(lambda x: Own()(layers.SeparableConv2D(4, 3)(layers.Add()([x, x]))))
    graph = quantized(capture(model)).graph
    assert [op.float_only for op in inner_ops(graph)] == [None] * len(inner_ops(graph))


def test_what_becomes_another_function_is_a_warning_of_the_whole() -> None:
    def build(x: Tensor) -> Tensor:
        x = layers.Activation("swish", name="a")(x)
        return layers.Activation("sigmoid", name="b")(layers.Conv2D(4, 1)(x))

    (told,) = quantized(capture(after_conv(build))).warnings
    assert "sigmoid by hard-sigmoid (1 operator) and swish by hard-swish (1 operator)" in told
    assert quantized(capture(after_conv(layers.ReLU()))).warnings == ()
