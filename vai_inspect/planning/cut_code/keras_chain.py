"""Generates code for the DPU part of a Keras model that calls its layers one after another.

It needs no tensor of the model: between two nested models no layer has theirs.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.planning.cut_code.keras_layers import (
    CLONED,
    called_again,
    input_path_of,
    linear_in,
    path_of,
    without_activation,
)
from vai_inspect.planning.cut_code.sides import Sides


def keras_chain(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that calls the layers of the part in a row, or None if they are no row.

    Args:
        graph: the graph.
        sides: the boundaries of the part.
    """
    if len(sides.starts) != 1 or len(sides.ends) != 1 or "/" in path_of(sides.ends[0]):
        return None
    rows: Dict[Tuple[str, ...], List[Op]] = {}
    for op in graph:
        if op.name in sides.inside:
            rows.setdefault(_tops(op), []).append(op)
    names = [name for row in rows for name in row]
    linear = linear_in(sides)
    host = {name for one in sides.host for name in _tops(graph[one])}
    cut_through = host & set(names) - {name for op in linear for name in _tops(op)}
    if "" in names or len(set(names)) < len(names) or cut_through:
        return None
    if not all(map(_is_called_once, (op for ops in rows.values() for op in ops))):
        return None
    before = sides.starts[0]
    for ops in rows.values():
        within = {op.name for op in ops}
        read = {value.op for op in ops for value in op.inputs if value.op not in within}
        if {one for one in read if graph[one].kind != "const"} != {before.name}:
            return None
        exits = [op for op in ops if any(one.name not in within for one in graph.consumers(op))]
        if len(exits) != 1:
            return None
        before = exits[0]
    if before.name != sides.ends[0].name:
        return None
    shape = tuple(sides.starts[0].output.shape[1:])
    lines: List[str] = [*CLONED]
    lines += [without_activation("whole", op) for op in linear]
    lines += [
        f"x = inputs = keras.Input({shape})",
        f"for name in {names!r}:",
        "    x = whole.get_layer(name)(x)",
        "part = keras.Model(inputs, x)",
    ]
    return "\n".join(lines)


def _tops(op: Op) -> Tuple[str, ...]:
    """Returns the layers that the model itself calls for an operator; those in it are one."""
    own = op.origin.layers[:1] or ("",)
    paths = (input_path_of(op), *own, path_of(op))
    return tuple(dict.fromkeys(path.split("/")[0] for path in paths))


def _is_called_once(op: Op) -> bool:
    """Returns whether an operator is of one call of a layer that the model calls, or in a model."""
    call = op.origin.call
    named = "/" in path_of(op) or (call is not None and call.is_layer)
    return named and not called_again(op)
