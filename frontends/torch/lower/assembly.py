"""Assembles the graph: inputs, the operators of each call in turn, outputs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Dict, List, Tuple

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
    for tensor in trace.outputs:
        if id(tensor) not in builder.values:  # a constant, which is written where it is read
            reader = Call(Step("constant", (), {}, (tensor,), ""), "constant", builder)
            builder.values[id(tensor)] = reader.value(tensor)
        builder.output(builder.values[id(tensor)])
    graph = _with_modules(builder.graph(name), trace, builder.values)
    # Parts of a call and shared memory of two tensors are not calls in the user's code.
    silent = frozenset(op.name for op in graph if "/" in op.name or _shares_memory(op))
    return Assembled(graph, frozenset(builder.transparent), silent)


def _with_modules(graph: Graph, trace: Trace, values: Dict[int, Value]) -> Graph:
    """Returns a graph whose operators know which modules return their output and nothing else."""
    single = {
        Value(op.name) for op in graph if len(op.outputs) == 1 and op.kind not in ("data", "const")
    }
    calls = [(path, values.get(id(tensor))) for path, tensor in trace.given_by]
    counts = Counter(path for path, _ in calls)
    named = {path for path in trace.modules if path}
    others = {path for path, value in calls if path not in named or value not in single}
    given_by: Dict[str, List[Tuple[str, int]]] = {}
    for path, value in calls:
        if path not in others and value is not None:
            given_by.setdefault(value.op, []).append((path, counts[path]))
    return graph.rewritten(
        {
            name: graph[name].replaced(origin=replace(graph[name].origin, given_by=tuple(paths)))
            for name, paths in given_by.items()
        }
    )


def _shares_memory(op: Op) -> bool:
    return getattr(op.attrs, "framework_type", "") in THROUGH_VIEWS


def _name(step: Step) -> str:
    """Returns a name; a constant call does not take a name that another call owns."""
    return step.path + "/constant" if step.constant else step.path
