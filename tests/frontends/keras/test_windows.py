"""Pads and crops as figures, against Keras's own output shapes and values."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest

from tests.frontends.keras.reading import graph_of, inner_ops, model_of
from vai_inspect.core.ir import Op
from vai_inspect.frontends.keras import capture

L = keras.layers


def padded(values: Any, op: Op, fill: float) -> Any:
    left, right, top, bottom = op.attributes()["pad"]
    return np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_pool_and_convolution_windows(kernel: int, stride: int, padding: str) -> None:
    # `capture` verifies each graph: the pads must give exactly the shape that Keras reports.
    for height, width in itertools.product((6, 7, 8), (9, 10)):
        for layer in (
            L.MaxPooling2D(kernel, stride, padding),
            L.AveragePooling2D((kernel, kernel + 1), stride, padding),
            L.Conv2D(1, (kernel + 1, kernel), stride, padding),
            L.DepthwiseConv2D(kernel, stride, padding),
        ):
            model = model_of(layer, shape=(height, width, 2))
            graph = capture(model).graph
            assert graph.ops[-1].output.shape == (1,) + model.output_shape[1:]


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_dilated_windows(dilation: int) -> None:
    for size, kernel in itertools.product((7, 8), (2, 3)):
        layer = L.Conv2D(1, kernel, padding="same", dilation_rate=dilation)
        (op,) = inner_ops(graph_of(layer, shape=(size, size, 1)))
        assert op.output.shape[1:3] == (size, size)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(7, 3, 2), (8, 3, 2), (9, 4, 3), (6, 2, 1)])
def test_same_pads_lie_where_keras_puts_them(size: int, kernel: int, stride: int) -> None:
    same = model_of(L.Conv2D(1, kernel, stride, "same", use_bias=False), shape=(size, size, 1))
    valid = model_of(L.Conv2D(1, kernel, stride, "valid", use_bias=False), shape=(None, None, 1))
    valid.set_weights(same.get_weights())
    values = np.random.default_rng(0).normal(size=(1, size, size, 1)).astype("float32")
    (op,) = inner_ops(capture(same).graph)
    want, got = same(values), valid(padded(values, op, 0.0))
    np.testing.assert_allclose(got, want, atol=1e-5)


GRID = list(itertools.product((3, 4), (1, 2, 3, 4, 5), (1, 2, 3, 4), ("same", "valid")))


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GRID)
def test_transposed_identity(size: int, kernel: int, stride: int, padding: str) -> None:
    paddings = [None] if stride == 1 else [None, 0, stride - 1]
    for output_padding in paddings:
        try:
            layer = L.Conv2DTranspose(1, kernel, stride, padding, output_padding=output_padding)
            model = model_of(layer, shape=(size, size + 1, 1))
        except ValueError:
            continue  # Keras itself refuses some output paddings.
        (op,) = inner_ops(capture(model).graph)
        attrs = op.attributes()
        left, right, top, bottom = attrs["pad"]
        for axis, (extent, pads) in enumerate(((size + 1, left + right), (size, top + bottom))):
            output = (extent - 1) * attrs["stride"][axis] + attrs["kernel"][axis]
            output += attrs["output_padding"][axis] - pads
            assert output == model.output_shape[2 - axis]
        assert min(attrs["pad"]) >= 0


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_transposed_dilated(dilation: int) -> None:
    layer = L.Conv2DTranspose(1, 3, padding="same", dilation_rate=dilation)
    (op,) = inner_ops(graph_of(layer, shape=(5, 6, 1)))
    assert op.output.shape == (1, 5, 6, 1)
    assert op.attributes()["pad"] == [dilation] * 4


@pytest.mark.parametrize(("kernel", "stride"), [(4, 2), (3, 2), (5, 2), (5, 3), (2, 3)])
def test_transposed_crop_lies_where_keras_puts_it(kernel: int, stride: int) -> None:
    same = model_of(L.Conv2DTranspose(1, kernel, stride, "same", use_bias=False), shape=(4, 4, 1))
    full = model_of(
        L.Conv2DTranspose(1, kernel, stride, "valid", use_bias=False, output_padding=0),
        shape=(4, 4, 1),
    )
    full.set_weights(same.get_weights())
    values = np.random.default_rng(0).normal(size=(1, 4, 4, 1)).astype("float32")
    (op,) = inner_ops(capture(same).graph)
    left, _, top, _ = op.attributes()["pad"]
    want, got = np.asarray(same(values)), np.asarray(full(values))
    got = got[:, top : top + want.shape[1], left : left + want.shape[2]]
    np.testing.assert_allclose(got, want[:, : got.shape[1], : got.shape[2]], atol=1e-5)
