"""A model read for targets: once for each batch that they want."""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, Iterable, Iterator, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import VaiInspectError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.family import Family

Read = Callable[[int], Captured]
"""Reads a model; its argument is the batch of inputs that leave theirs open."""


def for_each_batch(targets: Iterable[Target], read: Read) -> Tuple[Captured, ...]:
    """Reads a model for targets; again only where the batch that is taken would be another.

    Args:
        targets: the DPUs.
        read: reads the model.

    Returns:
        What was read for each target; the same object where the batch is the same.

    Raises:
        VaiInspectError: the model cannot be read, with a batch of 1 either.
    """
    known: Dict[int, Captured] = {}
    found = []
    for target in targets:
        batch = registry.family(target.family).batch
        given = next((one for one in known.values() if one.batch is None), None)
        if given is None and batch not in known:
            known[batch] = _with_batch(read, batch)
        found.append(given or known[batch])
    return tuple(found)


def open_batch(captured: Captured, family: Family) -> Iterator[str]:
    """Yields what the report says where the model leaves its batch open and 1 is not taken."""
    if captured.batch in (None, 1):
        return
    whole = "multiply-accumulates and bytes are those of the whole batch"
    if captured.batch == family.batch:
        yield (
            f"the model leaves its batch open; {captured.batch} is taken, the images that "
            f"{family.dpu} takes at a run: quantise and compile it with that batch; {whole}"
        )
    else:
        yield (
            f"the model leaves the batch of some inputs open; {captured.batch} is taken, as "
            f"others have it; {whole}"
        )


def _with_batch(read: Read, batch: int) -> Captured:
    try:
        return read(batch)
    except VaiInspectError as error:
        if batch == 1:
            raise
        problem = str(error)
    captured = read(1)
    warning = (
        f"the model leaves its batch open; it cannot be read with {batch}, so 1 is taken: {problem}"
    )
    return dataclasses.replace(captured, warnings=(*captured.warnings, warning))
