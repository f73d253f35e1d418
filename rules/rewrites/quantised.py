"""What the vendor's quantiser leaves in float, in the form that it quantises."""

from __future__ import annotations

from typing import Callable, Optional

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import NoAttrs
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite


def quantised_form(graph: Graph, op: Op) -> Change:
    """An operator in float whose remedy is exact becomes the same operator, quantised."""
    if op.float_only is None or op.float_remedy is None or op.kind == "unknown":
        return None
    if op.float_remedy.effect is not Effect.EXACT:
        return None
    return {op.name: (op.quantised(),)}


def of_remedy(rewrite: str) -> Callable[[Graph, Op], Change]:
    """Returns a change of operators whose remedy is one rewrite into the quantised form."""

    def change(graph: Graph, op: Op) -> Change:
        named = op.float_remedy is not None and op.float_remedy.rewrite == rewrite
        return quantised_form(graph, op) if named else None

    return change


def dropped(rewrite: str) -> Callable[[Graph, Op], Change]:
    """Returns a change that leaves operators out whose remedy is one rewrite."""

    def change(graph: Graph, op: Op) -> Change:
        if op.float_remedy is None or op.float_remedy.rewrite != rewrite or len(op.inputs) != 1:
            return None
        return {op.name: (passing(op),)}

    return change


def drop_expand(graph: Graph, op: Op) -> Change:
    """An expand is left out where every reader gives the same without it."""
    same = bool(op.inputs) and graph.type_of(op.inputs[0]).shape == op.output.shape
    if same or all(_broadcasts(graph, reader, op) for reader in graph.consumers(op)):
        return dropped("drop-expand")(graph, op)
    return None


def _broadcasts(graph: Graph, reader: Op, op: Op) -> bool:
    """Tells whether a sum or product has the same shape without an expand of one operand."""
    if reader.kind not in ("add", "sub", "mul", "div") or not op.inputs:
        return False
    others = [graph.type_of(value) for value in reader.inputs if value.op != op.name]
    same_rank = graph.type_of(op.inputs[0]).rank == op.output.rank
    return same_rank and any(other.shape == reader.output.shape for other in others)


def clipped(graph: Graph, op: Op) -> Change:
    """An nn.ReLU6, of which the quantiser makes a ReLU, stays a ReLU6; not every DPU runs it."""
    call = op.origin.call
    if op.kind != "relu" or call is None or call.name != "ReLU6":
        return None
    return {op.name: (op.quantised(kind="relu6"),)}


def passing(op: Op, index: int = 0) -> Op:
    """Returns an operator that gives one of its inputs on; `apply` leaves it out."""
    return op.quantised(
        kind="identity",
        attrs=NoAttrs(),
        inputs=(op.inputs[index],),
        params=(),
    )


def _exact(
    name: str,
    torch: Optional[str] = None,
    keras: Optional[str] = None,
    change: Optional[Callable[[Graph, Op], Change]] = None,
    source: str = "",
) -> Rewrite:
    texts = {"torch": torch, "keras": keras}
    advice = {framework: text for framework, text in texts.items() if text is not None}
    return Rewrite(name, Effect.EXACT, change or of_remedy(name), advice, source)


REWRITES = (
    _exact(
        "numeric-padding",
        "give the padding as numbers; for an even kernel pad before it with nn.ZeroPad2d",
        source="executed: a convolution with its padding as text stays in float",
    ),
    _exact(
        "drop-expand",
        "leave the expand out where its reader broadcasts: x * y in place of x * y.expand_as(x)",
        change=drop_expand,
        source="executed: expand stays in float",
    ),
    _exact(
        "drop-noise",
        "remove it from the deployed model",
        "remove it from the deployed model",
        change=dropped("drop-noise"),
    ),
    _exact(
        "einsum-to-linear",
        "use an nn.Linear, its weight the parameter transposed",
        "use Dense, its kernel the parameter",
    ),
    _exact("chunk-to-slices", "write slices, such as x[:, :k] and x[:, k:]",
           "write slices, such as x[..., :k] and x[..., k:]"),
    _exact(
        "split-separable",
        keras="use DepthwiseConv2D and Conv2D(1) with the activation",
        source="executed: 3.0 and 3.5 drop the activation, 2.5 leaves the layer in float",
    ),
    _exact(
        "relu6-as-hardtanh",
        "use nn.Hardtanh(0, 6)",
        change=clipped,
        source="executed: nn.ReLU6 becomes nn.ReLU, Hardtanh(0, 6) stays",
    ),
    Rewrite("quantised-form", Effect.EXACT, quantised_form),
)  # fmt: skip
