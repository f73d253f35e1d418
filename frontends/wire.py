"""Reads the wire format of protobuf without copies and with limited work."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Union

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_FIELDS = 5_000_000
"""Limit of fields; a model of 10,000 operators has about 200,000."""

_WIDTH = {FIXED64: 8, FIXED32: 4}
_SIGN, _ALL = 1 << 63, 1 << 64


class WireError(ValueError):
    """The bytes are not a message; the text says why."""


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        number: the field's number in its message.
        wire_type: VARINT, FIXED64, BYTES or FIXED32.
        value: an integer, or a view of the bytes.
    """

    number: int
    wire_type: int
    value: Union[int, memoryview]

    @property
    def integer(self) -> int:
        """The value as a signed 64-bit number.

        Raises:
            WireError: the field holds bytes.
        """
        if not isinstance(self.value, int):
            raise WireError(f"a number is expected in field {self.number}")
        return self.value - _ALL if self.value & _SIGN else self.value

    @property
    def data(self) -> memoryview:
        """The bytes.

        Raises:
            WireError: the field holds a number.
        """
        if isinstance(self.value, int):
            raise WireError(f"bytes are expected in field {self.number}")
        return self.value

    @property
    def text(self) -> str:
        """The bytes as text; invalid UTF-8 is replaced."""
        return bytes(self.data).decode("utf-8", "replace")


class Reader:
    """Reads messages, up to a total number of fields."""

    def __init__(self) -> None:
        self._left = MOST_FIELDS

    def fields(self, data: memoryview) -> Iterator[Field]:
        """Yields the fields of a message in order.

        Raises:
            WireError: the bytes are not a message, or there are too many fields.
        """
        at, end = 0, len(data)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise WireError(f"it has more than {MOST_FIELDS:,} fields")
            key, at = varint(data, at)
            number, wire_type = key >> 3, key & 7
            if number == 0:
                raise WireError("a field has the number 0")
            if wire_type == VARINT:
                value, at = varint(data, at)
                yield Field(number, wire_type, value)
                continue
            if wire_type == BYTES:
                size, at = varint(data, at)
            elif wire_type in _WIDTH:
                size = _WIDTH[wire_type]
            else:
                raise WireError(f"field {number} has the wire type {wire_type}")
            if size > end - at:
                raise WireError(f"it ends within field {number}")
            yield Field(number, wire_type, data[at : at + size])
            at += size

    def integers(self, field: Field) -> List[int]:
        """Returns the signed integers of a repeated field: all if packed, else one.

        Raises:
            WireError: the bytes are not integers, or there are too many.
        """
        if isinstance(field.value, int):
            return [field.integer]
        found, at = [], 0
        while at < len(field.value):
            self._left -= 1
            if self._left < 0:
                raise WireError(f"it has more than {MOST_FIELDS:,} numbers")
            number, at = varint(field.value, at)
            found.append(number - _ALL if number & _SIGN else number)
        return found


def varint(data: memoryview, at: int) -> "tuple[int, int]":
    """Returns the integer at an offset, and the offset after it.

    Raises:
        WireError: it does not end within ten bytes.
    """
    number, shift, end = 0, 0, len(data)
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & (_ALL - 1), at
        shift += 7
    raise WireError("it ends within a number" if at >= end else "a number has no end")
