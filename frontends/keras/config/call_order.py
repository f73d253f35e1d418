"""The calls of a stored model in order, with nested models expanded."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.network import Network, Node
from vai_inspect.frontends.keras.config.tf_layers import as_operation
from vai_inspect.frontends.keras.config.values import TensorRef, flatten
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.steps import Step
from vai_inspect.frontends.keras.nested import mapped
from vai_inspect.frontends.keras.toposort import CycleError, depth_first
from vai_inspect.frontends.keras.training_mode import TrainingMode

MOST_CALLS = 10_000
"""Limit of calls beyond those listed in the file; nested models can multiply them endlessly."""
MOST_OUTPUTS = 10_000
"""Limit of output tensors of one call."""


class PlannedTensor:
    """A tensor of the model, compared by identity.

    Attributes:
        shape: its shape; empty until the call that outputs it is read.
        dtype: its element type, likewise.
        recorded: shape and element type in the file, or None.
        hint: shape in the file that a layer which reads it was built with, or None.
    """

    def __init__(
        self, recorded: Optional[Tuple[Sizes, str]] = None, hint: Optional[Sizes] = None
    ) -> None:
        self.shape: Tuple[int, ...] = ()
        self.dtype = "float32"
        self.recorded = recorded
        self.hint = hint


@dataclass
class PlannedCall:
    """One call of a layer.

    Attributes:
        step: the call, without outputs.
        outputs: its output tensors that are read, by index.
        last: whether no other call reads them.
    """

    step: Step
    outputs: Dict[int, PlannedTensor] = field(default_factory=dict)
    last: bool = False


def plan(
    network: Network, inputs: Sequence[PlannedTensor], path: str
) -> Tuple[List[PlannedCall], List[PlannedTensor]]:
    """Returns the calls in topological order and the model's outputs.

    Args:
        network: the model.
        inputs: a tensor for each of its inputs.
        path: its file, for messages.

    Raises:
        ModelError: the graph is cyclic or too large, or a layer or tensor in it does not exist.
    """
    planner = _Planner(path, MOST_CALLS + _listed(network))
    outputs = planner.walk(network, inputs, "")
    read = {id(tensor) for call in planner.calls for tensor in call.step.inputs}
    calls = Counter(map(id, planner.called))
    for call, layer in zip(planner.calls, planner.called):
        if calls[id(layer)] > 1:
            call.step = dataclasses.replace(call.step, calls=calls[id(layer)])
        call.last = not any(id(tensor) in read for tensor in call.outputs.values())
    return planner.calls, outputs


def _listed(network: Network) -> int:
    """Returns the number of calls in a model; each nested model counts once."""
    inner = [layer for layer in network.layers.values() if isinstance(layer, Network)]
    return len(network.nodes) + sum(map(_listed, inner))


class _Planner:
    def __init__(self, path: str, most: int) -> None:
        self.calls: List[PlannedCall] = []
        self.called: List[Layer] = []
        self._path = path
        self._most = most
        self._count = 0

    def walk(
        self,
        network: Network,
        inputs: Sequence[PlannedTensor],
        prefix: str,
        around: Optional[bool] = None,
    ) -> List[PlannedTensor]:
        """Adds the calls of a model; `around` is `training` of its call."""
        mode = TrainingMode(around, not network.keras_2)
        known = {
            TensorRef(entry.name, 0, 0): tensor for entry, tensor in zip(network.inputs, inputs)
        }
        planned: Dict[Tuple[str, int], PlannedCall] = {}

        def tensor_of(value: Any) -> Any:
            if not isinstance(value, TensorRef):
                return value
            found = known.get(value)
            if found is None:
                call = planned.get((value.layer, value.node))
                if call is None or not 0 <= value.tensor < MOST_OUTPUTS:
                    raise ModelError(
                        f"{self._path} reads output {value.tensor} of {prefix + value.layer!r}, "
                        "which does not exist."
                    )
                recorded, hint = network.recorded.get(value), network.hints.get(value)
                found = known[value] = PlannedTensor(recorded, hint)
                call.outputs[value.tensor] = found
            return found

        for key, node in _ordered(network, self._path):
            self._count += 1
            if self._count > self._most:
                raise ModelError(
                    f"{self._path} has more than {self._most:,} calls of layers, since its nested "
                    "models are called repeatedly; inspect a part of it."
                )
            layer, path = network.layers[node.layer], prefix + node.layer
            args, kwargs = mapped((node.args, node.kwargs), tensor_of)
            if isinstance(layer, Network):
                training = mode.of(None, args, kwargs)
                read = _inner_inputs(layer, args, kwargs, path, self._path)
                for index, tensor in enumerate(self.walk(layer, read, path + "/", training)):
                    known[TensorRef(*key, index)] = tensor
            else:
                tensors = tuple(map(tensor_of, node.refs))
                operation, args, kwargs = as_operation(layer, args, kwargs)
                training = mode.of(operation.keras_class, args, kwargs)
                step = Step(operation, path, args, kwargs, tensors, training=bool(training))
                planned[key] = PlannedCall(step)
                self.calls.append(planned[key])
                self.called.append(layer)
        return list(map(tensor_of, network.outputs))


def _inner_inputs(
    inner: Network, args: Tuple[Any, ...], kwargs: Dict[str, Any], own: str, path: str
) -> List[PlannedTensor]:
    """Returns the inputs of a nested model's call, in the order of its own inputs."""
    value = args[0] if args else kwargs.get("inputs")
    if isinstance(value, dict) and isinstance(inner.inputs_struct, dict):
        value = {key: value.get(key) for key in inner.inputs_struct}
    found = [part for part in flatten(value) if isinstance(part, PlannedTensor)]
    if len(found) != len(inner.inputs):
        raise ModelError(
            f"{path} calls the model {own!r} with {len(found)} tensors; it has "
            f"{len(inner.inputs)} inputs."
        )
    return found


def _ordered(network: Network, path: str) -> Iterator[Tuple[Tuple[str, int], Node]]:
    """Yields the calls between inputs and outputs, in the order of the live walk."""
    inputs = {entry.name for entry in network.inputs}

    def calls(refs: Sequence[TensorRef]) -> List[Tuple[str, int]]:
        return [(ref.layer, ref.node) for ref in refs if ref.layer not in inputs]

    def needs(key: Tuple[str, int]) -> List[Tuple[str, int]]:
        node = network.nodes.get(key)
        if node is None:
            raise ModelError(f"{path} reads a call of {key[0]!r} that it does not have.")
        return calls(node.refs)

    try:
        for key in depth_first(calls(network.outputs), needs):
            yield key, network.nodes[key]
    except CycleError as error:
        raise ModelError(f"{path} has a cycle of layers, at {error.args[0][0]!r}.") from error
