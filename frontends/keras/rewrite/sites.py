"""Where an operator of an inspection stands in a live model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.frontends.keras.live.generation import Generation
from vai_inspect.frontends.keras.live.input_shapes import resolve_inputs
from vai_inspect.frontends.keras.live.live_layer import as_layer
from vai_inspect.frontends.keras.live.model_kind import inner_function
from vai_inspect.frontends.keras.live.trace import trace
from vai_inspect.frontends.keras.lower.assembly import Assembly, Made
from vai_inspect.frontends.keras.lower.channels_first import channels_last
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.steps import InputTensor
from vai_inspect.frontends.keras.toposort import depth_first

OPEN = (
    "the size of its map is open, and what it becomes holds for one; build the model for one size"
)
OPEN_CHANNELS = "the number of its channels is open; build the model for one number"


class Level:
    """The calls of one model, nested ones as one call each, and who reads what."""

    def __init__(self, function: Any, keras: Generation) -> None:
        self.keras = keras
        self.function = function
        self._inputs = {id(symbol) for symbol in function.inputs}
        self.nodes = list(depth_first(self._givers(function.outputs), self._before))
        self._readers: Dict[int, List[Any]] = {}
        for node in self.nodes:
            for symbol in {id(one): one for one in keras.inputs(node)}.values():
                self._readers.setdefault(id(symbol), []).append(node)
        self._returned = {id(symbol) for symbol in function.outputs}

    def giver(self, symbol: Any) -> Optional[Any]:
        """Returns the node that gives a tensor, or None for an input of the model."""
        if id(symbol) in self._inputs:
            return None
        history = getattr(symbol, "_keras_history", None)
        return None if history is None else self.keras.node_of(history)

    def readers(self, symbol: Any) -> List[Any]:
        """Returns the nodes that read a tensor."""
        return self._readers.get(id(symbol), [])

    def only_reader(self, symbol: Any) -> Optional[Any]:
        """Returns the one node that reads a tensor; None where there are others or an output."""
        readers = self.readers(symbol)
        return readers[0] if len(readers) == 1 and id(symbol) not in self._returned else None

    def _givers(self, symbols: Sequence[Any]) -> List[Any]:
        found = [self.giver(symbol) for symbol in symbols]
        return [node for node in found if node is not None]

    def _before(self, node: Any) -> List[Any]:
        return self._givers(self.keras.inputs(node))


@dataclass(frozen=True)
class Seen:
    """A call as the lowerings see it, with the model's own tensors.

    Attributes:
        operation: the layer or operation.
        args: its positional arguments.
        kwargs: its keyword arguments.
    """

    operation: Layer
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]

    @property
    def name(self) -> str:
        """The class of Keras's that it is read as; an empty text for code of the user's."""
        return self.operation.keras_class or ""

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer, and no bare operation."""
        return self.operation.is_layer

    def argument(self, position: int, *names: str) -> Any:
        """Returns an argument of the call, or None where it is not given."""
        found = [self.kwargs[name] for name in names if name in self.kwargs]
        if found:
            return found[0]
        return self.args[position] if position < len(self.args) else None


@dataclass(frozen=True)
class Site:
    """The call that an operator comes from.

    Attributes:
        op: the operator's name.
        made: what the operator was made of.
        level: the model that the call stands in.
        keras: the generation of Keras.
    """

    op: str
    made: Made
    level: Level
    keras: Generation

    @property
    def node(self) -> Any:
        """The call."""
        return self.made.step.nodes[-1]

    @property
    def around(self) -> Tuple[Any, ...]:
        """The calls of the models that it is in."""
        return self.made.step.nodes[:-1]

    @property
    def layer(self) -> Any:
        """The framework's layer or operation."""
        return self.keras.operation(self.node)

    @property
    def part(self) -> str:
        """What of the call the operator is; empty for the call's own."""
        return self.made.part

    @property
    def shapes(self) -> List[Tuple[int, ...]]:
        """The shapes that the call reads."""
        return [tuple(tensor.shape) for tensor in self.made.step.inputs]

    @property
    def open_size(self) -> bool:
        """Whether the user's model leaves open, the batch aside, what shape the call reads.

        A nested model that is called on tensors of one shape reads that alone.
        """
        reads = (self.keras.inputs(node) for node in self.made.step.nodes)
        return all(any(None in tuple(one.shape)[1:] for one in symbols) for symbols in reads)

    @property
    def seen(self) -> Seen:
        """The call as the lowerings see it."""
        return self.seen_at(self.node)

    @property
    def source(self) -> Any:
        """The first tensor that the call reads."""
        return self.keras.inputs(self.node)[0]

    @property
    def result(self) -> Any:
        """The first tensor that the call gives."""
        return self.keras.outputs(self.node)[0]

    def seen_at(self, node: Any) -> Seen:
        """Returns another call of the same model as the lowerings see it."""
        args, kwargs = self.arguments(node)
        operation = self.keras.operation(node)
        operation, args, kwargs = self.keras.lowered_as(operation, args, kwargs)
        return Seen(as_layer(operation), tuple(args), dict(kwargs))

    def arguments(self, node: Any) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
        """Returns what a call of the same model is called with."""
        own = {id(symbol): symbol for symbol in self.keras.inputs(node)}
        return self.keras.filled(node, own)

    def is_tensor(self, value: Any) -> bool:
        """Tells whether an argument is a tensor of the model, and no constant."""
        return any(value is symbol for symbol in self.keras.inputs(self.node))


class Sites:
    """Every call of a live model by the names of the operators that it becomes."""

    def __init__(self, function: Any, input_args: Any, batch: int, keras: Generation) -> None:
        """Walks the model as `capture` does.

        Raises:
            VaiInspectError: as of `capture`.
        """
        self.inputs: List[InputTensor] = resolve_inputs(function, input_args, batch, keras)
        self._keras = keras
        self._top = function
        self._levels: Dict[int, Level] = {}
        traced = trace(function, self.inputs, input_args is not None, keras)
        given, traced = channels_last(self.inputs, traced)
        assembly = Assembly(given, [step.path for step in traced.steps])
        for step in traced.steps:
            assembly.call(step)
        self._made: Mapping[str, Made] = assembly.made

    def find(self, op: str) -> "Site | str":
        """Returns where an operator stands, or why nothing can be changed there.

        Args:
            op: its name.
        """
        made = self._made.get(op)
        if made is None or not made.step.nodes:
            return "it is no call of a layer"
        if made.step.within is not None:
            return "it is in code of your own; write it there"
        around = made.step.nodes[:-1]
        function = self._top
        if around:
            function = inner_function(self._keras.operation(around[-1]))
        if id(function) not in self._levels:
            self._levels[id(function)] = Level(function, self._keras)
        return Site(op, made, self._levels[id(function)], self._keras)

    def names(self) -> List[str]:
        """Returns the names of all operators, in graph order."""
        return list(self._made)
