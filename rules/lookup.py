"""A target by its name, its fingerprint or an arch.json."""

from __future__ import annotations

import operator
import os
from typing import Dict, Iterable, List

from vai_inspect.core.errors import TargetError, did_you_mean
from vai_inspect.core.target import Target
from vai_inspect.rules import historic, registry
from vai_inspect.rules.arch_json import read_arch_json
from vai_inspect.rules.figures import quoted
from vai_inspect.rules.fingerprint import (
    DPU_TYPES,
    Fingerprint,
    checked,
    looks_like_fingerprint,
    parse,
)

LIST_HINT = "`vai-inspect targets` lists them all."

_FORMS = "valid is a target's name, a registered fingerprint or the path of an arch.json"


def lookup(spec: object) -> Target:
    """Returns the target that is meant.

    Args:
        spec: a target's name in any case (release 2.5's where releases differ), a registered
            fingerprint as a text or a number, the path of an arch.json as a text or as a
            `pathlib.Path`, or a `Target`.

    Raises:
        TargetError: it names no target; the message says why and what is valid.
    """
    if isinstance(spec, Target):
        return spec
    if isinstance(spec, str):
        return _by_text(spec)
    if isinstance(spec, os.PathLike):
        return _by_file(_path(spec))
    # NumPy's whole numbers are no int; True and False are, but name nothing.
    number = None if isinstance(spec, bool) else _number(spec)
    if number is not None:
        return _by_number(number)
    # The value itself is not shown: nothing is known of what its repr does.
    raise TargetError(
        "received a {} as target; {}; {}".format(type(spec).__name__, _FORMS, LIST_HINT)
    )


def _by_text(spec: str) -> Target:
    text = spec.strip()
    if not text:
        raise TargetError("received an empty text as target; {}; {}".format(_FORMS, LIST_HINT))
    target = _names().get(text.lower())
    if target is not None:
        return target
    if looks_like_fingerprint(text):
        return _by_fingerprint_text(text)
    if _looks_like_path(text):
        return _by_file(text)
    raise _unknown_name(text)


def _by_name_or_fingerprint(text: str) -> Target:
    """Looks up what an arch.json says; it cannot name another arch.json."""
    target = _names().get(text.strip().lower())
    if target is not None:
        return target
    if looks_like_fingerprint(text.strip()):
        return _by_fingerprint_text(text.strip())
    raise _unknown_name(text.strip())


def _by_file(path: str) -> Target:
    found: List[Target] = []
    named = read_arch_json(path)
    for key, value in named.items():
        try:
            found.append(_by_name_or_fingerprint(value))
        except TargetError as error:
            raise TargetError(
                "arch.json {}: {}: {}".format(quoted(path, 200), key, error)
            ) from None
    if len({target.name for target in found}) > 1:
        raise TargetError(
            "arch.json {}: target says {} but fingerprint is that of {}; valid is one of the "
            "two, or both for the same target.".format(
                quoted(path, 200), found[0].name, found[1].name
            )
        )
    # The fingerprint comes last and is the more exact: it tells release 2.5 from 3.x.
    return found[-1]


def _number(spec: object) -> "int | None":
    try:
        return operator.index(spec)  # type: ignore[arg-type]
    except Exception:  # __index__ may be anyone's code
        return None


def _by_number(number: int) -> Target:
    # Shown as hexadecimal: Python refuses to write very large numbers as decimal.
    received = hex(number)
    received = received if len(received) <= 60 else received[:57] + "..."
    try:
        return _by_fingerprint(checked(number), received)
    except ValueError as error:
        raise _no_fingerprint(received, error) from None


def _by_fingerprint_text(text: str) -> Target:
    try:
        fingerprint = parse(text)
    except ValueError as error:
        raise _no_fingerprint(quoted(text), error) from None
    return _by_fingerprint(fingerprint, text)


def _by_fingerprint(fingerprint: Fingerprint, received: str) -> Target:
    for target in registry.targets():
        if target.fingerprint == fingerprint.value:
            return target
    known = historic.by_fingerprint(fingerprint)
    if known is not None:
        raise TargetError("{}. {}".format(known.explanation, _instead(fingerprint)))
    if not fingerprint.dpu:
        raise TargetError(
            "fingerprint {}: its first byte is {}, that of no DPU; valid are {}; {}".format(
                received,
                fingerprint.type_byte,
                ", ".join("{} ({})".format(*pair) for pair in DPU_TYPES.items()),
                LIST_HINT,
            )
        )
    raise TargetError(
        "fingerprint {}: {} with instruction set {}, but no release of Vitis AI registers it, and "
        "deriving a target from an unregistered fingerprint is not done yet. {}".format(
            received, fingerprint.dpu, fingerprint.isa_version, _instead(fingerprint)
        )
    )


def _instead(fingerprint: Fingerprint) -> str:
    """Says which registered targets differ least from a fingerprint."""
    same = [target for target in registry.targets() if target.dpu == fingerprint.dpu]
    same.sort(key=lambda target: bin(target.fingerprint ^ fingerprint.value).count("1"))
    if not same:
        return "Valid are registered targets; {}".format(LIST_HINT)
    nearest: Dict[str, str] = {}
    for target in same:
        nearest.setdefault(target.name, "{} ({})".format(target.name, target.fingerprint_text))
    return "The nearest registered targets are {}; {}".format(
        _listed(list(nearest.values())[:3]), LIST_HINT
    )


def _no_fingerprint(received: str, error: ValueError) -> TargetError:
    return TargetError(
        "{} is not a fingerprint: {}; valid are up to 64 bits in hexadecimal, as in "
        "0x101000016010407; {}".format(received, error, LIST_HINT)
    )


def _unknown_name(text: str) -> TargetError:
    known = historic.by_name(text)
    if known is not None:
        return TargetError("{}. {}".format(known.explanation, _instead(known.fingerprint)))
    names = [target.name for target in registry.targets()]
    ours = _of_dpu(text)
    if ours:
        nearest = " Targets of {} are {}.".format(text.upper(), _listed(ours))
    else:
        nearest = did_you_mean(text[:100], names) or " An example is DPUCZDX8G_ISA1_B4096."
    return TargetError(
        "unknown target {}; {}.{} {}".format(quoted(text), _FORMS, nearest, LIST_HINT)
    )


def _of_dpu(text: str) -> List[str]:
    """Returns the names of the targets of a DPU's type, `DPUCZDX8G`."""
    found = (target.name for target in registry.targets() if target.dpu.lower() == text.lower())
    return list(dict.fromkeys(found))


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return "{} and {}".format(", ".join(most), last) if most else last


def _looks_like_path(text: str) -> bool:
    separators = [mark for mark in (os.sep, os.altsep, "/") if mark]
    if text.lower().endswith(".json") or any(mark in text for mark in separators):
        return True
    return os.path.exists(text)


def _path(spec: "os.PathLike[str]") -> str:
    try:
        return os.fsdecode(spec)
    except Exception:  # __fspath__ may be anyone's code
        raise TargetError(
            "received a {} that yields no path; {}.".format(type(spec).__name__, _FORMS)
        ) from None


def _names() -> Dict[str, Target]:
    """Returns the targets by name in small letters; among equal names the first, that of 2.5."""
    by_name: Dict[str, Target] = {}
    for target in registry.targets():
        by_name.setdefault(target.name.lower(), target)
    return by_name
