"""ATen's calls as the functions of torch that they come from, so that one table lowers both."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

Called = Tuple[str, Tuple[Any, ...], Dict[str, Any]]
"""Name, positional and keyword arguments of a function of torch's."""

_MOST = 2**63 - 1
"""What ATen writes for the end of a slice that has none."""


def as_function(name: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Called:
    """Returns a call of ATen's as one of torch's function of which it is made.

    Args:
        name: the operation's name, see `Step`.
        args: positional arguments; any tensor has a `dim()` method.
        kwargs: keyword arguments.
    """
    written = _WRITTEN.get(name)
    found = written(*args, **kwargs) if written is not None else None
    return (name, args, kwargs) if found is None else found


def first_only(name: str) -> bool:
    """Returns whether only the first result is one of the function's, the rest for training."""
    return name in _FIRST_ONLY


_FIRST_ONLY = frozenset(
    ("native_batch_norm", "_native_batch_norm_legit_no_training", "native_layer_norm")
    + ("native_group_norm", "native_dropout", "_native_batch_norm_legit")
    + ("_scaled_dot_product_flash_attention_for_cpu", "max_pool2d_with_indices")
)


def _rsub(x: Any, other: Any, alpha: Any = 1) -> Optional[Called]:
    return ("sub", (other, x), {}) if alpha == 1 else None


def _convolution(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *_rest: Any,
) -> Called:
    rank = weight.dim() - 2
    if transposed:
        args = (x, weight, bias, stride, padding, output_padding, groups, dilation)
        return f"conv_transpose{rank}d", args, {}
    return f"conv{rank}d", (x, weight, bias, stride, padding, dilation, groups), {}


def _addmm(bias: Any, x: Any, weight: Any, beta: Any = 1, alpha: Any = 1) -> Optional[Called]:
    if beta != 1 or alpha != 1 or weight.dim() != 2 or bias.dim() != 1:
        return None
    return "linear", (x, weight.t(), bias), {}


def _hardtanh(x: Any, low: Any = -1, high: Any = 1) -> Optional[Called]:
    return ("relu6", (x,), {}) if (low, high) == (0, 6) else None


def _no_training(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, momentum: Any, eps: Any
) -> Called:
    return "batch_norm", (x, mean, variance, weight, bias, False, momentum, eps), {}


def _batch_norm(
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    training: bool,
    momentum: Any,
    eps: Any,
    *_rest: Any,
) -> Called:
    return "batch_norm", (x, mean, variance, weight, bias, training, momentum, eps), {}


def _group_norm(
    x: Any, weight: Any, bias: Any, _n: Any, _c: Any, _hw: Any, groups: int, eps: Any
) -> Called:
    return "group_norm", (x, groups, weight, bias, eps), {}


def _plain_group_norm(
    x: Any, groups: int, weight: Any = None, bias: Any = None, eps: Any = 1e-5, *_rest: Any
) -> Called:
    return "group_norm", (x, groups, weight, bias, eps), {}


def _layer_norm(
    x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5, *_rest: Any
) -> Called:
    return "layer_norm", (x, shape, weight, bias, eps), {}


def _instance_norm(
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    statistics: bool,
    momentum: Any,
    eps: Any,
    *_rest: Any,
) -> Called:
    return "instance_norm", (x, mean, variance, weight, bias, statistics, momentum, eps), {}


def _upsampled(mode: str) -> Callable[..., Called]:
    def written(x: Any, size: Any = None, *rest: Any, **named: Any) -> Called:
        aligned = (
            None if mode.startswith("nearest") else rest[0] if rest else named["align_corners"]
        )
        kwargs = {"size": size, "mode": mode, "align_corners": aligned}
        return "interpolate", (x,), kwargs

    return written


def _pool_with_indices(*args: Any, **kwargs: Any) -> Called:
    return "max_pool2d", args, kwargs


def _softmax(x: Any, dim: int, *_rest: Any) -> Called:
    return "softmax", (x, dim), {}


def _to(x: Any, *_rest: Any, **kwargs: Any) -> Called:
    return "to", (x,), {"dtype": kwargs.get("dtype")}


_WRITTEN: Dict[str, Callable[..., Optional[Called]]] = {
    **{f"upsample_nearest{rank}d": _upsampled("nearest") for rank in (1, 2, 3)},
    "_native_batch_norm_legit_no_training": _no_training,
    "_softmax": _softmax,
    "_to_copy": _to,
    "addmm": _addmm,
    "batch_norm": _batch_norm,
    "convolution": _convolution,
    "group_norm": _plain_group_norm,
    "hardtanh": _hardtanh,
    "instance_norm": _instance_norm,
    "max_pool2d_with_indices": _pool_with_indices,
    "native_batch_norm": _batch_norm,
    "native_group_norm": _group_norm,
    "native_layer_norm": _layer_norm,
    "layer_norm": _layer_norm,
    "rsub": _rsub,
    "upsample_bicubic2d": _upsampled("bicubic"),
    "upsample_bilinear2d": _upsampled("bilinear"),
    "upsample_linear1d": _upsampled("linear"),
    "upsample_trilinear3d": _upsampled("trilinear"),
}

INDEXING = ("slice", "select", "unsqueeze")
"""What ATen makes of `x[...]`, one after another."""


def index_of(rank: int, steps: Sequence[Tuple[str, Tuple[Any, ...]]]) -> Optional[Tuple[Any, ...]]:
    """Returns the index in `x[...]` that ATen's slices and selections stand for.

    Args:
        rank: number of axes of what is indexed.
        steps: name and arguments, after the tensor, of each in order.

    Returns:
        The index; None where one axis is cut twice.
    """
    items: List[List[Any]] = [[slice(None)] for _ in range(rank)]
    left = list(items)
    for name, args in steps:
        axis = int(args[0]) if args else 0
        if name == "unsqueeze":
            made: List[Any] = [None]
            at = axis % (len(left) + 1)
            items.insert(_policy(items, left[at]) if at < len(left) else len(items), made)
            left.insert(at, made)
            continue
        axis %= len(left)
        if left[axis] != [slice(None)]:
            return None
        if name == "select":
            left[axis][0] = int(args[1])
            del left[axis]
        else:
            left[axis][0] = _bounds(*args[1:])
    found = [item[0] for item in items]
    while len(found) > 1 and found[-1] == slice(None):
        found.pop()
    return tuple(found)


def _policy(items: Sequence[Any], wanted: Any) -> int:
    return next(at for at, item in enumerate(items) if item is wanted)


def _bounds(start: Any = None, end: Any = None, step: Any = 1) -> slice:
    return slice(start or None, None if end == _MOST else end, None if step == 1 else step)
