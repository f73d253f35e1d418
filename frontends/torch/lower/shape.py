"""Reshapes and transposes."""

from __future__ import annotations

from typing import Any, List, Sequence

from vai_inspect.core.ir.attrs import FlattenAttrs, ReshapeAttrs, SqueezeAttrs, TransposeAttrs
from vai_inspect.frontends.torch.lower.call import Call


def reshape(call: Call) -> None:
    """`view`, `reshape` and other calls that only set a shape, which is PyTorch's output shape."""
    call.emit("reshape", ReshapeAttrs(call.output.shape))


def flatten(call: Call) -> None:
    """`flatten` of some axes, both ends included."""
    given = call.settings("input", start_dim=0, end_dim=-1)
    rank = call.x.rank
    if rank == 0:
        reshape(call)
    else:
        axes = int(given.start_dim) % rank, int(given.end_dim) % rank
        call.emit("flatten", FlattenAttrs(*axes))


def squeeze(call: Call) -> None:
    """`squeeze`; axes of a size other than 1 are kept."""
    dim = call.given("input", dim=None).dim
    rank, shape = call.x.rank, call.x.shape
    asked = range(rank) if dim is None else dim if isinstance(dim, (list, tuple)) else (dim,)
    gone = tuple(sorted(int(axis) % rank for axis in asked if shape[int(axis) % rank] == 1))
    call.emit("squeeze" if gone else "identity", SqueezeAttrs(gone) if gone else None)


def _transpose(call: Call, order: Sequence[int]) -> None:
    call.emit("transpose", TransposeAttrs(tuple(int(axis) % call.x.rank for axis in order)))


def permute(call: Call) -> None:
    """`permute`, its axes in a list or one by one."""
    args: List[Any] = list(call.step.args[1:])
    if not args:
        args = [call.step.kwargs["dims"]]
    _transpose(call, args[0] if isinstance(args[0], (list, tuple)) else args)


def swap(call: Call) -> None:
    """`transpose`, `swapaxes`, `swapdims`: swaps two axes."""
    named = [value for value in call.step.kwargs.values() if isinstance(value, int)]
    numbers = [*call.step.args[1:], *named]
    first, second = numbers
    order = list(range(call.x.rank))
    order[first], order[second] = order[second], order[first]
    _transpose(call, order)


def last_two(call: Call) -> None:
    """`t`, `mT` and `T` of a matrix; `T` of more axes reverses all of them."""
    rank = call.x.rank
    if rank < 2:
        call.emit("identity")
        return
    order = list(range(rank))
    if call.step.operation in ("T", "numpy_T"):
        order.reverse()
    else:
        order[-2:] = [rank - 1, rank - 2]
    _transpose(call, order)


def movedim(call: Call) -> None:
    """`movedim` and `moveaxis`."""
    given = call.given("input", "source", "destination")
    rank = call.x.rank
    pairs = [
        [int(one) % rank for one in (value if isinstance(value, (list, tuple)) else (value,))]
        for value in (given.source, given.destination)
    ]
    order = [axis for axis in range(rank) if axis not in pairs[0]]
    for target, source in sorted(zip(pairs[1], pairs[0])):
        order.insert(target, source)
    _transpose(call, order)


def expand(call: Call) -> None:
    """`expand`; it has no XIR operator and works in any axis order."""
    call.unknown(call.step.operation, transparent=call.x.rank == call.output.rank)


MODULES = {"Flatten": flatten, "Unflatten": reshape}
FUNCTIONS = {
    **dict.fromkeys(("t", "T", "mT", "numpy_T", "adjoint", "H", "mH"), last_two),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    **dict.fromkeys(("movedim", "moveaxis"), movedim),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), swap),
    **dict.fromkeys(("ravel", "reshape", "reshape_as", "unflatten", "unsqueeze"), reshape),
    **dict.fromkeys(("view", "view_as", "_unsafe_view", "_reshape_alias"), reshape),
    "flatten": flatten,
    "permute": permute,
    "squeeze": squeeze,
}
