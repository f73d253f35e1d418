"""Assembles the graph: inputs, the operators of each call in turn, outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Optional

from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.frontends.layout import Assembled
from vai_inspect.frontends.torch.capture.recorder import THROUGH_VIEWS
from vai_inspect.frontends.torch.capture.trace_ir import Step, Trace
from vai_inspect.frontends.torch.lower.call import Call, TraceBuilder
from vai_inspect.frontends.torch.lower.dispatch import lower


def assemble(name: str, trace: Trace) -> Assembled:
    """Lowers a trace, step by step.

    Args:
        name: the model's name.
        trace: the result of a capture strategy.
    """
    builder = TraceBuilder([one for one, _ in trace.inputs] + list(trace.modules))
    for wanted, tensor in trace.inputs:
        builder.values[id(tensor)] = builder.input(wanted, tensor.shape, tensor.dtype)
    for step in trace.steps:
        call = Call(step, builder.names.take(_name(step)), builder)
        lower(call)
        builder.values.update(zip(map(id, step.outputs), call.results()))
    given_by: Dict[Value, List[str]] = {}
    for path, tensor in trace.given_by:
        if id(tensor) in builder.values:
            given_by.setdefault(builder.values[id(tensor)], []).append(path)
    for tensor in trace.outputs:
        if id(tensor) not in builder.values:  # a constant, which is written where it is read
            reader = Call(Step("constant", (), {}, (tensor,), ""), "constant", builder)
            builder.values[id(tensor)] = reader.value(tensor)
        builder.output(builder.values[id(tensor)])
    graph = _returning(builder.graph(name), given_by)
    # Parts of a call and shared memory of two tensors are not calls in the user's code.
    silent = frozenset(op.name for op in graph if "/" in op.name or _shares_memory(op))
    return Assembled(graph, frozenset(builder.transparent), silent)


def _returning(graph: Graph, given_by: Dict[Value, List[str]]) -> Graph:
    """Returns a graph whose operators know which modules return what they give."""
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        paths = given_by.get(Value(op.name))
        if paths and len(op.outputs) == 1 and op.kind not in ("data", "const"):
            change[op.name] = op.replaced(origin=replace(op.origin, given_by=tuple(paths)))
    return graph.rewritten(change)


def _shares_memory(op: Op) -> bool:
    return getattr(op.attrs, "framework_type", "") in THROUGH_VIEWS


def _name(step: Step) -> str:
    """Returns a name; a constant call does not take a name that another call owns."""
    return step.path + "/constant" if step.constant else step.path
