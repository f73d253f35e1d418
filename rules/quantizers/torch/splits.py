"""Calls with several results."""

from __future__ import annotations

from typing import Dict, Optional, Set

from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import Graph, Op, Value

_SLICES = exact("write slices, such as x[:, :k] and x[:, k:]", "chunk-to-slices")
_PARTS = ("unbind", "tensor_split", "unsafe_chunk")
SEVERAL: Dict[str, Remedy] = {
    **dict.fromkeys(_PARTS, _SLICES),
    "meshgrid": exact("make the grid once, in __init__, and keep it as a plain attribute"),
    **dict.fromkeys(("max", "sort", "topk"), Remedy("use one of its results")),
}
"""Calls whose results cannot all be used, with what to write instead. Source: executed."""

_REASON = "releases 3.0 and 3.5 write no file for an operator of which several results are used"
_NO_SLICES = "release 3.5 traces chunk and split alone as slices, not {}"


def mark_several_results(graph: Graph) -> Graph:
    """Marks calls of which several results are used: there is no file of them.

    Of `max`, `sort` and `topk` one result alone can be exported.

    Requires: nothing.
    Ensures: each operator of such a call says why it is not quantised, and what to write instead.
    """
    results: Dict[str, Set[Value]] = {}
    for op in graph:
        for value in op.inputs:
            giver = graph[value.op]
            if _name(giver) in SEVERAL and _call(giver) != _call(op):
                results.setdefault(_call(giver), set()).add(value)
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        name, several = _name(op), len(results.get(_call(op), ())) > 1
        if name in SEVERAL and (several or name in _PARTS):
            reason = _REASON if several else _NO_SLICES.format(name)
            change[op.name] = op.replaced(float_only=reason, float_remedy=SEVERAL[name])
    return graph.rewritten(change) if change else graph


def _name(op: Op) -> str:
    return "" if op.kind == "const" or op.origin.call is None else op.origin.call.name


def _call(op: Op) -> str:
    """Returns what the operators of one call have in common: their names begin alike."""
    return op.name.split("/")[0]


SPLITS = ("chunk", "split", "split_with_sizes")


def note_splits(graph: Graph) -> Graph:
    """Notes on the slices of `chunk` and `split` that older releases do not trace them so.

    Source: executed. 2.5 writes one operator with one result, which is wrong or refused; 3.0
    writes no file for chunk and a wrong graph for split; 3.5 traces both as slices.

    Requires: nothing.
    Ensures: each part carries the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        if op.kind == "strided_slice" and _name(op) in SPLITS:
            change[op.name] = op.noted(
                f"release 3.5 traces {_name(op)} as slices; 2.5 and 3.0 do not, and write a wrong "
                "file or none: for them write the slices, such as x[:, :k] and x[:, k:]"
            )
    return graph.rewritten(change) if change else graph
