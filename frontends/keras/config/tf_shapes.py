"""Output shapes of bare TensorFlow operations without a lowering, by TensorFlow name."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.ir.ops import Shape, ShapeError, broadcast

Rule = Callable[[Sequence[Shape], Sequence[Any], Dict[str, Any]], Optional[List[Shape]]]
"""Returns the output shapes from the input shapes and the arguments of the call."""


def tf_shapes(
    symbol: str, shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    """Returns the output shapes of an operation, or None if there is no rule.

    Args:
        symbol: TensorFlow's name without `tf.`, such as `math.sqrt`.
        shapes: shapes of the tensors it reads, in order.
        args: positional arguments.
        kwargs: keyword arguments by TensorFlow's names.

    Raises:
        ShapeError: the operation cannot read such tensors.
    """
    rule = _RULES.get(symbol)
    return rule(shapes, args, kwargs) if rule is not None and shapes else None


def _same(shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]) -> List[Shape]:
    return [shapes[0]]


def _together(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    others = [*args, *(value for key, value in kwargs.items() if key in ("x", "y"))]
    if any(isinstance(value, (tuple, list, dict)) for value in others):
        return None
    return [broadcast(shapes)]


def _reduction(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    shape = shapes[0]
    axis = kwargs.get("axis")
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {int(one) % len(shape) for one in axes}
    if kwargs.get("keepdims"):
        return [tuple(1 if index in gone else size for index, size in enumerate(shape))]
    return [tuple(size for index, size in enumerate(shape) if index not in gone)]


def _block(args: Sequence[Any], kwargs: Dict[str, Any]) -> Optional[int]:
    """Returns the block of a channels-last operation, or None."""
    block = kwargs.get("block_size", args[1] if len(args) > 1 else None)
    if type(block) is not int or block < 1 or kwargs.get("data_format", "NHWC") != "NHWC":
        return None
    return block


def _space_to_depth(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    block = _block(args, kwargs)
    if block is None:
        return None
    batch, height, width, channels = shapes[0]
    if height % block or width % block:
        raise ShapeError(f"{block} does not divide {shapes[0]}")
    return [(batch, height // block, width // block, channels * block**2)]


def _depth_to_space(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    block = _block(args, kwargs)
    if block is None:
        return None
    batch, height, width, channels = shapes[0]
    if channels % block**2:
        raise ShapeError(f"{block**2} does not divide {shapes[0]}")
    return [(batch, height * block, width * block, channels // block**2)]


def _split(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    shape = shapes[0]
    cuts = kwargs.get("num_or_size_splits", args[1] if len(args) > 1 else None)
    axis = int(kwargs.get("axis", 0)) % len(shape)
    if type(cuts) is int:
        if not 0 < cuts <= min(shape[axis], 10_000) or shape[axis] % cuts:
            raise ShapeError(f"{cuts} does not divide axis {axis} of {shape}")
        sizes: Tuple[Any, ...] = (shape[axis] // cuts,) * cuts
    else:
        sizes = tuple(cuts) if isinstance(cuts, tuple) else ()
    if not sizes or any(type(size) is not int or size < 1 for size in sizes):
        return None
    return [shape[:axis] + (size,) + shape[axis + 1 :] for size in sizes]


def _tile(
    shapes: Sequence[Shape], args: Sequence[Any], kwargs: Dict[str, Any]
) -> Optional[List[Shape]]:
    times = kwargs.get("multiples", args[1] if len(args) > 1 else None)
    if not isinstance(times, tuple) or any(type(one) is not int for one in times):
        return None
    return [tuple(size * one for size, one in zip(shapes[0], times))]


_UNARY = (
    ("abs", "ceil", "cos", "cosh", "cumprod", "cumsum", "erf", "exp", "expm1", "floor")
    + ("is_finite", "is_inf", "is_nan", "l2_normalize", "log", "log1p", "log_sigmoid")
    + ("log_softmax", "logical_not", "reciprocal", "rint", "round", "rsqrt", "sign", "sin")
    + ("sinh", "softplus", "softsign", "sqrt", "tan")
)
_BINARY = (
    ("atan2", "divide_no_nan", "equal", "floordiv", "floormod", "greater", "greater_equal")
    + ("less", "less_equal", "logical_and", "logical_or", "logical_xor", "mod", "multiply_no_nan")
    + ("not_equal", "pow", "squared_difference", "xdivy", "xlogy")
)
_REDUCTIONS = ("all", "any", "euclidean_norm", "logsumexp", "min", "std", "variance")


def _named(prefix: str, names: Sequence[str]) -> List[str]:
    return [prefix + name for name in names]


_RULES: Dict[str, Rule] = {
    **dict.fromkeys(_named("math.", _UNARY), _same),
    **dict.fromkeys(_named("math.", _BINARY), _together),
    **dict.fromkeys(_named("math.reduce_", _REDUCTIONS), _reduction),
    **dict.fromkeys(("nn.l2_normalize", "nn.log_softmax", "nn.softplus", "nn.softsign"), _same),
    **dict.fromkeys(("clip_by_norm", "debugging.check_numerics"), _same),
    **dict.fromkeys(("ones_like", "reverse", "roll", "sort", "zeros_like"), _same),
    "nn.depth_to_space": _depth_to_space,
    "nn.space_to_depth": _space_to_depth,
    "split": _split,
    "tile": _tile,
}
