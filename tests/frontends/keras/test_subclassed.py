"""Subclassed models: their call is run once on symbolic tensors, and leaves no trace."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.frontends.keras.reading import fingerprint, inner_ops
from vai_inspect.core.errors import InputShapeError, ModelError
from vai_inspect.frontends.keras import capture

L = keras.layers


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="net")
        self.conv = L.Conv2D(4, 3, activation="relu", name="conv")
        self.drop = L.Dropout(0.5, name="drop")
        self.head = keras.Sequential([L.Flatten(name="flat"), L.Dense(2, name="fc")], name="head")

    def call(self, x: Any, training: Any = None) -> Any:
        x = self.conv(x)
        x = self.drop(x, training=training)
        return self.head(x + x)


class Pair(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = L.Dense(3, name="left"), L.Dense(3, name="right")

    def call(self, inputs: Any) -> Any:
        a, b = inputs
        return {"sum": self.left(a) + self.right(b), "twice": self.left(a)}


class Branching(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x) if float(np.asarray(x)[0, 0]) > 0 else x


def test_built_model() -> None:
    model = Net()
    model(np.zeros((1, 8, 8, 3), "float32"))
    before = fingerprint(model)
    captured = capture(model)
    assert fingerprint(model) == before
    names = [(op.name, op.kind) for op in inner_ops(captured.graph)]
    assert [name for name, _ in names if not name.startswith("add")] == [
        "conv",
        "conv/relu",
        "drop",
        "head/flat",
        "head/fc",
    ]
    assert captured.graph.name == "net"
    params = sum(p.type.elements for op in captured.graph for p in op.params)
    assert params == model.count_params()


def test_several_inputs_and_outputs_and_a_shared_layer() -> None:
    model = Pair()
    arrays = [np.zeros((2, 4), "float32"), np.zeros((2, 5), "float32")]
    model(arrays)
    before = fingerprint(model)
    for given in ([(1, 4), (1, 5)], arrays):
        graph = capture(model, given).graph
        assert sorted(op.name for op in graph if op.kind == "inner-product") == [
            "left",
            "left_1",
            "right",
        ]
        assert [op.name for op in graph if op.kind == "return"] == ["return", "return_1"]
    assert fingerprint(model) == before


def test_other_shape() -> None:
    model = keras.Sequential([L.Conv2D(2, 3)])

    class Outer(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def call(self, x: Any) -> Any:
            return self.inner(x)

    outer = Outer()
    outer(np.zeros((1, 8, 8, 3), "float32"))
    assert capture(outer, (1, 16, 16, 3)).graph.ops[-1].output.shape == (1, 14, 14, 2)


def test_call_that_looks_at_values() -> None:
    model = Branching()
    model(np.ones((1, 4), "float32"))
    before = fingerprint(model)
    with pytest.raises(ModelError) as info:
        capture(model)
    assert "make it Functional" in str(info.value)
    assert "\n" not in str(info.value)
    assert fingerprint(model) == before


def test_shape_that_does_not_fit() -> None:
    model = Net()
    model(np.zeros((1, 8, 8, 3), "float32"))
    before = fingerprint(model)
    with pytest.raises((ModelError, InputShapeError)) as info:
        capture(model, (1, 9, 9, 3))
    assert "\n" not in str(info.value)
    assert fingerprint(model) == before


def test_batch_is_one_whatever_the_model_was_called_with() -> None:
    model = Net()
    model(np.zeros((7, 8, 8, 3), "float32"))
    assert capture(model).graph.ops[0].output.shape == (1, 8, 8, 3)
