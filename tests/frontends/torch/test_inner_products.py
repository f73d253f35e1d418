"""Inner products however they are written."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import inner_ops, normal_graph  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402


class Product(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(8, 10))
        self.b = nn.Parameter(torch.zeros(10))
        self.cube = nn.Parameter(torch.zeros(8, 2, 5))
        self.function = function

    def forward(self, x):
        return self.function(self, x)


PRODUCTS = {
    "F.linear": lambda m, x: F.linear(x, m.w.t(), m.b),
    "x @ w": lambda m, x: x @ m.w,
    "matmul": lambda m, x: torch.matmul(x, m.w),
    "a method": lambda m, x: x.mm(m.w),
    "mm": lambda m, x: torch.mm(x, m.w),
    "turned weights": lambda m, x: x @ m.w.reshape(10, 8).t(),
    "addmm": lambda m, x: torch.addmm(m.b, x, m.w),
    "einsum": lambda m, x: torch.einsum("bi,io->bo", x, m.w),
    "einsum of a list": lambda m, x: torch.einsum("bi,oi->bo", [x, m.w.t()]),
    "einsum, weights first": lambda m, x: torch.einsum("io,bi->bo", m.w, x),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_constant_matrix_makes_an_inner_product(name):
    (op,) = [
        op for op in inner_ops(normal_graph(Product(PRODUCTS[name]), (2, 8))) if op.kind != "const"
    ]
    assert (op.kind, op.param("weights").shape) == ("inner-product", (10, 8))
    assert (op.param("bias") is not None) == (name in ("F.linear", "addmm"))


OTHERS = {
    "a sum of another shape": (
        lambda m, x: torch.addmm(m.b.sum(), x, m.w),
        ["inner-product", "add"],
    ),
    "axes of more": (
        lambda m, x: torch.einsum("bi,ijk->bjk", x, m.cube),
        ["inner-product", "reshape"],
    ),
    "the matrix on the left": (lambda m, x: m.w.t() @ x.t(), ["transpose", "matmul"]),
    "two maps": (lambda m, x: x @ x.t(), ["transpose", "matmul"]),
    "einsum of two maps": (lambda m, x: torch.einsum("bi,ci->bc", x, x), ["unknown"]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_products(name):
    function, want = OTHERS[name]
    kinds = [op.kind for op in inner_ops(normal_graph(Product(function), (2, 8)))]
    assert [kind for kind in kinds if kind != "const"] == want


def inspected(model, shape):
    inspector = Inspector("DPUCZDX8G_ISA1_B4096")
    return inspector.inspect(model.eval(), shape, "cpu", None, 0)


class Head(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.product = Product(function)

    def forward(self, x):
        return self.product(self.conv(x).mean((2, 3)))


@pytest.mark.parametrize("name", PRODUCTS)
def test_einsum_alone_stays_in_float(name):
    result = inspected(Head(PRODUCTS[name]), (1, 3, 16, 16))
    (op,) = [op for op in result.ops if op.op.kind == "inner-product"]
    assert op.macs == 80
    if not name.startswith("einsum"):
        assert op.device.value == "dpu"
        return
    assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
    (reason,) = op.findings
    assert reason.suggestion == "use nn.Linear with these weights, which computes the same"


def test_the_multiply_accumulates_of_an_einsum_of_two_maps_are_known():
    result = inspected(Product(OTHERS["einsum of two maps"][0]), (2, 8))
    (op,) = [op for op in result.ops if op.type == "unknown"]
    assert op.macs == 2 * 2 * 8
