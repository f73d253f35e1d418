"""Small graphs that tests of several rooms build."""

from __future__ import annotations

import random

from vai_inspect.core.ir import Graph, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir import attrs as a

SHAPE = (1, 8, 8, 16)


def node(name, kind, inputs=(), shape=SHAPE, attrs=None, layers=(), params=()):
    """An operator that reads first outputs; layers default to its name."""
    if kind in ("data", "const") and attrs is None:
        attrs = a.TensorAttrs(shape)
    return Op(
        name,
        kind,
        attrs or a.NoAttrs(),
        tuple(Value(one) for one in inputs),
        (TensorType(shape),),
        tuple(Param(role, TensorType(size)) for role, size in params),
        Origin("keras", layers or (name,)),
    )


def conv(name, source, shape=SHAPE, oc=16, kernel=(1, 1), bias=True, **attrs):
    made = a.Conv2dAttrs(kernel, **attrs)
    params = [("weights", (oc, kernel[1], kernel[0], shape[3]))]
    if bias:
        params.append(("bias", (oc,)))
    left, right, top, bottom = made.pad
    height = (shape[1] + top + bottom - kernel[1]) // made.stride[1] + 1
    width = (shape[2] + left + right - kernel[0]) // made.stride[0] + 1
    return node(name, "conv2d", [source], (shape[0], height, width, oc), made, params=params)


def batch_norm(name, source, shape=SHAPE):
    return node(name, "batchnorm", [source], shape, a.BatchNormAttrs(3))


def chain(*kinds):
    """data, one operator of each kind in a row, return."""
    ops = [node("data", "data")]
    for number, kind in enumerate(kinds):
        ops.append(node("op{}".format(number), kind, [ops[-1].name]))
    ops.append(node("return", "return", [ops[-1].name]))
    return Graph("chain", ops)


def random_graph(seed, size, on_cpu=0.3):
    """A random graph of sums and sigmoids; sigmoids run on no DPU."""
    dice = random.Random(seed)
    ops = [node("data", "data")]
    for number in range(size):
        kind = "sigmoid" if dice.random() < on_cpu else "add"
        sources = [dice.choice(ops[-6:]).name for _ in range(1 if kind == "sigmoid" else 2)]
        ops.append(node("op{}".format(number), kind, sources))
    read = {value.op for op in ops for value in op.inputs}
    for number, op in enumerate([op for op in ops if op.name not in read]):
        ops.append(node("return{}".format(number), "return", [op.name]))
    return Graph("random", ops)
