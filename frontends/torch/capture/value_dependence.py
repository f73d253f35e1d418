"""Which arguments of a call what it gives depends on, and which only lend their shape or type."""

from __future__ import annotations

from typing import Any, Dict, Tuple

LIKE = frozenset(
    ("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "new_empty_strided")
    + ("zeros_like", "ones_like", "full_like", "empty_like")
    + ("rand_like", "randn_like", "randint_like")
)
"""What asks its first tensor for shape, type and device alone."""

_AS = frozenset(("expand_as", "reshape_as", "to", "type_as", "view_as"))
"""What asks any tensor after the first one for shape, type and device alone."""

_RANDOM = frozenset(
    ("bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial", "normal")
    + ("poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like")
    + ("random", "randperm", "uniform")
)


def that_count(
    name: str, args: Tuple[Any, ...], kwargs: Dict[str, Any]
) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
    """Returns the arguments of a call without tensors that only lend their shape or type.

    Args:
        name: the operation's name, see `Step`.
        args: positional arguments; any tensor has a `dim()` method.
        kwargs: keyword arguments.
    """
    if name in LIKE:
        kept = args[1:] if args and _is_tensor(args[0]) else args
        return kept, {key: one for key, one in kwargs.items() if key not in ("self", "input")}
    if name in _AS:
        rest = tuple(one for one in args[1:] if not _is_tensor(one))
        named = {key: one for key, one in kwargs.items() if key != "other"}
        return args[:1] + rest, named
    return args, kwargs


def is_random(name: str) -> bool:
    """Returns whether a call gives other values in each run."""
    return name in _RANDOM


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "dim") and hasattr(value, "dtype")
