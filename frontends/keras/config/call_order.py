"""The calls of a stored model in order, with nested models expanded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.calls import Sizes
from vai_inspect.frontends.keras.config.network import Network, Node
from vai_inspect.frontends.keras.config.tf_layers import as_operation
from vai_inspect.frontends.keras.config.values import Ref, flatten
from vai_inspect.frontends.keras.live.toposort import CircleError, depth_first
from vai_inspect.frontends.keras.lower.layer import Layer

MOST_CALLS = 10_000
"""Calls that a model may have besides those that its file lists: models within models can multiply
them without end."""
MOST_OUTPUTS = 10_000
"""Tensors that one call may give."""


class Symbol:
    """A tensor of the model, compared by identity.

    Attributes:
        shape: its shape, once the call that gives it was read.
        dtype: its element type, likewise.
        recorded: shape and element type as the file has them; None where it does not say.
        hint: shape that a reader of it was built with; None where the file does not say.
    """

    def __init__(
        self, recorded: Optional[Tuple[Sizes, str]] = None, hint: Optional[Sizes] = None
    ) -> None:
        self.shape: Tuple[int, ...] = ()
        self.dtype = "float32"
        self.recorded = recorded
        self.hint = hint


@dataclass
class Planned:
    """One call of a layer.

    Attributes:
        layer: what is called.
        path: where it stands in the model.
        args: positional arguments, tensors as symbols.
        kwargs: keyword arguments, likewise.
        inputs: the symbols among them.
        outputs: the symbols that others read of it, by index.
        last: whether no other call reads them.
        calls: how often the model calls the layer.
    """

    layer: Layer
    path: str
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    inputs: Tuple[Symbol, ...]
    outputs: Dict[int, Symbol] = field(default_factory=dict)
    last: bool = False
    calls: int = 1


def plan(
    network: Network, inputs: Sequence[Symbol], path: str
) -> Tuple[List[Planned], List[Symbol]]:
    """Returns the calls in topological order and the model's outputs.

    Args:
        network: the model.
        inputs: a symbol for each of its inputs.
        path: its file, for messages.

    Raises:
        ModelError: the graph has a circle, has no end, or names what is not there.
    """
    planner = _Planner(path, MOST_CALLS + _listed(network))
    outputs = planner.walk(network, inputs, "")
    read = {id(symbol) for call in planner.calls for symbol in call.inputs}
    calls = Counter(map(id, planner.called))
    for call, layer in zip(planner.calls, planner.called):
        call.calls = calls[id(layer)]
        call.last = not any(id(symbol) in read for symbol in call.outputs.values())
    return planner.calls, outputs


def _listed(network: Network) -> int:
    """Returns the number of calls in a model; each nested model counts once."""
    inner = [layer for layer in network.layers.values() if isinstance(layer, Network)]
    return len(network.nodes) + sum(map(_listed, inner))


class _Planner:
    def __init__(self, path: str, most: int) -> None:
        self.calls: List[Planned] = []
        self.called: List[Layer] = []
        self._path = path
        self._most = most
        self._count = 0

    def walk(self, network: Network, inputs: Sequence[Symbol], prefix: str) -> List[Symbol]:
        known = {Ref(entry.name, 0, 0): symbol for entry, symbol in zip(network.inputs, inputs)}
        given: Dict[Tuple[str, int], Planned] = {}

        def symbol_of(value: Any) -> Any:
            if not isinstance(value, Ref):
                return value
            found = known.get(value)
            if found is None:
                call = given.get((value.layer, value.node))
                if call is None or not 0 <= value.tensor < MOST_OUTPUTS:
                    raise ModelError(
                        f"{self._path} reads output {value.tensor} of {prefix + value.layer!r}, "
                        "which it does not give."
                    )
                found = known[value] = Symbol(network.recorded.get(value), network.hints.get(value))
                call.outputs[value.tensor] = found
            return found

        for key, node in _ordered(network, self._path):
            self._count += 1
            if self._count > self._most:
                raise ModelError(
                    f"{self._path} has more than {self._most:,} calls of layers, as models in it "
                    "are called over and "
                    "over; inspect a part of it."
                )
            layer, path = network.layers[node.layer], prefix + node.layer
            args = tuple(_map(value, symbol_of) for value in node.args)
            kwargs = {name: _map(value, symbol_of) for name, value in node.kwargs.items()}
            if isinstance(layer, Network):
                read = _inner_inputs(layer, args, kwargs, path, self._path)
                for index, symbol in enumerate(self.walk(layer, read, path + "/")):
                    known[Ref(*key, index)] = symbol
            else:
                symbols = tuple(symbol_of(ref) for ref in node.refs)
                seen, args, kwargs = as_operation(layer, args, kwargs)
                given[key] = Planned(seen, path, args, kwargs, symbols)
                self.calls.append(given[key])
                self.called.append(layer)
        return [symbol_of(ref) for ref in network.outputs]


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_map(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    return change(value)


def _inner_inputs(
    inner: Network, args: Tuple[Any, ...], kwargs: Dict[str, Any], own: str, path: str
) -> List[Symbol]:
    """Returns the inputs of a nested model's call, in the order of its own inputs."""
    value = args[0] if args else kwargs.get("inputs")
    if isinstance(value, dict) and isinstance(inner.inputs_struct, dict):
        value = {key: value.get(key) for key in inner.inputs_struct}
    found = [part for part in flatten(value) if isinstance(part, Symbol)]
    if len(found) != len(inner.inputs):
        raise ModelError(
            f"{path} calls the model {own!r} with {len(found)} tensors; it has "
            f"{len(inner.inputs)} inputs."
        )
    return found


def _ordered(network: Network, path: str) -> Iterator[Tuple[Tuple[str, int], Node]]:
    """Yields the calls between inputs and outputs, in the order of the live walk."""
    inputs = {entry.name for entry in network.inputs}

    def calls(refs: Sequence[Ref]) -> List[Tuple[str, int]]:
        return [(ref.layer, ref.node) for ref in refs if ref.layer not in inputs]

    def needs(key: Tuple[str, int]) -> List[Tuple[str, int]]:
        node = network.nodes.get(key)
        if node is None:
            raise ModelError(f"{path} reads a call of {key[0]!r} that it does not have.")
        return calls(node.refs)

    try:
        for key in depth_first(calls(network.outputs), needs):
            yield key, network.nodes[key]
    except CircleError as error:
        raise ModelError(f"{path} has a circle of layers, at {error.args[0][0]!r}.") from error
