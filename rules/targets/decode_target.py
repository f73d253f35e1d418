"""A target derived from a fingerprint by the decoders of the installed families."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.errors import TargetError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.guard import GUARDED, format_error
from vai_inspect.rules.targets.bit_fields import Decoder, Reading
from vai_inspect.rules.targets.fingerprint import Fingerprint


def decoders(fingerprint: Fingerprint) -> Iterator[Decoder]:
    """Yields what reads a fingerprint's type and instruction set, the one that decides first."""
    for family in registry.families():
        yield from (decoder for decoder in family.decoders if decoder.reads(fingerprint))


def target(fingerprint: Fingerprint) -> Optional[Target]:
    """Returns the target that a fingerprint describes, or None where no decoder reads its type.

    Raises:
        TargetError: decoders read it, but no DPU can have these bits.
    """
    refused: Optional[TargetError] = None
    for decoder in decoders(fingerprint):
        try:
            found = decoder.target(fingerprint)
            if not isinstance(found, Target) or found.family != decoder.family:
                raise TypeError(f"it gives no Target of {decoder.family}")
            return found
        except TargetError as error:
            refused = refused or error
        except GUARDED as error:  # a decoder may be anyone's code
            refused = refused or TargetError(
                f"fingerprint {fingerprint}: the decoder of {decoder.dpu} does not work: "
                f"{format_error(error)}"
            )
    if refused is not None:
        raise refused
    return None


def readings(described: Target) -> Iterator[Reading]:
    """Yields how a target's fingerprint is read; the first is what its figures stand for."""
    if described.fingerprint is None:
        return
    fingerprint = Fingerprint(described.fingerprint)
    found = []
    for decoder in decoders(fingerprint):
        try:
            decoder.target(fingerprint)
        except GUARDED:  # the same as in `target`
            continue
        found.append(decoder.read(fingerprint))
    releases = set(described.releases)
    found.sort(key=lambda reading: releases.isdisjoint(reading.decoder.releases) and bool(releases))
    yield from found
