"""The shapes that the model is read with: its own or the user's, with a batch where it is open."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import (
    InputShapeError,
    check_sizes,
    clipped,
    did_you_mean,
    how_to_give,
)

Dimensions = Tuple[Optional[int], ...]


@dataclass(frozen=True)
class InputShape:
    """The shape of an input, every dimension known.

    Attributes:
        sizes: the sizes of its axes, batch first.
        batch_open: whether neither the model nor the user gives its batch.
    """

    sizes: Tuple[int, ...]
    batch_open: bool


def resolve_shapes(
    names: Sequence[str], own: Sequence[Dimensions], input_args: Any = None, batch: int = 1
) -> List[InputShape]:
    """Returns the shape of each input with every dimension known.

    Where some inputs leave the batch open and the others agree on one, it is that.

    Args:
        names: names of the inputs.
        own: their shapes as the model has them, None for each open dimension.
        input_args: a shape or an array, a list of them in the order of the inputs, or a dict of
            them by name; None keeps the model's own.
        batch: the batch of inputs that leave theirs open.

    Raises:
        InputShapeError: a dimension other than the batch that nothing fills, or a wrong rank,
            count or name.
    """
    asked = []
    advice = how_to_give(*map(_example, own))
    for name, mine, shape in zip(names, own, _given(input_args, names, own)):
        if shape is not None and len(shape) != len(mine):
            raise InputShapeError(
                f"Input {name!r} received the shape {shape} of rank {len(shape)}; its own is "
                f"{mine} of rank {len(mine)}, batch included; give for example {advice}."
            )
        if shape is not None:
            _check_layout(name, mine, shape)
        asked.append(mine if shape is None else shape)
    given = {shape[0] for shape in asked if shape and shape[0] is not None}
    taken = given.pop() if len(given) == 1 else batch
    return [
        InputShape(_filled(name, shape, taken, advice), shape[:1] == (None,))
        for name, shape in zip(names, asked)
    ]


def open_batch(inputs: Iterable[Tuple[bool, Sequence[int]]]) -> Optional[int]:
    """Returns the batch size of inputs with an open batch, or None.

    Args:
        inputs: whether the batch of each input is open, and its shape.
    """
    return next((shape[0] for is_open, shape in inputs if is_open), None)


def _check_layout(name: str, own: Dimensions, given: Dimensions) -> None:
    """Refuses a shape whose channels stand where the model has none, as other frameworks have.

    Raises:
        InputShapeError: with the axes in the model's order it would fit.
    """
    if len(own) < 3:
        return
    # Of the axes where channels can stand, they are on the shorter one.
    first, last = own[1], own[-1]
    if last is not None and (first is None or first > last):
        layout, channels, at, moved = "last", last, -1, (given[0], *given[2:], given[1])
    elif first is not None and (last is None or last > first):
        layout, channels, at, moved = "first", first, 1, (given[0], given[-1], *given[1:-1])
    else:
        return
    if given[at] != channels and moved[at] == channels:
        raise InputShapeError(
            f"Input {name!r} received the shape {given}; its own is {own}, channels {layout}; "
            f"give {how_to_give([size or 1 for size in moved])}."
        )


def single_shape(input_args: Any, batch: int) -> Optional[Tuple[int, ...]]:
    """Returns the one shape that `input_args` names, or None where it names none or several."""
    if input_args is None:
        return None
    shape = _as_shape(input_args)
    if shape is None and isinstance(input_args, dict) and len(input_args) == 1:
        shape = _as_shape(next(iter(input_args.values())))
    if shape is None and isinstance(input_args, (list, tuple)) and len(input_args) == 1:
        shape = _as_shape(input_args[0])
    return None if shape is None else _full_shape(shape, "input", batch)


def given_shapes(input_args: Any, batch: int) -> Any:
    """Returns `input_args` with a plain full shape for each array or shape; None for None."""
    if input_args is None:
        return None
    if isinstance(input_args, dict):
        return {
            key: _full_shape(_checked(item, str(key)), str(key), batch)
            for key, item in input_args.items()
        }
    shape = _as_shape(input_args)
    if shape is None and isinstance(input_args, (list, tuple)) and not _flat(input_args):
        shapes = [_full_shape(_checked(item, "input"), "input", batch) for item in input_args]
        return shapes[0] if len(shapes) == 1 else shapes
    return _full_shape(_checked(input_args, "input"), "input", batch)


def _full_shape(shape: Dimensions, name: str, batch: int) -> Tuple[int, ...]:
    return _filled(name, shape, batch, how_to_give(_example(shape)))


def _given(
    input_args: Any, names: Sequence[str], own: Sequence[Dimensions]
) -> Sequence[Optional[Dimensions]]:
    """Returns the user's shape for each input, None where the model's own stays."""
    if input_args is None:
        return [None] * len(names)
    if isinstance(input_args, dict):
        return _by_name(input_args, names)
    shape = _as_shape(input_args)
    if shape is not None:
        shapes: List[Any] = [shape]
    elif isinstance(input_args, (list, tuple)) and not _flat(input_args):
        shapes = [_checked(item, name) for item, name in zip(input_args, names)]
        shapes += [None] * (len(input_args) - len(shapes))
    else:
        shapes = [_checked(input_args, names[0])]
    if len(shapes) != len(names):
        given = "1 input shape" if len(shapes) == 1 else f"{len(shapes)} input shapes"
        wanted = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        raise InputShapeError(
            f"Received {given}; the model has {wanted} ({', '.join(names)}); give one shape for "
            f"each, for example {how_to_give(*map(_example, own))}."
        )
    return shapes


def _by_name(given: Dict[Any, Any], names: Sequence[str]) -> List[Optional[Dimensions]]:
    for key in given:
        if key not in names:
            raise InputShapeError(
                f"Received a shape for the input {key!r}; the model's inputs are "
                f"{', '.join(names)}.{did_you_mean(str(key), names)}"
            )
    return [_checked(given[name], name) if name in given else None for name in names]


def _checked(item: Any, name: str) -> Dimensions:
    shape = _as_shape(item)
    if shape is None:
        raise InputShapeError(
            f"Input {name!r} received {_brief(item)!r} as its shape; valid is a tuple of whole "
            "numbers, batch first (such as (1, 224, 224, 3)), or an array."
        )
    return shape


def _as_shape(item: Any) -> Optional[Dimensions]:
    """Returns an array-like's shape or the dimensions of a plain one; None for anything else."""
    shape = getattr(item, "shape", None)
    plain = shape if shape is not None and not callable(shape) else item
    if isinstance(plain, (str, bytes, dict)):
        return None
    try:
        return tuple(None if size is None else operator.index(size) for size in plain)
    except TypeError:
        return None


def _flat(given: Sequence[Any]) -> bool:
    """Returns whether a list is meant as one shape: it holds some number."""
    return any(isinstance(item, (int, float)) for item in given)


def _filled(name: str, shape: Dimensions, batch: int, advice: str) -> Tuple[int, ...]:
    """Returns a shape with this batch where none is given, and nothing else left open."""
    final = list(shape)
    if final and final[0] is None:
        final[0] = batch
    if None in final:
        raise InputShapeError(
            f"Input {name!r} has the shape {shape}, which leaves a dimension open; give the full "
            f"shape, batch first: {advice}."
        )
    sizes = tuple(size for size in final if size is not None)
    if any(size < 1 for size in sizes):
        raise InputShapeError(
            f"Input {name!r} received the shape {shape}; every dimension must be 1 or more; give "
            f"for example {advice}."
        )
    check_sizes(name, sizes)
    return sizes


def _example(own: Dimensions) -> Tuple[int, ...]:
    """Returns a full shape that resembles the model's own."""
    sizes = [size or 224 for size in own]
    return tuple([own[0] or 1] + sizes[1:]) if own else ()


def _brief(item: Any) -> str:
    return clipped(str(item), 40)
