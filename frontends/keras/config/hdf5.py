"""The attributes of the root group of an HDF5 file, without an HDF5 library.

Keras stores a model's config in one attribute, `model_config`. The few structures that lead to it
follow the "HDF5 File Format Specification Version 3.0": the superblock (II.A), object headers of
versions 1 and 2 (IV.A.1), attribute messages (IV.A.2.m) and the global heap (III.E), which holds
texts of variable length. Every offset and length is checked against the file, so a hostile file
cannot cause long reads.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Dict, Iterator, List, Tuple

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ATTRIBUTE, _CONTINUATION, _ATTRIBUTE_INFO = 0x0C, 0x10, 0x15
_FIXED_TEXT, _VARIABLE = 3, 9
_MOST_BLOCKS, _LONGEST_BLOCK = 256, 2**20

Message = Tuple[int, int, bytes]
"""Type, flags and data of one message of an object header."""


class BrokenError(ValueError):
    """A structure contradicts itself or refers to data outside of the file."""


class UnusualError(ValueError):
    """A valid structure that only an HDF5 library reads."""


class Hdf5:
    """One HDF5 file.

    Args:
        file: the file, open for reading.
        longest: limit of the length of a text, in bytes.

    Raises:
        BrokenError: the file is not valid HDF5.
        UnusualError: its superblock is not one that Keras writes.
    """

    def __init__(self, file: BinaryIO, longest: int) -> None:
        self._file = file
        self._longest = longest
        file.seek(0, 2)
        self._size = file.tell()
        if self._read(0, 8) != SIGNATURE:
            raise BrokenError("it has no HDF5 signature")
        version = self._read(8, 1)[0]
        sizes = self._read(13, 2) if version < 2 else self._read(9, 2)
        if tuple(sizes) != (8, 8):
            raise UnusualError("its offsets do not have 8 bytes")
        if version > 3:
            raise UnusualError(f"its superblock has version {version}")
        # The root group's name offset follows the last address of the superblock.
        start = {0: 24, 1: 28, 2: 12, 3: 12}[version]
        base, root = self._u64(start), self._u64(start + (40 if version < 2 else 24))
        if base:
            raise UnusualError("its addresses start after a user block")
        self._root = root

    def attributes(self) -> Dict[str, bytes]:
        """Returns the attributes of the root group that are texts, by name.

        Raises:
            BrokenError: a structure is not valid.
            UnusualError: the attributes are stored in an unsupported form.
        """
        found: Dict[str, bytes] = {}
        for kind, flags, data in self._messages():
            if kind == _ATTRIBUTE_INFO:
                # The address of the attributes; all ones for none.
                at = 2 + 2 * (data[1] & 1) if len(data) > 1 else len(data)
                if data[at : at + 8] != b"\xff" * 8:
                    raise UnusualError("its attributes are in a separate heap")
            if kind != _ATTRIBUTE:
                continue
            if flags & 2:
                raise UnusualError("it shares an attribute")
            try:
                name, text = self._attribute(data)
            except (IndexError, struct.error) as error:
                raise BrokenError("an attribute is cut off") from error
            if text is not None:
                found[name] = text
        return found

    def _read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self._size:
            raise BrokenError("it refers to data after its end; it may be truncated")
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise BrokenError("it ends too early")
        return data

    def _u64(self, offset: int) -> int:
        return int.from_bytes(self._read(offset, 8), "little")

    def _messages(self) -> Iterator[Message]:
        """Yields the messages of the root group's object header, continuations included."""
        head = self._read(self._root, 16)
        first: Tuple[int, int]
        if head[:4] == b"OHDR":
            flags = head[5]
            at = self._root + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            first = at + width, int.from_bytes(self._read(at, width), "little")
            new = True
        elif head[0] == 1:
            first, new, flags = (self._root + 16, struct.unpack("<I", head[8:12])[0]), False, 0
        else:
            raise BrokenError("its root group has no header")
        blocks: List[Tuple[int, int]] = [first]
        read = 0
        while blocks:
            start, length = blocks.pop(0)
            read += 1
            if read > _MOST_BLOCKS or length > _LONGEST_BLOCK:
                raise BrokenError("the header of its root group is endless")
            data = self._read(start, length)
            if new and read > 1:
                if data[:4] != b"OCHK":
                    raise BrokenError("the header of its root group is incomplete")
                data = data[4:-4]
            for kind, mark, body in _split(data, new, bool(flags & 4)):
                if kind == _CONTINUATION:
                    if len(body) < 16:
                        raise BrokenError("the header of its root group is cut off")
                    blocks.append(struct.unpack("<QQ", body[:16]))
                else:
                    yield kind, mark, body

    def _attribute(self, data: bytes) -> "Tuple[str, bytes | None]":
        """Returns name and value of an attribute message; None if it is not a single text."""
        version = data[0]
        name_size, type_size, space_size = struct.unpack("<HHH", data[2:8])
        at = 9 if version == 3 else 8
        parts = []
        for size in (name_size, type_size, space_size):
            parts.append(data[at : at + size])
            at += size if version > 1 else size + -size % 8
        name, kind, space = parts
        text = name.split(b"\0")[0].decode("utf-8", "replace")
        scalar = len(space) > 1 and space[1] == 0
        if not scalar or data[1] & 1:
            return text, None
        value = data[at:]
        if kind[0] & 15 == _FIXED_TEXT:
            (size,) = struct.unpack("<I", kind[4:8])
            if size > len(value):
                raise BrokenError("an attribute is cut off")
            return text, value[:size].rstrip(b"\0")
        if kind[0] & 15 == _VARIABLE and kind[1] & 15 == 1:
            length, address, index = struct.unpack("<IQI", value[:16])
            return text, self._heap_object(address, index, length)
        return text, None

    def _heap_object(self, address: int, index: int, length: int) -> bytes:
        """Returns an object of a global heap."""
        if length > self._longest:
            raise BrokenError(f"an attribute of {length} bytes is longer than any config")
        head = self._read(address, 16)
        if head[:4] != b"GCOL":
            raise BrokenError("an attribute refers to no heap")
        end = address + int.from_bytes(head[8:16], "little")
        at = address + 16
        for _ in range(2**16):
            if at + 16 > end:
                break
            number, _, size = struct.unpack("<HH4xQ", self._read(at, 16))
            if number == index and number:
                return self._read(at + 16, min(size, length))
            if number == 0:
                break
            at += 16 + size + -size % 8
        raise BrokenError("an attribute is not in its heap")


def _split(data: bytes, new: bool, ordered: bool) -> Iterator[Message]:
    """Yields the messages of one block of an object header."""
    at, head = 0, (4 + 2 * ordered) if new else 8
    while at + head <= len(data):
        if new:
            kind, size, flags = struct.unpack("<BHB", data[at : at + 4])
        else:
            kind, size, flags = struct.unpack("<HHB", data[at : at + 5])
        at += head
        if at + size > len(data):
            raise BrokenError("the header of its root group is cut off")
        yield kind, flags, data[at : at + size]
        at += size
