"""The graph as it grows: inputs, the operators of one call after another, outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet

from vai_inspect.core.ir import Graph, Op, Origin, TensorType, Value
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs
from vai_inspect.core.ir.names import Names
from vai_inspect.frontends.torch.call import Call, Memory
from vai_inspect.frontends.torch.dispatch import lower
from vai_inspect.frontends.torch.form import Step, Trace


@dataclass(frozen=True)
class Assembled:
    """A graph in PyTorch's own order of axes.

    Attributes:
        graph: the operators.
        transparent: names of unknown operators to which the order of axes means nothing.
    """

    graph: Graph
    transparent: FrozenSet[str]


def assemble(name: str, trace: Trace) -> Assembled:
    """Lowers a trace, step by step.

    Args:
        name: the model's name.
        trace: what a rung of the ladder gave.
    """
    memory = Memory(Names([one for one, _ in trace.inputs] + list(trace.modules)))
    for wanted, tensor in trace.inputs:
        value = Value(memory.names.take(wanted))
        memory.values[id(tensor)] = value
        memory.add(
            Op(
                name=value.op,
                kind="data",
                attrs=TensorAttrs(tensor.shape, tensor.dtype.upper()),
                outputs=(TensorType(tensor.shape, tensor.dtype),),
                origin=Origin("torch", (wanted,)),
            )
        )
    for step in trace.steps:
        call = Call(step, memory.names.take(_name(step)), memory)
        lower(call)
        for tensor, value in zip(step.outputs, call.results()):
            memory.values[id(tensor)] = value
    for tensor in trace.outputs:
        _return(memory, tensor)
    return Assembled(Graph(name, memory.ops), frozenset(memory.transparent))


def _name(step: Step) -> str:
    """Returns a name; that of a call that depends on no input is none that another call wants."""
    return step.path + "/constant" if step.constant else step.path


def _return(memory: Memory, tensor: object) -> None:
    step = Step("constant", (), {}, (), "")
    value = Call(step, "constant", memory).value(tensor)
    memory.add(
        Op(
            name=memory.names.take("return"),
            kind="return",
            attrs=NoAttrs(),
            inputs=(value,),
            outputs=(memory.types[value],),
            origin=Origin("torch"),
        )
    )
