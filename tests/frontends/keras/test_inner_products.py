"""Inner products however they are written."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

import numpy  # noqa: E402

from tests.frontends.keras.reading import inner_ops, model_of  # noqa: E402
from vai_inspect.frontends.keras import capture  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402

ops, layers = keras.ops, keras.layers
MATRIX = numpy.zeros((8, 5), "float32")


def dense(equation, output, bias=None):
    return layers.EinsumDense(equation, output_shape=output, bias_axes=bias)


FORMS = {
    "Dense": (lambda x: layers.Dense(5)(x), ["inner-product"], 4 * 8 * 5),
    "matmul": (lambda x: ops.matmul(x, MATRIX), ["inner-product"], 4 * 8 * 5),
    "by name": (lambda x: ops.matmul(x2=MATRIX, x1=x), ["inner-product"], 4 * 8 * 5),
    "EinsumDense": (lambda x: dense("abc,cd->abd", (None, 5), "d")(x), ["inner-product"], 160),
    "ellipsis": (lambda x: dense("...x,xy->...y", 5)(x), ["inner-product"], 160),
    "two axes": (
        lambda x: dense("abc,cde->abde", (None, 5, 3), "de")(x),
        ["inner-product", "reshape"],
        480,
    ),
    "a bias of one of them": (
        lambda x: dense("abc,cde->abde", (None, 5, 3), "e")(x),
        ["inner-product", "reshape", "const", "add"],
        480,
    ),
    "not over the last axis": (lambda x: dense("abc,bd->adc", (6, 8))(x), ["unknown"], 4 * 8 * 6),
    "two maps": (
        lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
        ["transpose", "matmul"],
        128,
    ),
}


def model(name):
    x = keras.Input((4, 8))
    return keras.Model(x, FORMS[name][0](x))


@pytest.mark.parametrize("name", FORMS)
def test_inner_products(name):
    graph = capture(model(name)).graph
    assert [op.kind for op in inner_ops(graph)] == FORMS[name][1]
    products = [op for op in graph if op.kind == "inner-product"]
    assert len(products) == FORMS[name][1].count("inner-product")
    for op in products:
        assert op.param("weights").shape == (
            (15, 8) if "axes" in name or "bias" in name else (5, 8)
        )


@pytest.mark.parametrize("name", FORMS)
def test_their_multiply_accumulates_are_known_and_dense_alone_is_quantised(name):
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model(name), None, "cpu", None, 0)
    assert [op.macs for op in result.ops if op.macs] == [FORMS[name][2]]
    products = [op for op in result.ops if op.type == "inner-product"]
    for op in products if name != "Dense" else ():
        assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
        remedies = [one.suggestion for one in op.findings]
        assert "use keras.layers.Dense with these weights, which computes the same" in remedies


def test_the_same_from_a_file(tmp_path):
    made = model_of(dense("abc,cd->abd", (None, 5), "d"), shape=(4, 8))
    made.save(tmp_path / "m.keras")
    (op,) = inner_ops(capture(tmp_path / "m.keras").graph)
    assert (op.kind, op.param("weights").shape, op.param("bias").shape) == (
        "inner-product",
        (5, 8),
        (5,),
    )
