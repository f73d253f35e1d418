"""Equations of einsum: multiply-accumulates, and those that are inner products."""

from __future__ import annotations

import pytest

from vai_inspect.frontends.einsum import Product, read, read_layer

CASES = {
    "an inner product": ("bi,io->bo", [(2, 3), (3, 5)], (False, True), Product(30, 0, 1, (5, 3))),
    "weights turned": ("bi,oi->bo", [(2, 3), (5, 3)], (False, True), Product(30, 0, 1, (5, 3))),
    "weights first": ("oi,bi->bo", [(5, 3), (2, 3)], (True, False), Product(30, 1, 1, (5, 3))),
    "no arrow": ("bi,io", [(2, 3), (3, 5)], (False, True), Product(30, 0, 1, (5, 3))),
    "ellipsis": ("...i,io->...o", [(2, 4, 3), (3, 5)], (False, True), Product(120, 0, 2, (5, 3))),
    "two axes made": (
        "bi,iho->bho",
        [(2, 3), (3, 4, 5)],
        (False, True),
        Product(120, 0, 1, (20, 3)),
    ),
    "two axes summed": (
        "bhi,hio->bo",
        [(2, 4, 3), (4, 3, 5)],
        (False, True),
        Product(120, 0, 1, (5, 12)),
    ),
    "of two maps": ("bij,bkj->bik", [(1, 4, 3), (1, 5, 3)], (False, False), Product(60)),
    "an axis not at the end": ("bchw,cd->bdhw", [(1, 3, 2, 2), (3, 5)], (False, True), Product(60)),
    "a matrix for each of a batch": ("bi,bio->bo", [(2, 3), (2, 3, 5)], (False, True), Product(30)),
    "nothing is summed": ("bi,bj->bij", [(2, 3), (2, 5)], (False, False), Product(0)),
    "a diagonal": ("ii,io->o", [(3, 3), (3, 5)], (False, True), None),
    "one operand": ("bij->bji", [(2, 3, 5)], (False,), None),
    "three operands": ("bi,io,o->b", [(2, 3), (3, 5), (5,)], (False, True, True), None),
}


@pytest.mark.parametrize("name", CASES)
def test_equations(name):
    equation, shapes, constant, want = CASES[name]
    assert read(equation, shapes, constant) == want


LAYERS = {
    "abc,cd->abd": ((1, 4, 3), (1, 4, 5), Product(60, 0, 2, (5, 3))),
    "...x,xy->...y": ((1, 4, 3), (1, 4, 5), Product(60, 0, 2, (5, 3))),
    "abc,cde->abde": ((1, 4, 3), (1, 4, 5, 2), Product(120, 0, 2, (10, 3))),
    "abde,dec->abc": ((1, 4, 2, 3), (1, 4, 5), Product(120, 0, 2, (5, 6))),
    "abc,bd->adc": ((1, 4, 3), (1, 5, 3), Product(60)),
    "abc,xyz->abd": ((1, 4, 3), (1, 4, 5), None),
}


@pytest.mark.parametrize("equation", LAYERS)
def test_equations_of_layers(equation):
    shape, output, want = LAYERS[equation]
    assert read_layer(equation, shape, output) == want
