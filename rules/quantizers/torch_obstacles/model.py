"""Facts about the whole model: its inputs, its outputs and its wrapper."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import fails, in_all, since_3, warns
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, kinds
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example


def _form(**parts: object) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.conv()
        sketch.form = ModelForm("Module", **parts)  # type: ignore[arg-type]

    return draw


def _input(dtype: str, *calls: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.input(dtype=dtype)
        for name in calls:
            sketch.call(name, "cast")
        sketch.conv()

    return draw


@obstacle(
    "torch.model.returns_objects",
    effects=since_3(
        fails("trace", "tracing stops", "PYTORCH_TRACE"),
        fails("trace", "tracing stops with a RuntimeError", "RuntimeError"),
    ),
    remedy="return tensors, tuples, lists or dicts of them",
    source=EXECUTED + "; Vitis-AI issue 1505",
    passes=(example("a dict of tensors", _form()),),
    fails=(
        example("a dataclass", _form(outputs=("object",))),
        example("a number", _form(outputs=("number",))),
    ),
)
def returns_objects(scene: Scene) -> Iterator[Hit]:
    """The model returns an object such as a dataclass, or a Python number."""
    for what in scene.form.outputs:
        if what in ("object", "number"):
            yield Hit((), "the model returns a{} {}".format("n" if what[0] == "o" else "", what))


@obstacle(
    "torch.model.returns_none",
    effects={
        "3.5": fails(
            "quantise",
            "the first forward stops: Values has length n but expect length m",
            "AssertionError",
        )
    },
    remedy="do not return None",
    source=EXECUTED,
    passes=(example("a tensor", _form()),),
    fails=(example("(x, None)", _form(outputs=("None",))),),
)
def returns_none(scene: Scene) -> Iterator[Hit]:
    """The outputs of the model contain None."""
    if "None" in scene.form.outputs:
        yield Hit((), "the model returns None together with tensors")


@obstacle(
    "torch.model.takes_dict",
    effects={
        "2.5": fails("quantise", "it stops with an AttributeError", "AttributeError"),
        "3.0": fails("quantise", "it stops with a RecursionError", "RecursionError"),
    },
    remedy="pass tensors as separate arguments",
    source=EXECUTED,
    passes=(example("tensors", _form()),),
    fails=(example("a dict", _form(inputs=(("batch", "dict"),))),),
)
def takes_dict(scene: Scene) -> Iterator[Hit]:
    """An argument of the forward is a dict."""
    yield from _arguments(scene, "dict", "a dict")


@obstacle(
    "torch.model.takes_list",
    effects={"2.5": fails("quantise", "it stops with an AttributeError", "AttributeError")},
    remedy="pass tensors as separate arguments",
    source=EXECUTED,
    passes=(example("tensors", _form()),),
    fails=(example("a list", _form(inputs=(("maps", "list"),))),),
)
def takes_list(scene: Scene) -> Iterator[Hit]:
    """An argument of the forward is a list of tensors."""
    yield from _arguments(scene, "list", "a list")


@obstacle(
    "torch.model.takes_none",
    effects=since_3(fails("quantise", "it stops with an IndexError", "IndexError")),
    remedy="omit the argument; None as its default is fine",
    source=EXECUTED,
    passes=(example("tensors", _form()),),
    fails=(example("None is passed", _form(inputs=(("mask", "None"),))),),
)
def takes_none(scene: Scene) -> Iterator[Hit]:
    """None is passed as an argument."""
    yield from _arguments(scene, "None", "None")


def _arguments(scene: Scene, what: str, text: str) -> Iterator[Hit]:
    for name, kind in scene.form.inputs:
        if kind == what:
            yield Hit((), f"the argument {name!r} is {text}")


@obstacle(
    "torch.model.takes_truth_values",
    effects={
        "2.5": fails("quantise", "it stops with an AttributeError", "AttributeError"),
        "3.0": fails("quantise", "it stops with a TypeError", "TypeError"),
        "3.5": warns("quantise", "it is not quantised", "TENSOR_TYPE_NOT_QUANTIZABLE"),
    },
    remedy="convert it to a float tensor before the network",
    source=EXECUTED,
    passes=(example("a float input", _input("float32")),),
    fails=(example("a bool input", _input("bool")),),
)
@each(kinds("data"))
def takes_truth_values(scene: Scene, op: Op) -> Found:
    """An input is boolean."""
    return f"the input {op.name!r} is boolean" if op.output.dtype == "bool" else None


@obstacle(
    "torch.model.takes_integers",
    effects={
        **dict.fromkeys(("2.5", "3.0"), fails("export", "it stops with a KeyError", "KeyError")),
        "3.5": warns(
            "export", "the cast is an operator that the CPU runs", "TENSOR_TYPE_NOT_QUANTIZABLE"
        ),
    },
    remedy="convert it to a float tensor before the network",
    source=EXECUTED,
    passes=(example("a float input", _input("float32")),),
    fails=(example("uint8, with x.float() in the forward", _input("uint8", "float")),),
)
def takes_integers(scene: Scene) -> Iterator[Hit]:
    """An input is of integers, which the forward converts to float."""
    for op in scene.ops(kinds("data")):
        if op.output.dtype.startswith(("int", "uint")):
            casts = [one.name for one in scene.graph.consumers(op) if one.kind == "cast"]
            if casts:
                found = f"the input {op.name!r} is {op.output.dtype} and converted to float"
                yield Hit(tuple(casts), found)


@obstacle(
    "torch.model.data_parallel",
    effects=since_3(
        warns("quantise", "the wrapper is removed", "DATA_PARALLEL"),
        fails("quantise", "it stops at Unsupported Ops", "UNSUPPORTED_OPS"),
    ),
    remedy="pass model.module",
    source=EXECUTED,
    passes=(example("the module", _form()),),
    fails=(example("DataParallel", _form(wrapper="DataParallel")),),
)
def data_parallel(scene: Scene) -> Iterator[Hit]:
    """The model is wrapped in DataParallel."""
    if scene.form.wrapper == "DataParallel":
        yield Hit((), "the model is wrapped in DataParallel")


def _batch(size: int) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.input((size, 16, 16, 8))
        sketch.conv()

    return draw


@obstacle(
    "torch.model.batch",
    effects=in_all(
        warns(
            "export",
            "an error is printed, but the file is written with this batch size",
            "XMODEL_BATCHSIZE",
        )
    ),
    remedy="export with batch 1",
    source=EXECUTED,
    passes=(example("batch 1", _batch(1)),),
    fails=(example("batch 2", _batch(2)),),
)
@each(kinds("data"))
def batch(scene: Scene, op: Op) -> Found:
    """An input has a batch size other than 1."""
    shape = op.output.shape
    return f"the input {op.name!r} has batch size {shape[0]}" if shape and shape[0] != 1 else None


RULES = (
    returns_objects,
    returns_none,
    takes_dict,
    takes_list,
    takes_none,
    takes_truth_values,
    takes_integers,
    data_parallel,
    batch,
)
