"""The constraints of a family, put together from shared ones and its own."""

from __future__ import annotations

import dataclasses
from typing import Iterable, Mapping, Tuple

from vai_inspect.rules.engine.constraint import Constraint, Provenance


def with_own(shared: Tuple[Constraint, ...], *own: Constraint) -> Tuple[Constraint, ...]:
    """Returns shared constraints with a family's own in the place of those of the same id.

    Own ones of a new id come last.
    """
    mine = {rule.id: rule for rule in own}
    kept = tuple(mine.pop(rule.id, rule) for rule in shared)
    return (*kept, *mine.values())


def without(shared: Tuple[Constraint, ...], *ids: str) -> Tuple[Constraint, ...]:
    """Returns shared constraints without those of some ids.

    Raises:
        LookupError: there is none of one of the ids.
    """
    _check_ids(shared, ids)
    return tuple(rule for rule in shared if rule.id not in ids)


def with_notes(shared: Tuple[Constraint, ...], notes: Mapping[str, str]) -> Tuple[Constraint, ...]:
    """Returns shared constraints with the notes of one family after their own.

    Args:
        shared: the constraints.
        notes: texts by the ids of constraints, such as what a product guide says otherwise.

    Raises:
        LookupError: there is none of one of the ids.
    """
    _check_ids(shared, notes)
    return tuple(
        dataclasses.replace(rule, notes=" ".join(filter(None, (rule.notes, notes.get(rule.id)))))
        for rule in shared
    )


def with_provenance(
    shared: Tuple[Constraint, ...], observed: Mapping[str, Provenance]
) -> Tuple[Constraint, ...]:
    """Returns shared constraints, some with a family's own evidence and source.

    Args:
        shared: the constraints.
        observed: evidence and source for the family, by the ids of constraints.

    Raises:
        LookupError: there is none of one of the ids.
    """
    _check_ids(shared, observed)
    return tuple(
        dataclasses.replace(rule, provenance=observed.get(rule.id, rule.provenance))
        for rule in shared
    )


def _check_ids(shared: Tuple[Constraint, ...], ids: Iterable[str]) -> None:
    missing = set(ids) - {rule.id for rule in shared}
    if missing:
        raise LookupError(f"no constraint {', '.join(sorted(missing))}")
