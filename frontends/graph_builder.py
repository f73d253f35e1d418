"""How the frontends write the IR: a graph that grows, one call of the model after another.

A frontend walks its model's calls. For each it makes a `CallBuilder`, in which a lowering writes
operators; what a lowering cannot read becomes one operator without XIR equivalent.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Set

from vai_inspect.core.errors import VaiInspectError, message_of
from vai_inspect.core.ir import Graph, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs
from vai_inspect.core.ir.names import Names


class UnreadableError(Exception):
    """A call that a lowering does not know how to read; the text says why."""


class GraphBuilder:
    """A graph as it grows: inputs, the operators of one call after another, outputs.

    Attributes:
        framework: the framework of the model.
        names: gives each operator a name of its own.
        ops: the operators so far.
        types: the type of each value so far.
        transparent: names of operators without XIR equivalent to which the order of axes means
            nothing, as with a function of each element.
    """

    def __init__(self, framework: str, owned: Iterable[str] = ()) -> None:
        """Starts an empty graph.

        Args:
            framework: the framework of the model.
            owned: the name of every call to come, so that none is given to another.
        """
        self.framework = framework
        self.names = Names(owned)
        self.ops: List[Op] = []
        self.types: Dict[Value, TensorType] = {}
        self.transparent: Set[str] = set()

    def add(self, op: Op) -> Value:
        """Writes an operator and returns its first value."""
        self.ops.append(op)
        for index, tensor in enumerate(op.outputs):
            self.types[Value(op.name, index)] = tensor
        return Value(op.name)

    def input(self, name: str, shape: Sequence[int], dtype: str) -> Value:
        """Writes an input of the model.

        Args:
            name: the input's name.
            shape: its shape.
            dtype: its element type.
        """
        return self.add(
            Op(
                name=self.names.take(name),
                kind="data",
                attrs=TensorAttrs(tuple(shape), dtype.upper()),
                outputs=(TensorType(tuple(shape), dtype),),
                origin=Origin(self.framework, (name,)),
            )
        )

    def output(self, value: Value) -> None:
        """Writes an output of the model.

        Args:
            value: what the model gives.
        """
        self.add(
            Op(
                name=self.names.take("return"),
                kind="return",
                attrs=NoAttrs(),
                inputs=(value,),
                outputs=(self.types[value],),
                origin=Origin(self.framework),
            )
        )

    def replace_last(self, op: Op) -> None:
        """Sets what was written last; its name and types stay."""
        self.ops[-1] = op

    def forget(self, begin: int, keep: FrozenSet[str] = frozenset()) -> Set[str]:
        """Takes away what was written from a place on, and its names.

        Args:
            begin: number of operators that stay.
            keep: kinds of operators that stay all the same.

        Returns:
            The names of what is gone.
        """
        stay = [op for op in self.ops[begin:] if op.kind in keep]
        gone = {op.name for op in self.ops[begin:] if op.kind not in keep}
        self.ops[begin:] = stay
        self.names.release(gone)
        self.transparent -= gone
        return gone

    def graph(self, name: str) -> Graph:
        """Returns the graph.

        Args:
            name: the model's name.
        """
        return Graph(name, self.ops)


class CallBuilder:
    """One call of the model, and the operators that are written for it.

    Attributes:
        name: the name of the call's own operator; others are `<name>/<suffix>`.
        builder: the graph.
    """

    KEPT: FrozenSet[str] = frozenset()
    """Kinds that stay where what was written is discarded."""

    def __init__(self, name: str, builder: GraphBuilder) -> None:
        """Begins the call.

        Args:
            name: a name that was taken for it.
            builder: the graph.
        """
        self.name = name
        self.builder = builder
        self._begin = len(builder.ops)
        self._own = False

    @property
    def ops(self) -> List[Op]:
        """What was written so far."""
        return self.builder.ops[self._begin :]

    @property
    def origin(self) -> Origin:
        """Where what is written from now on comes from."""
        raise NotImplementedError

    def write(
        self,
        kind: str,
        attrs: Optional[Attrs],
        inputs: Sequence[Value],
        outputs: Sequence[TensorType],
        params: Iterable[Param] = (),
        suffix: str = "",
        message: str = "",
    ) -> Value:
        """Writes one operator.

        Args:
            kind: a key of the vocabulary.
            attrs: its attributes; None for none.
            inputs: what it reads.
            outputs: the types that it gives.
            params: its parameters, in XIR's layout.
            suffix: of its name, set for every operator but the call's own.
            message: what the report says of it.
        """
        return self.builder.add(
            Op(
                name=self._take(suffix),
                kind=kind,
                attrs=NoAttrs() if attrs is None else attrs,
                inputs=tuple(inputs),
                outputs=tuple(outputs),
                params=tuple(params),
                origin=self.origin,
                messages=(message,) if message else (),
            )
        )

    def write_const(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str,
        number: Optional[float] = None,
        origin: Optional[Origin] = None,
    ) -> Value:
        """Writes a constant.

        Args:
            name: the name that it should have.
            shape: its shape.
            dtype: its element type.
            number: its value, where it is a single number.
            origin: where it comes from; None for the call's.
        """
        return self.builder.add(
            Op(
                name=self.builder.names.take(name),
                kind="const",
                attrs=TensorAttrs(tuple(shape), dtype.upper(), number),
                outputs=(TensorType(tuple(shape), dtype),),
                origin=origin or self.origin,
            )
        )

    def note(self, message: str) -> None:
        """Adds a message to what was written last."""
        self.builder.replace_last(self.builder.ops[-1].noted(message))

    def discard(self) -> None:
        """Forgets what was written, but for the kinds in `KEPT`; the call keeps its own name."""
        gone = self.builder.forget(self._begin, self.KEPT)
        if self.name in gone:
            self.builder.names.take(self.name)
        self._own = False

    def _take(self, suffix: str) -> str:
        if not suffix and not self._own:
            self._own = True
            return self.name
        return self.builder.names.take(self.name + "/" + (suffix or "op"))


def problem_with(
    lowering: Callable[[Any], None], call: Any, check: Callable[[Any], str] = lambda call: ""
) -> str:
    """Lowers a call; returns why that cannot be done, or an empty text.

    Args:
        lowering: writes the operators that the call becomes.
        call: the call.
        check: returns what is wrong with what was written, or an empty text.

    Raises:
        VaiInspectError: the model cannot be inspected.
    """
    try:
        lowering(call)
        return check(call)
    except VaiInspectError:
        raise
    except UnreadableError as error:
        return str(error)
    except Exception as error:
        # Another release of the framework may name or hold its settings otherwise.
        return f"{type(error).__name__}: {message_of(error)}"


def unreadable(problem: str) -> str:
    """Returns what the report says of an operator that could not be read.

    Args:
        problem: why.
    """
    return f"could not be read as an XIR operator ({problem})"
