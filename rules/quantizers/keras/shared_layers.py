"""Layers that the model calls more than once."""

from __future__ import annotations

from typing import Dict, Iterator, Optional, Set, Tuple

from vai_inspect.core.ir import Graph, Op

_FAILS = (
    "layer {} is called {} times: the vendor's conversion of the quantised file fails "
    "(UnboundLocalError, or 'NoneType' object has no attribute 'get'); give each call its own "
    "layer, with the same weights copied"
)
_DROPS = (
    "layer {} is called {} times: the vendor's conversion of the quantised file keeps the first "
    "call and drops the others without an error: another function; give each call its own layer"
)
_MOST_NAMES = 3


def note_shared(graph: Graph) -> Graph:
    """Adds a message to every operator of a layer that is called more than once.

    Source: executed, release 3.5, with Conv2D, Dense and ReLU; Vitis-AI issue 1423. The quantiser
    itself accepts them. Dropout is removed before the conversion.

    Requires: only operators that the quantiser removes are `identity`.
    Ensures: only messages change.
    """
    change: Dict[str, Optional[Op]] = {}
    weighted = _weighted(graph)
    for op, calls in _shared(graph):
        message = _FAILS if op.layer in weighted else _DROPS
        change[op.name] = op.noted(message.format(op.layer, calls))
    return graph.rewritten(change) if change else graph


def shared_layers(graph: Graph) -> Iterator[str]:
    """Yields one warning for the model if layers are called more than once."""
    found = {op.layer: calls for op, calls in _shared(graph)}
    if not found:
        return
    weighted = _weighted(graph)
    fails = [name for name in found if name in weighted]
    drops = [name for name in found if name not in weighted]
    parts = []
    if fails:
        parts.append(f"fails for layers with weights ({_listed(fails)})")
    if drops:
        parts.append(
            f"silently drops all but the first call of layers without weights ({_listed(drops)})"
        )
    yield (
        "some layers are called more than once: the vendor's conversion of the quantised file "
        f"{' and '.join(parts)}. Give each call its own layer"
    )


def _shared(graph: Graph) -> Iterator[Tuple[Op, int]]:
    for op in graph:
        call = op.origin.call
        if call is not None and call.calls > 1 and op.kind not in ("const", "identity"):
            yield op, call.calls


def _weighted(graph: Graph) -> Set[str]:
    """Returns the shared layers that have weights."""
    return {op.layer for op, _ in _shared(graph) if op.params}


def _listed(names: "list[str]") -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
