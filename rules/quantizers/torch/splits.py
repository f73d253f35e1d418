"""Calls with several results."""

from __future__ import annotations

from typing import Dict, List, Optional

from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.quantizers.scene import call_name, laid_out, results_read

_SLICES = exact("write slices, such as x[:, :k] and x[:, k:]", "chunk-to-slices")
_PARTS = ("unbind", "tensor_split", "unsafe_chunk")
SEVERAL: Dict[str, Remedy] = {
    **dict.fromkeys(_PARTS, _SLICES),
    "meshgrid": exact("make the grid once, in __init__, and keep it as a plain attribute"),
    **dict.fromkeys(("max", "sort", "topk"), Remedy("use one of its results")),
}
"""Calls of which only one result can be used, with remedies. Source: executed."""

_REASON = "releases 3.0 and 3.5 write no file for an operator of which several results are used"
_NO_SLICES = "release 3.5 traces only chunk and split as slices, not {}"


def mark_several_results(graph: Graph) -> Graph:
    """Marks calls of which several results are used, for which no file is written.

    Only one result of `max`, `sort` and `topk` can be exported.

    Requires: nothing.
    Ensures: each operator of such a call has the reason and the remedy.
    """
    calls: Dict[str, List[Op]] = {}
    for op in graph:
        if _name(op) in SEVERAL and not laid_out(op):
            calls.setdefault(call_name(op), []).append(op)
    several = {call for call, ops in calls.items() if len(results_read(graph, ops)) > 1}
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        name, read = _name(op), call_name(op) in several
        if name in SEVERAL and (read or name in _PARTS):
            reason = _REASON if read else _NO_SLICES.format(name)
            change[op.name] = op.replaced(float_only=reason, float_remedy=SEVERAL[name])
    return graph.rewritten(change) if change else graph


def _name(op: Op) -> str:
    return "" if op.kind == "const" or op.origin.call is None else op.origin.call.name


SPLITS = ("chunk", "split", "split_with_sizes")


def note_splits(graph: Graph) -> Graph:
    """Adds a message about older releases to the slices of `chunk` and `split`.

    Source: executed. 2.5 writes one operator with one result, which is wrong or rejected; 3.0
    writes no file for chunk and a wrong graph for split; 3.5 traces both as slices.

    Requires: nothing.
    Ensures: each part has the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        if op.kind == "strided_slice" and _name(op) in SPLITS:
            change[op.name] = op.noted(
                f"release 3.5 traces {_name(op)} as slices; 2.5 and 3.0 do not, and write a wrong "
                "file or none: for these releases write slices, such as x[:, :k] and x[:, k:]"
            )
    return graph.rewritten(change) if change else graph
