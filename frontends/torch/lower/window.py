"""Window geometry: from PyTorch's order (d, h, w) to XIR's order and numbers."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.frontends.graph_builder import UnreadableError


def sizes(value: Any, rank: int) -> Tuple[int, ...]:
    """Returns one number per spatial axis, in PyTorch's order."""
    if isinstance(value, (list, tuple)):
        figures = tuple(int(one) for one in value)
        return figures * rank if len(figures) == 1 else figures
    return (int(value),) * rank


def xir(figures: Sequence[int]) -> Any:
    """Returns (w,), (w, h) or (w, h, d) of (w), (h, w) or (d, h, w)."""
    return tuple(reversed(figures))


def xir_pads(pairs: Sequence[Tuple[int, int]]) -> Any:
    """Returns (left, right, top, bottom, front, back) from a pair per axis (d), h, w."""
    return tuple(side for pair in reversed(list(pairs)) for side in pair)


def pad_pairs(
    padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> List[Tuple[int, int]]:
    """Returns (before, after) per axis; for "same" an odd pad goes after.

    Raises:
        UnreadableError: PyTorch has no padding of that name.
    """
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        totals = [(size - 1) * step for size, step in zip(kernel, dilation)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise UnreadableError(f"padding {padding!r} is none of valid, same")
    return [(one, one) for one in sizes(padding, len(kernel))]
