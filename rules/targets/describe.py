"""A target's fingerprint decoded for a reader: each field, and notes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Tuple

from vai_inspect.core.errors import listed, plural
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import decode_target, legacy_targets
from vai_inspect.rules.targets.bit_fields import Reading, Row, rows_of_bytes
from vai_inspect.rules.targets.fingerprint import Fingerprint


@dataclass(frozen=True)
class Decoded:
    """A decoded fingerprint.

    Attributes:
        rows: its fields from the highest bit down, with the bits that nothing decodes; none where
            no source gives the fingerprint.
        by_table: whether there is a table of the feature code's bits at all.
        notes: what else its reader should know, without a full stop at the end.
    """

    rows: Tuple[Row, ...]
    by_table: bool
    notes: Tuple[str, ...] = ()


def decoded(target: Target) -> Decoded:
    """Returns a target's decoded fingerprint, as the decoder of its figures reads it."""
    if target.fingerprint is None:
        note = "no source gives its fingerprint, so it is known by its name alone"
        return Decoded((), by_table=False, notes=(note,))
    readings = list(decode_target.readings(target))
    if not readings:
        rows = rows_of_bytes(Fingerprint(target.fingerprint), target.dpu)
        return Decoded(tuple(rows), by_table=False)
    return Decoded(tuple(readings[0].rows()), True, tuple(_notes(readings)))


def _notes(readings: List[Reading]) -> Iterator[str]:
    first, *others = readings
    if first.decoder.note:
        yield first.decoder.note
    for other in others:
        name = other.decoder.target(other.fingerprint).name
        releases = other.decoder.releases
        yield (
            f"{plural(len(releases), 'release')} {listed(releases)} "
            f"{'reads' if len(releases) == 1 else 'read'} the fingerprint as {name}"
        )
    targets = registry.targets()
    known = [other.fingerprint for other in targets if other.fingerprint is not None]
    known += [other.fingerprint.value for other in legacy_targets.known_names()]
    if first.fingerprint.value in known:
        return
    tables = [
        decoder
        for family in registry.families()
        for decoder in family.decoders
        if decoder.fields == first.decoder.fields
    ]
    alike = [one for one in known if any(table.reads(Fingerprint(one)) for table in tables)]
    for row in first.rows():
        if not row.name and row.value not in {0, *map(row.of, alike)}:
            yield (
                f"bits {row.bits} are {hex(row.value)}, which no release decodes and no "
                "registered target has; check the "
                "fingerprint for a typing error"
            )
