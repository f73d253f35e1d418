"""The graph in its new order as it grows, and the conversions between orders that it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import AbstractSet, Dict, List, Sequence, Tuple

from vai_inspect.core.ir import Graph, Op, TensorType, Value
from vai_inspect.core.ir.attrs import ReshapeAttrs, TensorAttrs, TransposeAttrs
from vai_inspect.core.ir.names import Names
from vai_inspect.frontends.layout.axes import LAST, WORDS, Order, moves_nothing, native, ordered


class Conversions:
    """Operators written so far, and the order of axes of each of their values.

    Attributes:
        ops: the new graph's operators.
    """

    def __init__(self, graph: Graph, constant: AbstractSet[str]) -> None:
        """Begins with no operator.

        Args:
            graph: the old graph.
            constant: names of its operators that depend on no input, constants among them.
        """
        self.ops: List[Op] = []
        self._names = Names(op.name for op in graph.ops)
        for op in graph.ops:
            if op.kind != "const":  # those are written anew, once for each order
                self._names.take(op.name)
        self._at: Dict[str, int] = {}
        self._orders: Dict[Value, Order] = {}
        self._converted: Dict[Tuple[Value, Order], Value] = {}
        self._constants: Dict[Value, Op] = {}
        self._constant = constant

    def constant(self, op: Op) -> None:
        """Keeps a constant; it is written where it is read, in the order that is wanted there."""
        self._constants[Value(op.name)] = op

    def is_constant(self, value: Value) -> bool:
        """Returns whether a value depends on no input."""
        return value.op in self._constant

    def write(self, op: Op, orders: Sequence[Order]) -> None:
        """Writes an operator of the old graph, with the order of each of its outputs."""
        self._add(op)
        for index, order in enumerate(orders):
            self._orders[Value(op.name, index)] = order

    def order(self, value: Value) -> Order:
        """Returns the order of axes of a value."""
        if value in self._constants:
            return native(self._constants[value].output.rank)
        return self._orders[value]

    def read(self, value: Value, order: Order, broadcast: bool = False) -> Value:
        """Returns a value in an order; what converts it is written once.

        Args:
            value: a value of the old graph.
            order: as it is wanted.
            broadcast: whether leading axes of size 1 of a constant may be left out.
        """
        if value in self._constants:
            return self._constant_in(value, order, broadcast)
        if value.op in self._constant:
            return self._computed_in(value, order, broadcast)
        mine = self._orders[value]
        if mine == order:
            return value
        if (value, order) not in self._converted:
            self._converted[value, order] = self._convert(value, mine, order)
        return self._converted[value, order]

    def raised(self, value: Value, order: Order, name: str) -> Value:
        """Returns a value of fewer axes with axes of size 1 before them, in an order.

        Args:
            value: a value of the old graph, of fewer axes than the order.
            order: as it is wanted.
            name: of the reshape that adds the axes.
        """
        if value in self._constants:
            return self._constant_in(value, order, broadcast=True)
        if value.op in self._constant:
            return self._computed_in(value, order, broadcast=True)
        rank = len(self._orders[value])
        source = self.read(value, native(rank))
        tensor = self._type(source)
        shape = (1,) * (len(order) - rank) + tensor.shape
        moved = order if moves_nothing(shape, order) else native(len(order))
        out = ordered(shape, moved)
        made = Value(self._names.take(name))
        self._add(
            Op(
                name=made.op,
                kind="reshape",
                attrs=ReshapeAttrs(out),
                inputs=(source,),
                outputs=(TensorType(out, tensor.dtype),),
                origin=self._op(source).origin,
            )
        )
        self._orders[made] = moved
        return self.read(made, order)

    def _constant_in(self, value: Value, order: Order, broadcast: bool) -> Value:
        op = self._constants[value]
        shape = op.output.shape
        if order != native(len(order)):
            shape = ordered((1,) * (len(order) - len(shape)) + shape, order)
            while broadcast and len(shape) > 1 and shape[0] == 1:
                shape = shape[1:]
        key = (value, shape)
        if key not in self._converted:
            name = self._names.take(op.name)
            attrs = op.attrs
            assert isinstance(attrs, TensorAttrs)
            outputs = (TensorType(shape, op.output.dtype),)
            self._add(op.replaced(name=name, attrs=replace(attrs, shape=shape), outputs=outputs))
            self._converted[key] = Value(name)
        return self._converted[key]

    def _computed_in(self, value: Value, order: Order, broadcast: bool) -> Value:
        """Returns the same of a value that is computed from constants."""
        mine, shape = self._orders[value], self._type(value).shape
        if mine != native(len(mine)):  # of a convolution of a constant
            back = tuple(mine.index(axis) for axis in range(len(mine)))
            value, shape = self._emit("transpose", value, ordered(shape, back), back)
        full = (1,) * (len(order) - len(shape)) + shape
        if full != shape:
            value, shape = self._emit("reshape", value, full)
        if order == native(len(order)):
            return value
        value, shape = self._emit("transpose", value, ordered(shape, order), order)
        while broadcast and len(shape) > 1 and shape[0] == 1:
            shape = shape[1:]
        return self._emit("reshape", value, shape)[0]

    def _emit(
        self, kind: str, value: Value, shape: Tuple[int, ...], order: Order = ()
    ) -> Tuple[Value, Tuple[int, ...]]:
        key = (value, (*order, *shape))
        if key not in self._converted:
            op = self._op(value)
            made = Value(self._names.take(f"{value.op}/{kind}"))
            outputs = (TensorType(shape, op.outputs[value.index].dtype),)
            attrs = TransposeAttrs(order) if order else ReshapeAttrs(shape)
            self._add(Op(made.op, kind, attrs, inputs=(value,), outputs=outputs, origin=op.origin))
            self._converted[key] = made
        return self._converted[key], shape

    def _convert(self, value: Value, mine: Order, order: Order) -> Value:
        """Writes a transpose, or a reshape where only axes of size 1 move."""
        tensor, rank = self._type(value), len(order)
        moved = tuple(mine.index(axis) for axis in order)
        shape = ordered(tensor.shape, moved)
        still = moves_nothing(tensor.shape, moved)
        direction = "swim" if order == LAST.get(rank) else "sink"
        kind = "reshape" if still else "transpose"
        name = self._names.take(f"{value.op}_{direction}_{kind}")
        self._add(
            Op(
                name=name,
                kind=kind,
                attrs=ReshapeAttrs(shape) if still else TransposeAttrs(moved),
                inputs=(value,),
                outputs=(TensorType(shape, tensor.dtype),),
                origin=self._op(value).origin,
                messages=(_message(mine, order, still, tensor.shape),),
            )
        )
        made = Value(name)
        self._orders[made] = order
        return made

    def _add(self, op: Op) -> None:
        self._at[op.name] = len(self.ops)
        self.ops.append(op)

    def _op(self, value: Value) -> Op:
        return self.ops[self._at[value.op]]

    def _type(self, value: Value) -> TensorType:
        return self._op(value).outputs[value.index]


def _message(before: Order, after: Order, still: bool, shape: Tuple[int, ...]) -> str:
    words = f"from {_word(before)} to {_word(after)}"
    if still:
        return (
            f"the vendor's quantiser inserts a permute {words} here for deployment; in "
            f"{list(shape)} it moves no data"
        )
    return f"the vendor's quantiser inserts this permute for deployment, {words}"


def _word(order: Order) -> str:
    rank = len(order)
    last, first = WORDS.get(rank, ("", ""))
    if order == LAST.get(rank):
        return repr(last)
    return repr(first) if order == native(rank) and first else str(list(order))
