"""Calls with several results."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import changes, fails, since_3
from vai_inspect.rules.quantizers.hits import Found, Hit, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, calls, described, results_read
from vai_inspect.rules.quantizers.sketch import Draw, Sketch, example

_SLICES = "write slices, such as x[:, :k] and x[:, k:], or two convolutions"
_AS_SLICES = exact(_SLICES, "chunk-to-slices")
_NO_FILE = fails("export", "no file is written, and no exception raised", "CONVERT_XMODEL")
_ONE_RESULT = changes(
    "export",
    "it is written as one operator with one result for all readers, or XIR rejects it",
)


def _pieces(name: str, used: int) -> Draw:
    """Builds a call of which some pieces are used."""

    def draw(sketch: Sketch) -> None:
        source = sketch.conv()
        names = (f"{name}/part_{at}" for at in range(used))
        parts = [sketch.call(name, "strided_slice", [source], as_name=one) for one in names]
        sketch.returns(*parts)

    return draw


def _laid_out(used: int) -> Draw:
    def draw(sketch: Sketch) -> None:
        source = sketch.conv()
        for at in range(used):
            name = f"unbind/part_{at}"
            part = sketch.call("unbind", "strided_slice", [source], as_name=name)
            turned = sketch.call("unbind", "reshape", [part], as_name=name + "_swim_reshape")
            sketch.returns(sketch.call("relu", "relu", [turned]))

    return draw


@obstacle(
    "torch.splits.chunk",
    effects={"2.5": _ONE_RESULT, "3.0": _NO_FILE},
    remedy=exact(_SLICES + "; release 3.5 traces it as slices", "chunk-to-slices"),
    source=EXECUTED + "; Vitis-AI issue 699",
    passes=(example("one piece is used", _pieces("chunk", 1)),),
    fails=(example("both pieces are used", _pieces("chunk", 2)),),
)
def chunk(scene: Scene) -> Iterator[Hit]:
    """Several pieces of a `chunk` are used."""
    yield from _several(scene, "chunk")


@obstacle(
    "torch.splits.split",
    effects={
        "2.5": fails("quantise", "calibration stops with an AttributeError", "AttributeError"),
        "3.0": changes(
            "export", "one float operator aten::split feeds all readers, which the check misses"
        ),
    },
    remedy=exact(_SLICES + "; release 3.5 traces it as slices", "chunk-to-slices"),
    source=EXECUTED,
    passes=(example("one piece is used", _pieces("split", 1)),),
    fails=(
        example("split", _pieces("split", 2)),
        example("split_with_sizes", _pieces("split_with_sizes", 2)),
    ),
)
def split(scene: Scene) -> Iterator[Hit]:
    """Several pieces of a `split` are used."""
    yield from _several(scene, "split", "split_with_sizes")


@obstacle(
    "torch.splits.unbind",
    effects=since_3(
        _NO_FILE,
        fails("quantise", "calibration stops with an AttributeError", "AttributeError"),
    ),
    remedy=_AS_SLICES,
    source=EXECUTED,
    passes=(
        example("slices", _pieces("getitem", 2)),
        example("one piece, laid out for its reader", _laid_out(1)),
    ),
    fails=(
        example("unbind", _pieces("unbind", 2)),
        example("pieces that are laid out for their readers", _laid_out(2)),
    ),
    explains_float=True,
)
def unbind(scene: Scene) -> Iterator[Hit]:
    """Several pieces of an `unbind` are used; release 3.5 rewrites only chunk and split."""
    yield from _several(scene, "unbind")


def _sorted(used: int) -> Draw:
    def draw(sketch: Sketch) -> None:
        source = sketch.conv()
        sketch.returns(*[sketch.call("max", as_name=one, read=[source]) for one in _MAX[:used]])

    return draw


_MAX = ("max", "max/indices")


@obstacle(
    "torch.splits.several_results",
    effects=since_3(_NO_FILE, _ONE_RESULT),
    remedy="use one of its results, slices in place of pieces, or run it on the host; build a grid "
    "once, in __init__, as a plain attribute",
    source=EXECUTED + "; Vitis-AI issue 1057",
    passes=(example("max(dim)[0]", _sorted(1)),),
    fails=(
        example("values and indices of max(dim)", _sorted(2)),
        example("tensor_split", _pieces("tensor_split", 2)),
    ),
    explains_float=True,
)
def several_results(scene: Scene) -> Iterator[Hit]:
    """Several results of max, sort, topk, meshgrid, tensor_split or unsafe_chunk are used."""
    yield from _several(scene, "max", "min", "sort", "topk", "meshgrid")
    yield from _several(scene, "unsafe_chunk", "tensor_split", remedy=_AS_SLICES)


_WITH_CHUNKS = (
    ("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer")
    + ("TransformerEncoder", "TransformerDecoder", "LSTMCell", "lstm_cell")
    + ("multi_head_attention_forward",)
)


@obstacle(
    "torch.splits.within_modules",
    effects=since_3(_NO_FILE, _ONE_RESULT),
    remedy=exact(
        "write the attention with a Linear for each of query, key and value, and with matmul"
    ),
    source=EXECUTED,
    passes=(example("nn.Linear", lambda s: s.layer("Linear", "inner-product")),),
    fails=(
        example("nn.MultiheadAttention", lambda s: s.layer("MultiheadAttention", "unknown")),
        example("nn.LSTMCell", lambda s: s.layer("LSTMCell", "unknown")),
    ),
)
@each(calls(*_WITH_CHUNKS))
def within_modules(scene: Scene, op: Op) -> Found:
    """MultiheadAttention and LSTMCell split tensors internally."""
    return f"{described(op)} splits a tensor internally"


def _several(scene: Scene, *names: str, remedy: Optional[Remedy] = None) -> Iterator[Hit]:
    for (_, name), ops in scene.by_call(*names).items():
        read = results_read(scene.graph, ops)
        if len(read) > 1:
            found = f"{len(read)} results of {name} are used"
            yield Hit(tuple(op.name for op in ops), found, remedy)


RULES = (chunk, split, unbind, several_results, within_modules)
