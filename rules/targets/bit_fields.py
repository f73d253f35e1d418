"""A fingerprint read by a table of named bit fields, and the target that it describes.

A family lists one `Decoder` for each layout of its feature code in `Family.decoders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, NamedTuple, Optional, Tuple

from vai_inspect.core.errors import RuleError, TargetError
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.targets.fingerprint import FEATURE_BITS, Fingerprint

FLAG = ("no", "yes")
"""The words of a field of one bit."""

_FEW = 3


@dataclass(frozen=True)
class BitField:
    """Some bits of a fingerprint.

    Attributes:
        name: as the sources name it, `ARCH`.
        high: the highest bit.
        low: the lowest bit.
        meaning: what it sets, in a few words.
        source: what it is founded on.
        words: what each value stands for, from 0 on; a value beyond them is not valid.
        valid: the values that are valid where there are no words; None where every one is.
    """

    name: str
    high: int
    low: int
    meaning: str
    source: str
    words: Tuple[str, ...] = ()
    valid: Optional[Limit] = None

    @property
    def bits(self) -> str:
        """The bits as text, `3:0` or `26`."""
        return _bits(self.high, self.low)

    def of(self, fingerprint: int) -> int:
        """Returns the field's value."""
        return _value(fingerprint, self.high, self.low)

    def takes(self, value: int) -> bool:
        """Returns whether a value is valid."""
        if self.words:
            return value < len(self.words)
        return self.valid is None or value in self.valid

    @property
    def valid_text(self) -> str:
        """The valid values, with their words where these are few."""
        if 0 < len(self.words) <= _FEW:
            return ", ".join(f"{at} ({word})" for at, word in enumerate(self.words))
        count = len(self.words) or 1 << self.high - self.low + 1
        return str(self.valid or Limit.span(0, count - 1))

    def describe(self, value: int) -> str:
        """Returns what a value means."""
        word = self.words[value] if value < len(self.words) else ""
        return f"{self.meaning}: {word}" if word else self.meaning


class Row(NamedTuple):
    """One field of a fingerprint that was read; `name` is empty for bits that nothing decodes."""

    high: int
    low: int
    name: str
    value: int
    meaning: str
    source: str

    @property
    def bits(self) -> str:
        """The bits as text, `3:0` or `26`."""
        return _bits(self.high, self.low)

    def of(self, fingerprint: int) -> int:
        """Returns the value that another fingerprint has in these bits."""
        return _value(fingerprint, self.high, self.low)


@dataclass(frozen=True)
class Decoder:
    """How the fingerprints of one type and instruction set are read.

    Attributes:
        family: name of the rules package, `czdx8g`.
        dpu: the DPU's type, `DPUCZDX8G`.
        type_byte: bits 63:56 of the fingerprints it reads.
        isa_version: bits 55:48 of them.
        releases: the Vitis AI releases that read them so.
        fields: the fields of the feature code, bits 47:0, the lowest first; none overlap.
        build: makes the target of a reading, whose fields are all valid; raises
            `reading.refused(...)` where fields do not go together.
        note: what else the reader of a decoded target should know, as a sentence.
    """

    family: str
    dpu: str
    type_byte: int
    isa_version: int
    releases: Tuple[str, ...]
    fields: Tuple[BitField, ...]
    build: Callable[["Reading"], Target]
    note: str = ""

    def __post_init__(self) -> None:
        above = 0
        for field in self.fields:
            if not above <= field.low <= field.high < FEATURE_BITS:
                raise RuleError(
                    f"{self.dpu} ISA{self.isa_version}: field {field.name} has bits {field.bits}; "
                    f"valid are bits from {above} to {FEATURE_BITS - 1}."
                )
            above = field.high + 1

    def reads(self, fingerprint: Fingerprint) -> bool:
        """Returns whether a fingerprint is one of this type and instruction set."""
        return (fingerprint.type_byte, fingerprint.isa_version) == (
            self.type_byte,
            self.isa_version,
        )

    def read(self, fingerprint: Fingerprint) -> "Reading":
        """Reads a fingerprint.

        Raises:
            TargetError: a field has a value that no DPU has; the message names field and bits.
        """
        reading = Reading(self, fingerprint)
        for field in self.fields:
            if not field.takes(field.of(fingerprint.value)):
                raise reading.refused(field.name, field.valid_text)
        return reading

    def target(self, fingerprint: Fingerprint) -> Target:
        """Returns the target that a fingerprint describes, under the name the vendor derives.

        Raises:
            TargetError: no DPU can have these bits.
        """
        return self.build(self.read(fingerprint))


@dataclass(frozen=True)
class Reading:
    """One fingerprint and the decoder that reads it; `reading["ARCH"]` is a field's value."""

    decoder: Decoder
    fingerprint: Fingerprint

    def field(self, name: str) -> BitField:
        """Returns a field by name."""
        return next(field for field in self.decoder.fields if field.name == name)

    def __getitem__(self, name: str) -> int:
        return self.field(name).of(self.fingerprint.value)

    def on(self, name: str) -> bool:
        """Returns whether a field is not 0."""
        return self[name] != 0

    def refused(self, name: str, valid: str) -> TargetError:
        """Returns the error of a field whose value is not among the valid ones."""
        field = self.field(name)
        return TargetError(
            f"fingerprint {self.fingerprint}: no {self.decoder.dpu} with instruction set "
            f"{self.decoder.isa_version} has these bits: field {name} (bits {field.bits}: "
            f"{field.meaning}) "
            f"is {self[name]}; valid is {valid}"
        )

    def target(self, size: str, **figures: Any) -> Target:
        """Returns a target of these figures.

        Args:
            size: the size in the derived name, `B4096` or `C32B3`.
            figures: the further fields of `Target`.
        """
        decoder, fingerprint = self.decoder, self.fingerprint
        return Target(
            name=f"{decoder.dpu}_ISA{decoder.isa_version}_{size}_{fingerprint.value:016X}",
            dpu=decoder.dpu,
            family=decoder.family,
            isa_version=decoder.isa_version,
            fingerprint=fingerprint.value,
            releases=(),
            **figures,
        )

    def rows(self) -> Iterator[Row]:
        """Yields every field from the highest bit down, and the bits between that none reads."""
        value = self.fingerprint.value
        yield from _bytes(self.fingerprint, self.decoder.dpu)
        above = FEATURE_BITS
        for field in reversed(self.decoder.fields):
            if field.high + 1 < above:
                yield _unread(above - 1, field.high + 1, value)
            found = field.of(value)
            yield Row(field.high, field.low, field.name, found, field.describe(found), field.source)
            above = field.low
        if above:
            yield _unread(above - 1, 0, value)


def rows_of_bytes(fingerprint: Fingerprint, dpu: str) -> Iterator[Row]:
    """Yields the fields of a fingerprint whose feature code nothing decodes."""
    yield from _bytes(fingerprint, dpu)
    yield _unread(FEATURE_BITS - 1, 0, fingerprint.value)


def _bytes(fingerprint: Fingerprint, dpu: str) -> Iterator[Row]:
    source = "UG1414: a byte of type, a byte of instruction set, six bytes of configuration"
    yield Row(63, 56, "TYPE", fingerprint.type_byte, f"type of the DPU: {dpu}", source)
    yield Row(55, 48, "ISA", fingerprint.isa_version, "instruction set", source)


def _unread(high: int, low: int, fingerprint: int) -> Row:
    return Row(high, low, "", _value(fingerprint, high, low), "not decoded", "")


def _value(fingerprint: int, high: int, low: int) -> int:
    return fingerprint >> low & ((1 << high - low + 1) - 1)


def _bits(high: int, low: int) -> str:
    return str(high) if high == low else f"{high}:{low}"
