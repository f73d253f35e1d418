"""Values that are not float tensors, that control the forward, or that it overwrites."""

from __future__ import annotations

import re
from typing import Iterator, Set, Tuple

from vai_inspect.core.findings import exact
from vai_inspect.core.ir import Op
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.effects import changes, fails, in_all, left_in_float, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, arguments, call_of, calls, described
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

_MADE = left_in_float(
    "quantise",
    "it stays in float; whether later readers of the tensor see the assignment is not known",
)
_FLOAT = left_in_float("quantise", "it stays in float, without an error", "FLOAT_OP")


@obstacle(
    "torch.values.truth_or_complex",
    effects={
        "2.5": fails("export", "AddXopError: the type has no XIR equivalent", "AddXopError"),
        "3.0": fails("export", "the type has no XIR equivalent", "EXPORT_XMODEL"),
        "3.5": _FLOAT,
    },
    remedy="write it with relu or clamp, or run it on the host",
    source=EXECUTED,
    passes=(example("relu", lambda s: s.call("relu", "relu")),),
    fails=(
        example("x > 0", lambda s: s.call("gt", dtype="bool")),
        example("fft", lambda s: s.call("fft_rfft2", dtype="complex64")),
    ),
)
@each(calls())
def truth_or_complex(scene: Scene, op: Op) -> Found:
    """Boolean tensors (comparisons, where, masked_fill, masks) or complex tensors."""
    dtypes = {one.dtype for one in op.outputs} & {"bool", "complex64", "complex128"}
    return f"{described(op)} returns a {min(dtypes)} tensor" if dtypes else None


def _indexed(name: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        conv = sketch.conv()
        if name == "parameter":
            sketch.call("getitem", "unknown", [conv, sketch.parameter(3, path="order")])
        else:
            sketch.call("getitem", "strided_slice", [conv])

    return draw


@obstacle(
    "torch.values.index_by_buffer",
    effects=since_3(
        _FLOAT,
        fails("quantise", "only floating point tensors can require gradients", "RuntimeError"),
    ),
    remedy="write slices, or a 1x1 convolution that selects the channels",
    source=EXECUTED,
    passes=(example("a slice", _indexed("slice")),),
    fails=(example("x[:, self.order]", _indexed("parameter")),),
)
@each(calls("getitem", "index", "index_select", "gather", "take"))
def index_by_buffer(scene: Scene, op: Op) -> Found:
    """An integer buffer is an index."""
    for value in op.inputs[1:]:
        call = call_of(scene.graph[value.op])
        if call.name == "parameter":
            return "a buffer is an index"
    return None


@obstacle(
    "torch.values.assigned_slice",
    effects=in_all(changes("quantise", "the assignment is lost for later readers of the tensor")),
    remedy=exact("put the parts together with torch.cat, or multiply by a constant mask"),
    source=EXECUTED,
    passes=(example("x[..., 1:]", lambda s: s.call("getitem", "strided_slice")),),
    fails=(
        example("y[..., 0] = 0.", lambda s: s.call("setitem")),
        example(
            "a mask of zeros, assigned to (float)",
            lambda s: s.call("setitem", "unknown", [s.constant(16, 16)]),
        ),
    ),
)
def assigned_slice(scene: Scene) -> Iterator[Hit]:
    """A part of a tensor is assigned to.

    The assignment is known to be lost for tensors that depend on an input. For a tensor created in
    the forward, such as the mask of shifted windows, it is only known that it stays in float.
    """
    computed = _computed(scene)
    for op in scene.ops(calls("setitem", "index_put", "copy_slice")):
        if op.inputs and op.inputs[0].op in computed:
            yield Hit((op.name,), "a part of a tensor is assigned to")
        else:
            found = "a part of a tensor created in the forward is assigned to"
            yield Hit((op.name,), found, effects=in_all(_MADE))


def _computed(scene: Scene) -> Set[str]:
    """Returns the operators that depend on an input of the model."""
    found: Set[str] = set()
    for op in scene.graph:
        if op.kind == "data" or any(value.op in found for value in op.inputs):
            found.add(op.name)
    return found


@obstacle(
    "torch.values.dropout_in_training",
    effects=in_all(
        changes("quantise", "the dropout is removed, although your model applies it at inference")
    ),
    remedy="write F.dropout(x, p, self.training), or nn.Dropout",
    source=EXECUTED,
    passes=(example("F.dropout(x, p, self.training)", lambda s: s.call("dropout", "identity")),),
    fails=(example("F.dropout(x, p)", lambda s: s.call("dropout", "identity", training="True")),),
)
@each(arguments("training"))
def dropout_in_training(scene: Scene, op: Op) -> Found:
    """F.dropout with the default training=True."""
    if call_of(op).argument("training") == "True":
        return f"{described(op)} is called with training=True"
    return None


def _reading(*reads: str) -> Draw:
    def draw(sketch: Sketch) -> None:
        sketch.conv()
        sketch.form = ModelForm("Module", reads=reads)

    return draw


@obstacle(
    "torch.values.taken_out",
    effects=since_3(
        fails("trace", "tracing stops", "PYTORCH_TRACE"),
        fails("trace", "tracing stops with a RuntimeError", "RuntimeError"),
    ),
    remedy="compute it with torch operators, or on the host",
    source=EXECUTED,
    passes=(example("x.detach()", _reading()),),
    fails=(example("x.numpy()", _reading("numpy() at net.py:12")),),
)
def taken_out(scene: Scene) -> Iterator[Hit]:
    """The forward passes values to numpy."""
    for where in scene.form.reads:
        if where.startswith("numpy()"):
            found = f"the forward converts values to numpy ({where})"
            yield Hit(_made_at(scene, where), found)


_SEEN = ("bool()", "int()", "float()", "item()", "an index")


@obstacle(
    "torch.values.decide",
    effects=in_all(
        changes(
            "trace",
            "the path or value of the sample input is traced and used for every other input",
        )
    ),
    remedy="compute both and select by arithmetic, or run it on the host",
    source=EXECUTED,
    passes=(example("if self.training", _reading()),),
    fails=(
        example("if x.sum() > 0", _reading("bool() at net.py:12")),
        example("x.max().item()", _reading("item() at net.py:12")),
    ),
)
def decide(scene: Scene) -> Iterator[Hit]:
    """Control flow or a value in the forward depends on tensor values: `if` on data, `.item()`."""
    for where in scene.form.reads:
        if where.startswith(_SEEN):
            found = f"the forward depends on values of a tensor ({where})"
            yield Hit(_made_at(scene, where), found)


def _made_at(scene: Scene, where: str) -> Tuple[str, ...]:
    """Returns the operators of the line that a read names, `item() at net.py:12`."""
    file, _, line = where.rpartition(" at ")[2].rpartition(":")
    return tuple(
        op.name
        for op in scene.ops(calls())
        for frame in op.origin.source[-1:]
        if file and str(frame.line) == line and re.split(r"[/\\]", frame.file)[-1] == file
    )


RULES = (
    truth_or_complex,
    index_by_buffer,
    assigned_slice,
    dropout_in_training,
    taken_out,
    decide,
)
