"""What is said of something that names no target: why, what is valid, and what is nearest."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

from vai_inspect.core.errors import TargetError, did_you_mean, listed, quoted
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import legacy_targets
from vai_inspect.rules.targets.boards import booted, every_target
from vai_inspect.rules.targets.fingerprint import DPU_TYPES, Fingerprint, checked
from vai_inspect.rules.targets.legacy_targets import KnownName

LIST_HINT = "`vai-inspect targets` lists the targets."

_FORMS = "valid is a target's name, a fingerprint, a board or the path of an arch.json"

# A compute unit of a DPU is called so on the board: DPUCVDX8G_1.
_KERNEL = re.compile(r"(DPU[A-Z0-9]+)_\d+\Z", re.IGNORECASE | re.ASCII)

_FEW = 16


def of_another_kind(received: str) -> TargetError:
    """Returns the error of something that is neither name nor fingerprint nor file."""
    return TargetError(f"{received}; {_FORMS}; {LIST_HINT}")


def no_fingerprint(received: str, error: ValueError, text: str = "") -> TargetError:
    """Returns the error of what looks like a fingerprint and is none."""
    return TargetError(
        f"{received} is not a fingerprint: {error}; valid are up to 64 bits in hexadecimal, as in "
        f"0x101000016010407{_as_decimal(text)}; {LIST_HINT}"
    )


def _as_decimal(text: str) -> str:
    """Returns a hint where a fingerprint was written as a decimal number."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        return ""
    try:
        return f"; as a decimal number it would be {checked(int(text))}"
    except ValueError:
        return ""


def unread(fingerprint: Fingerprint) -> TargetError:
    """Returns the error of a fingerprint of a type or instruction set that no decoder reads."""
    types = dict(DPU_TYPES)
    for target in registry.targets():
        if target.fingerprint is not None:
            types[Fingerprint(target.fingerprint).type_byte] = target.dpu
    dpu = types.get(fingerprint.type_byte)
    if dpu is None:
        short = "" if fingerprint.type_byte else ", as it has fewer than 15 hexadecimal digits"
        valid = ", ".join(f"{byte} ({name})" for byte, name in sorted(types.items()))
        return TargetError(
            f"fingerprint {fingerprint}: field TYPE (bits 63:56: type of the DPU) is "
            f"{fingerprint.type_byte}{short}; valid is {valid}; {LIST_HINT}"
        )
    isas = sorted(
        {
            decoder.isa_version
            for family in registry.families()
            for decoder in family.decoders
            if decoder.type_byte == fingerprint.type_byte
        }
    )
    if isas:
        why = (
            f"field ISA (bits 55:48: instruction set of {dpu}) is {fingerprint.isa_version}; valid "
            f"is {' or '.join(map(str, isas))}: no other is decoded here."
        )
    elif any(target.dpu == dpu for target in registry.targets()):
        why = (
            f"{dpu} with instruction set {fingerprint.isa_version}; no release registers it, and "
            "of this type only the registered ones exist."
        )
    else:
        why = f"{dpu}, which is not covered here."
    return TargetError(f"fingerprint {fingerprint}: {why} {_nearest(fingerprint)}")


def impossible(fingerprint: Fingerprint, error: TargetError) -> TargetError:
    """Returns a decoder's error with the targets that come nearest."""
    return TargetError(f"{error}. {_nearest(fingerprint)}")


def known_name(known: KnownName) -> TargetError:
    """Returns the error of a DPU that is known by name only."""
    more = LIST_HINT if known.successor else _nearest(known.fingerprint)
    return TargetError(f"{known.explanation} {more}")


def other_name(text: str, target: Target) -> TargetError:
    """Returns the error of a derived name whose fingerprint is that of another name."""
    return TargetError(
        f"unknown target {quoted(text)}: its fingerprint {target.fingerprint_text} is that of "
        f"{target.name}; valid is that name, or the "
        f"fingerprint; {LIST_HINT}"
    )


def unknown_name(text: str) -> TargetError:
    """Returns the error of a name that nothing has."""
    return TargetError(
        f"unknown target {quoted(text)}; {_FORMS}.{_suggestion(text[:100])} {LIST_HINT}"
    )


def several_on_board(board: str, targets: List[Target]) -> TargetError:
    """Returns the error of a board on which several targets run, so that its name says too little.

    Args:
        board: the board's name as given.
        targets: the targets that are known from it; more than one.
    """
    known = next(
        use.board for t in targets for use in t.board_uses if use.board.lower() == board.lower()
    )
    return TargetError(
        f"the board {known} runs one of several targets; give the one that yours has: "
        f"{_names(targets, ' or ')}."
    )


def _suggestion(text: str) -> str:
    every = every_target()
    kernel = _KERNEL.match(text)
    if kernel is not None and _beginning(kernel.group(1)):
        return (
            " That is a board's name for a DPU core; its fingerprint gives the size. "
            f"Targets of {kernel.group(1).upper()} are {_names(_beginning(kernel.group(1)))}."
        )
    # "Kria KV260" and "zcu102_b4096" name a board as well.
    words = set(re.split(r"[\W_]+", text.lower()))
    boards = {board for t in every for board in t.boards if board.lower() in words}
    if boards:
        held = [target for target in every if boards.intersection(target.boards)]
        known = f" Targets known from {listed(sorted(boards))} are {_names(held)}."
        return known + "".join(map(_booted, sorted(boards)))
    begins = _beginning(text)
    if begins:
        return f" Targets of {text.upper()} are {_names(begins)}."
    contains = [target for target in every if text.lower() in target.name.lower()]
    if contains and len(text) > 2:
        return f" Did you mean {_names(contains, ' or ')}?"
    names = [
        *(target.name for target in every),
        *(known.name for known in legacy_targets.known_names()),
        *sorted({board for target in every for board in target.boards}),
    ]
    return did_you_mean(text, names) or " An example is DPUCZDX8G_ISA1_B4096."


def _booted(board: str) -> str:
    """Says what the newest image of a board boots."""
    for release, targets in booted(board):
        return f" The {board} boots {_names(targets, ' or ')} in Vitis AI {release}."
    return ""


def _beginning(text: str) -> List[Target]:
    """Returns the registered targets whose names begin with a text."""
    return [t for t in registry.targets() if t.name.lower().startswith(text.lower())]


def _names(targets: List[Target], last: str = " and ") -> str:
    names = list(dict.fromkeys(target.name for target in targets))
    if len(names) > _FEW:
        return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
    return last.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _nearest(fingerprint: Fingerprint) -> str:
    """Says which targets differ least from a fingerprint, those of its instruction set first."""
    same: List[Tuple[bool, int, Target]] = []
    for target in every_target():
        if target.fingerprint is None:
            continue
        if Fingerprint(target.fingerprint).type_byte == fingerprint.type_byte:
            bits = bin(target.fingerprint ^ fingerprint.value).count("1")
            same.append((target.isa_version != fingerprint.isa_version, bits, target))
    same.sort(key=lambda found: found[:2])
    if not same:
        return LIST_HINT
    nearest: Dict[str, str] = {}
    for _, _, target in same:
        nearest.setdefault(target.name, f"{target.name} ({target.fingerprint_text})")
    return f"The nearest targets are {listed(list(nearest.values())[:3])}; {LIST_HINT}"
