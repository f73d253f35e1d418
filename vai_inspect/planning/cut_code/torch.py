"""Generates code for the DPU part of a PyTorch module, by forward hooks (no tracing)."""

from __future__ import annotations

from typing import Dict, List, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.planning.cut_code.sides import Sides

_HEAD = '''\
import torch

class Part(torch.nn.Module):
    """Runs a model up to the last modules of the DPU part and returns their outputs."""

    class Done(Exception):
        """All outputs are available."""
'''
_INIT = """
    def __init__(self, model, ends{parameters}):
        super().__init__()
        self.model, self.ends, self.kept = model, ends, {{}}
"""
_KEEP_STARTS = """\
        self.starts, self.inputs = starts, inputs
"""
_KEEP = """
    def keep(self, name, output):
        self.kept.setdefault(name, []).append(output)
        if all(len(self.kept.get(name, ())) == calls for name, calls in self.ends.items()):
            raise Part.Done
"""
_FORWARD = """
    def forward(self, *{given}):
        self.kept.clear()
        hooks = [
            self.model.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: self.keep(name, output))
            for name in self.ends
        ]{replacing}
        try:
            self.model(*{inputs})
        except Part.Done:
            pass
        finally:  # the model itself stays as it is
            for hook in hooks:
                hook.remove()
        return tuple(one for name in self.ends for one in self.kept[name])
"""
_REPLACING = """ + [
            self.model.get_submodule(name).register_forward_pre_hook(
                lambda module, inputs, number=number: (given[number],))
            for name, number in self.starts.items()
        ]"""
_WHOLE_START = (
    _HEAD
    + _INIT.format(parameters="")
    + _KEEP
    + _FORWARD.format(given="inputs", inputs="inputs", replacing="")
)
_OWN_START = (
    _HEAD
    + _INIT.format(parameters=", starts, inputs")
    + _KEEP_STARTS
    + _KEEP
    + _FORWARD.format(given="given", inputs="self.inputs", replacing=_REPLACING)
)
"""The class, for a part that begins with the model and for one that begins within it."""


def torch_code(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that builds the part of a module, or None if a boundary is not a module's.

    Args:
        graph: the graph.
        sides: the boundaries of the part.
    """
    ends = _ends(graph, sides)
    if ends is None:
        return None
    left_out = [op.name for op in sides.ends if not ends.keys() & dict(op.origin.given_by).keys()]
    note = f"# without {', '.join(left_out)}, which the model also returns\n" if left_out else ""
    if not sides.cut_at_start:
        return f"{_WHOLE_START}\n{note}part = Part(model, {ends!r})"
    starts = _starts(graph, sides)
    if starts is None:
        return None
    return (
        f"{_OWN_START}\n{note}"
        "# inputs: a tuple of example inputs of the whole model; the part itself takes\n"
        f"# the outputs of the host: {', '.join(op.name for op in sides.starts)}\n"
        f"part = Part(model, {ends!r}, {starts!r}, inputs)"
    )


def _ends(graph: Graph, sides: Sides) -> Optional[Dict[str, int]]:
    """Returns the modules whose outputs are the ends, with the number of calls of each."""
    given_by = _given_by(graph)
    ends = {op.name for op in sides.ends}
    found: Dict[str, int] = {}
    for op in sides.ends:
        paths = [
            (path, calls)
            for path, calls in op.origin.given_by
            if len(given_by[path]) == calls
            and ends.issuperset(given_by[path])
            and not _runs_host(path, graph, sides)
        ]
        if paths:
            path, calls = next((one for one in paths if one[0] in found), paths[0])
            found[path] = calls
        elif op.name not in sides.optional:
            return None
    return found


def _given_by(graph: Graph) -> Dict[str, List[str]]:
    """Returns the operators whose outputs each module returns.

    A transpose that a layout change inserts has the origin of its producer.
    """
    found: Dict[str, List[str]] = {}
    for op in graph:
        before = {one for producer in graph.producers(op) for one in producer.origin.given_by}
        for path, _ in (one for one in op.origin.given_by if one not in before):
            found.setdefault(path, []).append(op.name)
    return found


def _runs_host(path: str, graph: Graph, sides: Sides) -> bool:
    """Returns whether operators of the host run in a module."""
    return any(
        layer == path or layer.startswith(path + ".")
        for name in sides.host
        if graph[name].kind != "transpose" and not _inserted(graph, graph[name])
        for layer in graph[name].origin.layers
    )


def _inserted(graph: Graph, op: Op) -> bool:
    """Returns whether a layout change inserted an operator, which has its producer's origin."""
    return any(op.origin == one.origin for one in graph.producers(op))


def _starts(graph: Graph, sides: Sides) -> Optional[Dict[str, int]]:
    """Returns the modules that read outputs of the host, with the index of the output."""
    found: Dict[str, int] = {}
    for number, op in enumerate(sides.starts):
        for reader in graph.consumers(op):
            if reader.name not in sides.inside:
                continue
            path = reader.origin.input_layer
            data = [one for one in reader.inputs if graph[one.op].kind != "const"]
            if path is None or path in found or not _is_layer(reader) or len(data) != 1:
                return None
            found[path] = number
    return found


def _is_layer(op: Op) -> bool:
    return op.origin.call is not None and op.origin.call.is_layer
