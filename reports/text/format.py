"""How the reports spell names, figures and paths; the same everywhere."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence

from vai_inspect.core.findings import Finding, Verdict, what_to_change

if TYPE_CHECKING:  # every command spells texts, few of them inspect
    from vai_inspect.core.inspection import Inspection, Summary

UNSURE = "unknown, no source decides"
"""What tells an open question from a refusal."""

MOST_PATTERNS = 3
"""Patterns of `--allow` that are reported one by one."""

_LONGEST = 3000
_ROOTS = ("site-packages", "dist-packages")
_ABSOLUTE = re.compile(r"(/|\\|[A-Za-z]:[/\\])")


def plain(text: object) -> str:
    """Returns text on one line: control, format and unprintable characters are written as escapes.

    A name cannot forge a field of a report then, nor turn the direction of a line, nor break an
    encoding (lone surrogates are escaped too).
    """
    told = str(text)
    if told.isprintable():  # as good as all are
        return told
    return "".join(char if char.isprintable() else _escape(char) for char in told)


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


def value(figure: Any) -> str:
    """Returns an attribute's value as the reports print it: lists in brackets, text unquoted."""
    if isinstance(figure, (list, tuple)):
        return "[" + ", ".join(value(item) for item in figure) + "]"
    return plain(figure)


def size(shape: Sequence[int]) -> str:
    """Returns a shape as `1x112x112x64`; `scalar` for no axes."""
    return "x".join(str(axis) for axis in shape) or "scalar"


def count(number: int, noun: str) -> str:
    """Returns `1 operator`, `2 operators`."""
    return "{:,} {}{}".format(number, noun, "" if number == 1 else "s")


def are(number: int, noun: str) -> str:
    """Returns `1 operator is`, `2 operators are`."""
    return count(number, noun) + (" is" if number == 1 else " are")


def others(total: Summary) -> str:
    """Returns what is on no device of its own: `2 inputs and outputs, 1 constant`."""
    ends = "1 input or output" if total.user_ops == 1 else "{:,} inputs and outputs"
    more = [count(total.constants, "constant")] if total.constants else []
    return ", ".join([ends.format(total.user_ops), *more])


def run(inspection: Inspection) -> str:
    """Returns what the figures of an inspection are for: `frame`, or `run of 4 frames`."""
    shapes = [op.op.output.shape for op in inspection.ops if op.type == "data"]
    batches = {shape[0] for shape in shapes if len(shape) > 1}
    batch = batches.pop() if len(batches) == 1 else 1
    return "frame" if batch == 1 else f"run of {batch} frames"


def share(part: int, whole: int) -> Optional[str]:
    """Returns `97.1%`, or None where there is no whole.

    100.0% and 0.0% are said only where they are exact.
    """
    if not whole:
        return None
    percent = f"{100.0 * part / whole:.1f}%"
    if percent == "100.0%" and part < whole:
        return "99.9%"
    return "0.1%" if percent == "0.0%" and part else percent


def work_share(total: Summary) -> str:
    """Returns what share of the multiply-accumulates is on the DPU, and how many are unknown."""
    part = share(total.dpu_macs, total.macs)
    told = f", {part} of them on the DPU" if part else ""
    if not total.macs_untold_ops:
        return told
    return "{}; those of {} are unknown and not counted".format(
        told, count(total.macs_untold_ops, "operator")
    )


def allowing(patterns: Sequence[str]) -> str:
    """Returns the options that allow patterns; of many, `'end:*'` for all at an end.

    Args:
        patterns: such as `end:softmax`.
    """
    if len(patterns) > MOST_PATTERNS:
        patterns = tuple(dict.fromkeys("'{}:*'".format(one.split(":")[0]) for one in patterns))
    return " ".join("--allow " + pattern for pattern in patterns)


def allow_hint(patterns: Sequence[str]) -> str:
    """Returns the hint after operators that have no DPU cost at their position, if any.

    Args:
        patterns: those that allow them.
    """
    if not patterns:
        return ""
    return f"; that has no DPU cost: {allowing(patterns)} lets it pass"


def untold_macs(inspection: Inspection) -> Iterator[str]:
    """Yields the operators whose multiply-accumulates are unknown, by the reason."""
    reasons: Dict[str, List[str]] = {}
    for op in inspection.ops:
        if op.macs is None:
            reasons.setdefault(op.macs_untold or "no reason is given", []).append(op.name)
    for reason, names in reasons.items():
        first = shortened(plain(names[0]), 240)
        rest = f" and {len(names) - 1:,} more" if names[1:] else ""
        yield f"unknown for {first}{rest}: {plain(reason)}"


def rule(finding: Finding) -> str:
    """Returns the constraint's id, by which `explain` knows it, and its evidence in brackets."""
    return f"{plain(finding.constraint)} [{finding.evidence.value}]"


def remedy(finding: Finding) -> str:
    """Returns what to change, and what that does to the function; empty where nothing is known."""
    return plain(what_to_change(finding.remedies) or "")


def grounds(finding: Finding) -> str:
    """Returns the constraint's id, its evidence in brackets, and its source."""
    return " ".join(filter(None, (rule(finding), plain(finding.source))))


def doubt(finding: Finding) -> Optional[str]:
    """Returns the words that tell an open question from a refusal, or None for a refusal."""
    return UNSURE if finding.verdict is Verdict.UNKNOWN else None


def file_name(path: str) -> str:
    """Returns a source file without the folders that differ from one machine to the next.

    What lies in an installed package is named from the package on, what lies in the working
    folder from there on, other absolute paths by their last folder and name; relative ones stay.
    """
    if not _ABSOLUTE.match(path):
        return plain(path)
    parts = [part for part in re.split(r"[/\\]", path) if part]
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] in _ROOTS:
            return plain("/".join(parts[place + 1 :]))
    try:
        here = [part for part in re.split(r"[/\\]", os.getcwd()) if part]
    except OSError:  # the working folder is gone
        here = []
    if parts[: len(here)] == here and len(parts) > len(here) > 0:
        return plain("/".join(parts[len(here) :]))
    return plain("/".join(parts[-2:]))
