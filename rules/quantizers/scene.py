"""The view of a model that quantiser rules check: the graph as captured, before any pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import (
    Collection,
    Dict,
    FrozenSet,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from vai_inspect.core.findings import Remedy
from vai_inspect.core.ir import CallForm, Graph, Op, Value
from vai_inspect.core.model_form import ModelForm

NO_CALL = CallForm("")
_LAID_OUT = re.compile(r"_(?:swim|sink)_(?:transpose|reshape)(?:_\d+)?$")
"""Names of operators that the layout pass inserts after an operator, with the same call."""


@dataclass(frozen=True)
class Where:
    """Operators by a name; all of them if there is none.

    Attributes:
        by: what the names are: `calls`, `arguments`, `layers` or `kinds`.
        names: the names.
    """

    by: str
    names: Tuple[str, ...]


def calls(*names: str) -> Where:
    """Returns the operators of calls with these names, or of all calls, without constants.

    The name is the class of a layer or module, or a function or method.
    """
    return Where("calls", names)


def arguments(*names: str) -> Where:
    """Returns the operators of calls with one of these arguments among those that are kept."""
    return Where("arguments", names)


def layers(*names: str) -> Where:
    """Returns the operators of layers whose Keras base class is one of these."""
    return Where("layers", names)


def kinds(*names: str) -> Where:
    """Returns the operators of these kinds."""
    return Where("kinds", names)


@dataclass(frozen=True)
class Scene:
    """A model before the quantiser.

    Attributes:
        graph: the operators as captured, before any pass.
        release: the Vitis AI release.
        form: how the model is built.
        in_float: reason and remedy of operators that the flow's passes leave in float, by name.
        open_batch: whether the batch size is open.
        joined: operators that the passes merged into others.
    """

    graph: Graph
    release: str
    form: ModelForm = ModelForm()
    in_float: Mapping[str, Tuple[str, Optional[Remedy]]] = field(default_factory=dict)
    open_batch: bool = False
    joined: "frozenset[str]" = frozenset()

    def ops(self, where: Where) -> Iterator[Op]:
        """Returns operators in the order of the graph."""
        index = self._indexes[where.by]
        return iter(index.having(where.names) if where.names else index.ops)

    @cached_property
    def names(self) -> FrozenSet[str]:
        """The names of all calls, their arguments, base classes of layers, and kinds."""
        return frozenset(name for index in self._indexes.values() for name in index.names)

    @cached_property
    def _indexes(self) -> Mapping[str, "_Index"]:
        ops = list(self.graph)
        calls = [
            op
            for op in ops
            if op.origin.call is not None
            and op.kind not in ("const", "data", "return")
            and not laid_out(op)
        ]
        layers = [op for op in calls if call_of(op).is_layer]
        return {
            "calls": _Index(calls, [(call_of(op).name,) for op in calls]),
            "arguments": _Index(calls, [dict(call_of(op).arguments) for op in calls]),
            "layers": _Index(layers, [(call_of(op).base or call_of(op).name,) for op in layers]),
            "kinds": _Index(ops, [(op.kind,) for op in ops]),
        }

    def readers(self, op: Op) -> Tuple[Op, ...]:
        """Returns the readers of an operator, looking through identities."""
        found: List[Op] = []
        waiting = [op]
        while waiting:
            for reader in self.graph.consumers(waiting.pop()):
                (waiting if reader.kind == "identity" else found).append(reader)
        return tuple(found)

    def source(self, op: Op, index: int = 0) -> Optional[Op]:
        """Returns the producer of an input of an operator, looking through identities."""
        found = self.graph.producer(op, index)
        while found is not None and found.kind == "identity":
            found = self.graph.producer(found)
        return found

    def rank(self, op: Op, index: int = 0) -> int:
        """Returns the number of axes of an input of an operator."""
        types = self.graph.input_types(op)
        return types[index].rank if index < len(types) else 0

    def by_call(self, *names: str) -> Dict[Tuple[str, str], List[Op]]:
        """Returns the operators of each call of these names, by the call."""
        found: Dict[Tuple[str, str], List[Op]] = {}
        for op in self.ops(calls(*names)):
            found.setdefault((call_name(op), call_of(op).name), []).append(op)
        return found

    @property
    def takes_integers(self) -> bool:
        """Whether an input of the model has an integer or boolean type."""
        return any(not op.output.dtype.startswith("float") for op in self.ops(kinds("data")))


class _Index:
    """Operators by the keys of each, such as the kind, in the order of the graph.

    Attributes:
        ops: the operators.
        names: the keys.
    """

    def __init__(self, ops: Sequence[Op], keys: Sequence[Collection[str]]) -> None:
        """Indexes operators.

        Args:
            ops: the operators.
            keys: the keys of each.
        """
        self.ops = ops
        self._keys = keys
        self._by_key: Dict[str, List[Op]] = {}
        self.names = self._by_key.keys()
        for op, own in zip(ops, keys):
            for key in own:
                self._by_key.setdefault(key, []).append(op)

    def having(self, keys: Tuple[str, ...]) -> Sequence[Op]:
        """Returns the operators that have one of some keys."""
        present = [key for key in dict.fromkeys(keys) if key in self._by_key]
        if len(present) > 1:
            return [op for op, own in zip(self.ops, self._keys) if not set(own).isdisjoint(present)]
        return self._by_key[present[0]] if present else ()


def call_of(op: Op) -> CallForm:
    """Returns the call form of an operator, or an empty form if unknown."""
    return op.origin.call or NO_CALL


def call_name(op: Op) -> str:
    """Returns the name of an operator's call, the common prefix of its operators' names."""
    return op.name.split("/")[0]


def described(op: Op) -> str:
    """Returns the name of an operator in messages: the class of its layer, or the function."""
    call = call_of(op)
    return call.name or op.kind


def laid_out(op: Op) -> bool:
    """Returns whether the layout pass inserted an operator, under the call of its producer."""
    return bool(_LAID_OUT.search(op.name))


def results_read(graph: Graph, ops: Iterable[Op]) -> Set[Value]:
    """Returns the values of a call that operators outside it read.

    Args:
        graph: the graph.
        ops: the operators of the call, without what the layout pass inserted.
    """
    own = {op.name for op in ops}

    def outside(reader: Op) -> bool:
        if laid_out(reader):
            return any(map(outside, graph.consumers(reader)))
        return reader.name not in own

    return {
        value
        for name in own
        for reader in graph.consumers(graph[name])
        for value in reader.inputs
        if value.op in own and outside(reader)
    }
