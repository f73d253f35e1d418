"""A module that is the DPU's part of another one: forward hooks, which need no tracing."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

from vai_inspect.core.ir import Graph, Op
from vai_inspect.cut_sides import Sides

_HEAD = '''\
import torch

class Part(torch.nn.Module):
    """Runs a model up to the modules that the DPU's part ends with, and returns what they give."""

    class Done(Exception):
        """All of them have given it."""
'''
_INIT = """
    def __init__(self, model, ends):
        super().__init__()
        self.model, self.ends, self.kept = model, ends, {}
"""
_INIT_WITH_STARTS = """
    def __init__(self, model, ends, starts, inputs):
        super().__init__()
        self.model, self.ends, self.kept = model, ends, {}
        self.starts, self.inputs = starts, inputs
"""
_KEEP = """
    def keep(self, name, output):
        self.kept.setdefault(name, []).append(output)
        if all(len(self.kept.get(name, ())) == calls for name, calls in self.ends.items()):
            raise Part.Done
"""
_FORWARD = """
    def forward(self, *inputs):
        self.kept.clear()
        hooks = [
            self.model.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: self.keep(name, output))
            for name in self.ends
        ]
        try:
            self.model(*inputs)
        except Part.Done:
            pass
        finally:  # the model itself stays as it is
            for hook in hooks:
                hook.remove()
        return tuple(one for name in self.ends for one in self.kept[name])
"""
_FORWARD_WITH_STARTS = """
    def forward(self, *given):
        self.kept.clear()
        hooks = [
            self.model.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: self.keep(name, output))
            for name in self.ends
        ] + [
            self.model.get_submodule(name).register_forward_pre_hook(
                lambda module, inputs, number=number: (given[number],))
            for name, number in self.starts.items()
        ]
        try:
            self.model(*self.inputs)
        except Part.Done:
            pass
        finally:  # the model itself stays as it is
            for hook in hooks:
                hook.remove()
        return tuple(one for name in self.ends for one in self.kept[name])
"""


def torch_code(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that makes the part of a module, or None where a side is no module's.

    Args:
        graph: the graph.
        sides: what the part begins and ends with.
    """
    ends = _ends(graph, sides)
    if ends is None:
        return None
    left_out = [
        op.name for op in sides.ends if op.origin.layers[-1:] not in [(one,) for one in ends]
    ]
    note = f"# without {', '.join(left_out)}, which the model returns as well\n" if left_out else ""
    if not sides.cut_at_start:
        return f"{_HEAD}{_INIT}{_KEEP}{_FORWARD}\n{note}part = Part(model, {ends!r})"
    starts = _starts(graph, sides)
    if starts is None:
        return None
    return (
        f"{_HEAD}{_INIT_WITH_STARTS}{_KEEP}{_FORWARD_WITH_STARTS}\n{note}"
        "# inputs: a tuple of what the whole model is called with; the part takes in their place\n"
        f"# what the host gives: {', '.join(op.name for op in sides.starts)}\n"
        f"part = Part(model, {ends!r}, {starts!r}, inputs)"
    )


def _ends(graph: Graph, sides: Sides) -> Optional[Dict[str, int]]:
    """Returns the modules whose outputs are the ends, with how often each is called."""
    wanted: Dict[str, List[Op]] = {}
    for op in sides.ends:
        path = op.origin.layers[-1] if op.origin.layers else ""
        wanted.setdefault(path, []).append(op)
    for path, ops in list(wanted.items()):
        if not _is_given_by(path, ops, graph, sides):
            if not all(op.name in sides.optional for op in ops):
                return None
            del wanted[path]
    return {path: len(ops) for path, ops in wanted.items()}


def _is_given_by(path: str, ops: Sequence[Op], graph: Graph, sides: Sides) -> bool:
    """Tells whether the outputs of a module, each time it is called, are those of operators."""
    if not path or path in sides.host_layers or not all(_is_layer(op) for op in ops):
        return False
    calls = [op for op in graph if op.name in sides.inside and op.origin.layers[-1:] == (path,)]
    return ops == [op for op in calls if not any(one in calls for one in graph.consumers(op))]


def _starts(graph: Graph, sides: Sides) -> Optional[Dict[str, int]]:
    """Returns the modules that read what the host gives, with the number of that."""
    found: Dict[str, int] = {}
    for number, op in enumerate(sides.starts):
        for reader in graph.consumers(op):
            if reader.name not in sides.inside:
                continue
            path = reader.origin.layers[0] if reader.origin.layers else None
            taken = [one for one in reader.inputs if graph[one.op].kind != "const"]
            if path is None or path in found or not _is_layer(reader) or len(taken) != 1:
                return None
            found[path] = number
    return found


def _is_layer(op: Op) -> bool:
    return op.origin.call is not None and op.origin.call.is_layer
