"""How a text becomes lines of a report: escaped, shortened, measured and broken."""

from __future__ import annotations

import unicodedata
from typing import List

_LONGEST = 3000


def plain(text: object) -> str:
    """Returns text on one line: control, format and unprintable characters are written as escapes.

    A name cannot forge a field of a report then, nor turn the direction of a line, nor break an
    encoding (lone surrogates are escaped too).
    """
    string = str(text)
    if string.isprintable():  # as good as all are
        return string
    return "".join(char if char.isprintable() else _escape(char) for char in string)


def _escape(char: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if named is not None:
        return named
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def on_one_line(text: str) -> str:
    """Returns text on one line of bounded length, without what a terminal takes for a command.

    Args:
        text: the texts in it are the user's or a file's, of any length.
    """
    line = " ".join(text.split())
    if len(line) > _LONGEST:  # what was received stands first, and what to do last
        line = f"{line[: _LONGEST * 2 // 3]} ... {line[-_LONGEST // 3 :]}"
    return plain(line)


def shortened(text: str, width: int) -> str:
    """Returns text of at most `width` characters; what is too much is left out in the middle."""
    if len(text) <= width:
        return text
    tail = (width - 3) // 2
    return text[: width - 3 - tail] + "..." + text[len(text) - tail :]


def cells(text: str) -> int:
    """Returns the number of columns that a line of text takes in a fixed-width font."""
    return len(text) if text.isascii() else sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, width: int) -> List[str]:
    """Breaks text into lines of at most `width` columns, at spaces where there are any.

    A word that is too long is broken anywhere. The result depends on nothing but the arguments.
    """
    if cells(text) <= width and not text.startswith(" "):
        return [text]
    lines: List[str] = []
    line = ""
    for word in text.split(" "):
        if line and cells(line) + 1 + cells(word) <= width:
            line += " " + word
            continue
        if line:
            lines.append(line)
        pieces = _pieces(word, width)
        lines.extend(pieces[:-1])
        line = pieces[-1]
    return [*lines, line]


def hanging(mark: str, text: str, width: int) -> List[str]:
    """Breaks text into lines of at most `width` columns; all but the first are set under its text.

    Args:
        mark: what stands before the text, such as `- `.
        text: the text.
        width: columns of a line, the mark among them.
    """
    first, *rest = wrapped(text, max(20, width - cells(mark)))
    return [mark + first] + [" " * cells(mark) + line for line in rest]


def _pieces(word: str, width: int) -> List[str]:
    if cells(word) <= width:
        return [word]
    pieces = [""]
    used = 0
    for char in word:
        size = _cell(char)
        if used + size > width:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += size
    return pieces
