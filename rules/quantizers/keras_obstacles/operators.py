"""Bare operators and TensorFlow functions, at which the flow fails."""

from __future__ import annotations

from typing import List

from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import fails, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import CONVERTED, EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example


def _two(kind: str, name: str, is_layer: bool) -> Draw:
    def draw(sketch: Sketch) -> None:
        first = sketch.conv()
        sketch.call(name, kind, [first, sketch.conv("input")], is_layer=is_layer)

    return draw


@obstacle(
    "keras.operators.concatenated",
    effects=since_3(fails("quantise", "it stops at the name of a layer", "KeyError")),
    remedy=exact("use the layer Concatenate", "add-layer"),
    source=EXECUTED,
    passes=(example("Concatenate()([a, b])", _two("concat", "Concatenate", True)),),
    fails=(example("tf.concat([a, b])", _two("concat", "Concatenate", False)),),
    explains_float=True,
)
@each(kinds("concat"))
def concatenated(scene: Scene, op: Op) -> Found:
    """A function concatenates tensors."""
    return "a function concatenates the outputs of layers" if not call_of(op).is_layer else None


@obstacle(
    "keras.operators.of_two_layers",
    effects={"3.0": fails("quantise", "it stops at the name of a layer", "KeyError")},
    remedy=exact("use the layer: Add in place of +, Multiply in place of *", "add-layer"),
    source=EXECUTED,
    passes=(
        example("Add()([a, b])", _two("add", "Add", True)),
        example(
            "x + 1",
            lambda s: s.call("Add", "add", [s.conv(), s.constant(number=1.0)]),
        ),
    ),
    fails=(example("a + b", _two("add", "Add", False)),),
    explains_float=True,
)
@each(calls())
def of_two_layers(scene: Scene, op: Op) -> Found:
    """An operator reads the outputs of two layers."""
    if call_of(op).is_layer or op.kind == "concat" or op.name in scene.joined:
        return None
    if len(_computed(scene, op)) > 1:
        return f"{call_of(op).name} is an operator of the outputs of two layers"
    return None


def _computed(scene: Scene, op: Op) -> List[str]:
    return [value.op for value in op.inputs if scene.graph[value.op].kind != "const"]


_TENSOR_FIRST = exact("put the tensor first, as in x + 3.", "constant-sum")
_IN_TURN = {
    "add": _TENSOR_FIRST,
    "mul": _TENSOR_FIRST,
    "sub": exact("write it as a product and a sum, as in x * -1. + 3.", "subtract"),
}
"""What computes the same with the tensor first, by kind."""
_BY_HAND = Remedy("write it so that the tensor comes first, or run it on the host")


def _constant(first: bool) -> Draw:
    def draw(sketch: Sketch) -> None:
        read = [sketch.conv(), sketch.constant(number=3.0)]
        sketch.call("Add", "add", read[::-1] if first else read)

    return draw


@obstacle(
    "keras.operators.constant_first",
    effects={"3.5": fails("convert", "Not found parent node: _CONSTANT_VALUE", "AssertionError")},
    remedy=_TENSOR_FIRST,
    source=CONVERTED,
    passes=(example("x + 3.", _constant(False)),),
    fails=(example("3. + x", _constant(True)),),
)
@each(calls())
def constant_first(scene: Scene, op: Op) -> Found:
    """The first operand of an operator is a constant."""
    if call_of(op).is_layer or len(op.inputs) < 2 or op.name in scene.joined:
        return None
    if scene.graph[op.inputs[0].op].kind == "const" and _computed(scene, op):
        found = f"the first operand of {call_of(op).name} is a constant"
        return Hit((op.name,), found, _IN_TURN.get(op.kind, _BY_HAND))
    return None


RULES = (concatenated, of_two_layers, constant_first)
