"""Facts about the whole model: how it is built, and its inputs."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import fails, in_all, since_3, warns
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import CONVERTED, EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, call_of, calls, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example


def _form(form: ModelForm) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.conv()
        sketch.form = form

    return draw


@obstacle(
    "keras.model.subclassed",
    effects=since_3(
        fails("convert", "it takes another path, which writes no .h5 for the compiler"),
        fails("quantise", "only Sequential and functional models are accepted", "ValueError"),
    ),
    remedy=exact("build it as a functional model: keras.Model(inputs, outputs)"),
    source="the vendor's quantisers, read; Vitis-AI issue 988",
    passes=(example("functional", _form(ModelForm("Functional"))),),
    fails=(example("a class with call()", _form(ModelForm("subclassed"))),),
)
def subclassed(scene: Scene) -> Iterator[Hit]:
    """A subclassed model."""
    if scene.form.kind == "subclassed":
        yield Hit((), "the model is a subclass with its own call()")


_OLD = fails("quantise", "it stops with 'No such layer'", "ValueError")


@obstacle(
    "keras.model.nested",
    effects={
        "2.5": _OLD,
        "3.0": _OLD,
        "3.5": warns("quantise", "it falls back to a frozen graph, a path that is not verified"),
    },
    remedy=exact(
        "flatten the nesting: call the inner layers on the outer tensors", "flatten-nested"
    ),
    source=EXECUTED,
    passes=(example("layers alone", _form(ModelForm("Functional"))),),
    fails=(example("a model within", _form(ModelForm("Functional", nested=("backbone",)))),),
)
def nested(scene: Scene) -> Iterator[Hit]:
    """A model is called like a layer."""
    for name in scene.form.nested:
        within = (op.name for op in scene.ops(calls()) if op.layer.startswith(name + "/"))
        yield Hit(tuple(within), f"the model {name!r} is nested in the model")


@obstacle(
    "keras.model.own_layer",
    effects=in_all(
        fails(
            "quantise",
            "Unknown layer, unless it is registered or passed as custom_objects= with "
            "add_shape_info=True; it is then a custom operator",
            "ValueError",
        )
    ),
    remedy="write it with Keras layers",
    source=EXECUTED,
    passes=(example("a layer of Keras's", lambda s: s.conv()),),
    fails=(example("a class of your own", lambda s: s.layer("Mine", "unknown", own_class=True)),),
    explains_float=True,
)
@each(calls())
def own_layer(scene: Scene, op: Op) -> Found:
    """A layer of a user's own class."""
    call = call_of(op)
    if call.is_layer and (call.base is None or call.base != call.name):
        return f"the layer {call.name} is your own class"
    return None


@obstacle(
    "keras.model.input_rank",
    effects={"3.5": fails("convert", "Only support 2D and 4D input shape", "AssertionError")},
    remedy="add an axis of size 1, as in (1, W, C), and use 2-D layers",
    source=CONVERTED,
    passes=(
        example("a map", lambda s: s.conv()),
        example("a vector", lambda s: (s.input((1, 8)), s.layer("Dense", "inner-product"))),
    ),
    fails=(
        example("a sequence", lambda s: (s.input((1, 32, 8)), s.layer("Dense", "inner-product"))),
    ),
)
@each(kinds("data"))
def input_rank(scene: Scene, op: Op) -> Found:
    """An input of rank 3 or 5: a sequence, tokens, a volume."""
    rank = op.output.rank
    return f"the input {op.name!r} has rank {rank}" if rank not in (2, 4) else None


RULES = (subclassed, nested, own_layer, input_rank)
