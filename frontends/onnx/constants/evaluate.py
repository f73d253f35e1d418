"""Evaluates small constants: sizes, indices, bounds, factors.

Exporters compute shapes with operators (Shape, Gather, Concat, ...), whose values a Reshape or a
Resize needs. Of larger constants only the shape is computed.
"""

from __future__ import annotations

import math
import operator
from typing import Any, Callable, Dict, List, Optional, Tuple

from vai_inspect.core.ir.ops import elements
from vai_inspect.frontends.onnx.constants import arrays
from vai_inspect.frontends.onnx.file.numbers import dtype_of, numbers, size_problem
from vai_inspect.frontends.onnx.lower.activation import bounds
from vai_inspect.frontends.onnx.lower.elementwise import together
from vai_inspect.frontends.onnx.lower.selection import axis_of, part_sizes, ranges_of
from vai_inspect.frontends.onnx.node_reader import NodeReader
from vai_inspect.frontends.onnx.tensors import Constant, Shape, UnreadableError, checked

Evaluation = Callable[[NodeReader], Optional[List[Constant]]]


def evaluate(call: NodeReader) -> Optional[List[Constant]]:
    """Returns the outputs of a node with constant inputs, or None if there is no evaluation.

    Args:
        call: the node; the input of Shape and Size may depend on the inputs of the model.

    Raises:
        UnreadableError: it cannot be evaluated.
    """
    found = EVALUATIONS.get(call.node.op_type)
    if found is None or call.node.domain:
        return None
    try:
        return found(call)
    except (ArithmeticError, IndexError, ValueError, TypeError, OverflowError) as error:
        raise UnreadableError(str(error)) from error


def _held(call: NodeReader, at: int = 0) -> Optional[Tuple[Shape, arrays.Values]]:
    known = call.inputs[at] if at < len(call.inputs) else None
    if not isinstance(known, Constant) or known.values is None:
        return None
    return known.shape, known.values


def _constant(call: NodeReader) -> Optional[List[Constant]]:
    attributes = call.node.attributes
    tensor = call.tensor("value")
    if tensor is not None:
        if size_problem(tensor):
            raise UnreadableError(size_problem(tensor))
        return [Constant(checked(tensor.dims), dtype_of(tensor.data_type), numbers(tensor))]
    if "value_float" in attributes:
        return [Constant((), "float32", (attributes["value_float"].number,))]
    if "value_int" in attributes:
        return [Constant((), "int64", (attributes["value_int"].integer,))]
    if "value_floats" in attributes:
        values: Tuple[Any, ...] = attributes["value_floats"].numbers
        return [Constant((len(values),), "float32", values)]
    if "value_ints" in attributes:
        values = attributes["value_ints"].integers
        return [Constant((len(values),), "int64", values)]
    return [Constant((), "object")]


def _constant_of_shape(call: NodeReader) -> Optional[List[Constant]]:
    shape = checked([int(one) for one in call.values(0)])
    tensor = call.tensor("value")
    fill = (0.0,) if tensor is None else numbers(tensor)
    dtype = "float32" if tensor is None else dtype_of(tensor.data_type)
    values = fill * elements(shape) if fill is not None and arrays.small(shape) else None
    return [Constant(shape, dtype, values)]


def _shape(call: NodeReader) -> Optional[List[Constant]]:
    shape = call.x.shape
    part = shape[call.integer("start") : call.integer("end", len(shape))]
    return [Constant((len(part),), "int64", part)]


def _size(call: NodeReader) -> Optional[List[Constant]]:
    return [Constant((), "int64", (elements(call.x.shape),))]


def _cast(call: NodeReader) -> Optional[List[Constant]]:
    like = call.node.op_type == "CastLike"
    dtype = call.input(1).dtype if like else dtype_of(call.integer("to"))
    held = _held(call)
    if held is None:
        return [Constant(call.x.shape, dtype)]
    convert: Callable[[Any], Any] = float if "float" in dtype else int
    convert = bool if dtype == "bool" else convert
    return [Constant(held[0], dtype, tuple(map(convert, held[1])))]


def _each(compute: Callable[..., Any], dtype: Optional[str] = None, first: int = 0) -> Evaluation:
    """Returns the evaluation of an element-wise function of inputs that broadcast."""

    def evaluation(call: NodeReader) -> Optional[List[Constant]]:
        shape = together(call)
        element = dtype or call.input(first).dtype
        held = [_held(call, at) for at in range(len(call.inputs))]
        if not arrays.small(shape) or any(one is None for one in held):
            return [Constant(shape, element)]
        columns = [arrays.broadcast(*one, shape) for one in held if one is not None]
        return [Constant(shape, element, tuple(compute(*row) for row in zip(*columns)))]

    return evaluation


def _quotient(first: Any, second: Any) -> Any:
    """Divides; integers are truncated towards zero."""
    if isinstance(first, int) and isinstance(second, int):
        quotient = abs(first) // abs(second)
        return quotient if (first < 0) == (second < 0) else -quotient
    return first / second


def _power(first: Any, second: Any) -> Any:
    if abs(second) > 64:
        raise ValueError("a power is too large")
    return first**second


def _clip(call: NodeReader) -> Optional[List[Constant]]:
    held = _held(call)
    if held is None:
        return None
    low, high = bounds(call)
    values = held[1]
    if low is not None:
        values = tuple(max(one, low) for one in values)
    if high is not None:
        values = tuple(min(one, high) for one in values)
    return [Constant(held[0], call.x.dtype, values)]


def _concat(call: NodeReader) -> Optional[List[Constant]]:
    parts = [_held(call, at) for at in range(len(call.inputs))]
    held = [one for one in parts if one is not None]
    if len(held) < len(parts):
        return None
    axis = axis_of(call, 1)
    shape = list(held[0][0])
    shape[axis] = sum(one[axis] for one, _ in held)
    rests = {one[:axis] + one[axis + 1 :] for one, _ in held}
    if len(rests) > 1 or not arrays.small(tuple(shape)):
        return None
    return [Constant(tuple(shape), call.x.dtype, arrays.concatenated(held, axis))]


def _gather(call: NodeReader) -> Optional[List[Constant]]:
    held, indices = _held(call), _held(call, 1)
    if held is None or indices is None:
        return None
    axis = axis_of(call)
    shape = (*held[0][:axis], *indices[0], *held[0][axis + 1 :])
    if not arrays.small(shape):
        return [Constant(shape, call.x.dtype)]
    if any(not -held[0][axis] <= one < held[0][axis] for one in indices[1]):
        raise UnreadableError(f"an index is out of {held[0][axis]}")
    return [Constant(shape, call.x.dtype, arrays.gathered(*held, axis, indices[1]))]


def _slice(call: NodeReader) -> Optional[List[Constant]]:
    held = _held(call)
    if held is None:
        return None
    ranges = [range(*one) for one in ranges_of(call)]
    return [Constant(tuple(map(len, ranges)), call.x.dtype, arrays.taken(*held, ranges))]


def _split(call: NodeReader) -> Optional[List[Constant]]:
    held = _held(call)
    if held is None:
        return None
    axis, begin, found = axis_of(call), 0, []
    for size in part_sizes(call, axis):
        ranges = [range(one) for one in held[0]]
        ranges[axis] = range(begin, begin + size)
        begin += size
        found.append(Constant(tuple(map(len, ranges)), call.x.dtype, arrays.taken(*held, ranges)))
    return found


def _transpose(call: NodeReader) -> Optional[List[Constant]]:
    held = _held(call)
    if held is None:
        return None
    order = call.integers("perm", tuple(reversed(range(len(held[0])))))
    if sorted(order) != list(range(len(held[0]))):
        return None
    shape = tuple(held[0][axis] for axis in order)
    return [Constant(shape, call.x.dtype, arrays.transposed(*held, order))]


def _range(call: NodeReader) -> Optional[List[Constant]]:
    start, limit, step = (call.values(at)[0] for at in range(3))
    if not step:
        raise UnreadableError("its step is 0")
    count = max(0, math.ceil((limit - start) / step))
    shape = checked((count,))
    values = tuple(start + step * at for at in range(count)) if arrays.small(shape) else None
    return [Constant(shape, call.x.dtype, values)]


def _non_zero(call: NodeReader) -> Optional[List[Constant]]:
    held = _held(call)
    if held is None:
        raise UnreadableError("the number of its nonzero elements depends on the data")
    found = [index for index, value in zip(arrays.indices(held[0]), held[1]) if value]
    rows = [index[axis] for axis in range(len(held[0])) for index in found]
    return [Constant((len(held[0]), len(found)), "int64", tuple(rows))]


def _reduced(combine: Callable[[Any, Any], Any]) -> Evaluation:
    def evaluation(call: NodeReader) -> Optional[List[Constant]]:
        held = _held(call)
        if held is None or not held[1]:
            return None
        axes = call.axes(len(held[0])) or tuple(range(len(held[0])))
        keep = call.integer("keepdims", 1)
        shape = tuple(
            1 if axis in axes else size
            for axis, size in enumerate(held[0])
            if keep or axis not in axes
        )
        return [Constant(shape, call.x.dtype, arrays.reduced(*held, axes, combine))]

    return evaluation


_CONDITIONS: Dict[str, Callable[..., Any]] = {
    "And": lambda first, second: bool(first and second),
    "Equal": operator.eq,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "Not": operator.not_,
    "Or": lambda first, second: bool(first or second),
    "Xor": operator.xor,
}
EVALUATIONS: Dict[str, Evaluation] = {
    **{name: _each(compute, "bool") for name, compute in _CONDITIONS.items()},
    **dict.fromkeys(("Cast", "CastLike"), _cast),
    "Abs": _each(abs),
    "Add": _each(operator.add),
    "Ceil": _each(math.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": _each(_quotient),
    "Floor": _each(math.floor),
    "Gather": _gather,
    "Max": _each(max),
    "Min": _each(min),
    "Mod": _each(operator.mod),
    "Mul": _each(operator.mul),
    "Neg": _each(operator.neg),
    "NonZero": _non_zero,
    "Pow": _each(_power),
    "Range": _range,
    "Reciprocal": _each(lambda one: 1 / one),
    "ReduceMax": _reduced(max),
    "ReduceMin": _reduced(min),
    "ReduceProd": _reduced(operator.mul),
    "ReduceSum": _reduced(operator.add),
    "Round": _each(round),
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Sqrt": _each(math.sqrt),
    "Sub": _each(operator.sub),
    "Transpose": _transpose,
    "Where": _each(lambda chosen, first, second: first if chosen else second, first=1),
}
KEEPS_VALUES = frozenset(("Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"))
"""Operators that return their input values, possibly in another shape."""
ALWAYS = frozenset(("Constant", "Shape", "Size"))
"""Operators that do not depend on the values of the model's inputs."""
