"""Assembles the graph: inputs, the operators of each call in turn, outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Mapping, Sequence, Tuple

from vai_inspect.core.ir import Graph, TensorType, Value
from vai_inspect.frontends.graph_builder import GraphBuilder
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.dispatch import lower
from vai_inspect.frontends.keras.lower.steps import InputTensor, Step, Trace


@dataclass(frozen=True)
class Made:
    """The source of an operator.

    Attributes:
        step: the call.
        part: the suffix of its name after that of the call; empty for the call's own operator.
        kind: its kind.
    """

    step: Step
    part: str
    kind: str


class Assembly:
    """Lowers calls in topological order and maps tensors to values.

    Tensors are distinguished by identity: they must live as long as the assembly.
    """

    def __init__(self, inputs: Sequence[InputTensor], paths: Iterable[str]) -> None:
        """Emits the inputs.

        Args:
            inputs: the inputs of the model, with their final shapes.
            paths: the path of every call, so that its name is not given to another operator.
        """
        self._builder = GraphBuilder("keras", [tensor.name for tensor in inputs] + list(paths))
        self._values: Dict[int, Value] = {
            id(one.spec): self._builder.input(one.name, one.spec.shape, str(one.spec.dtype))
            for one in inputs
        }
        self._made: Dict[str, Made] = {}

    def call(self, step: Step) -> Tuple[TensorType, ...]:
        """Emits the operators of one call and returns its output types.

        The output tensors of the step are entered; for a step without them, call `enter`.

        Raises:
            OutputUnknownError: the step has no output tensors, and its lowering needs them.
        """
        builder, begin = self._builder, len(self._builder.ops)
        name = builder.names.take(step.path)
        try:
            ops = lower(Call(step, name, builder, self._values))
        except Exception:
            builder.forget(begin)
            builder.names.release([name])
            raise
        self._made.update((op.name, Made(step, op.name[len(name) + 1 :], op.kind)) for op in ops)
        if step.outputs is not None:
            self.enter(step.outputs)
        return ops[-1].outputs

    def enter(self, tensors: Sequence[Any]) -> None:
        """Sets the output tensors of the last call."""
        last = self._builder.ops[-1].name
        for index, tensor in enumerate(tensors):
            self._values[id(tensor)] = Value(last, index)

    @property
    def made(self) -> Mapping[str, Made]:
        """The source of each operator by name, without inputs and outputs."""
        return self._made

    def graph(self, name: str, outputs: Iterable[Any]) -> Graph:
        """Returns the graph, with the given tensors as its outputs."""
        for tensor in outputs:
            self._builder.output(self._values[id(tensor)])
        return self._builder.graph(name)


def assembled(name: str, inputs: Sequence[InputTensor], traced: Trace) -> Graph:
    """Returns the graph of calls with known outputs.

    Args:
        name: the model's name.
        inputs: its inputs.
        traced: its calls and outputs.
    """
    assembly = Assembly(inputs, [step.path for step in traced.steps])
    for step in traced.steps:
        assembly.call(step)
    return assembly.graph(name, traced.outputs)
