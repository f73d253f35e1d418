"""A target by its name, its fingerprint, a board or an arch.json."""

from __future__ import annotations

import operator
import os
import re
from typing import Dict, List, Optional

from vai_inspect.core.errors import TargetError, clipped, quoted
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import boards, decode_target, legacy_targets, target_errors
from vai_inspect.rules.targets.arch_json import read_arch_json
from vai_inspect.rules.targets.fingerprint import (
    Fingerprint,
    checked,
    looks_like_fingerprint,
    parse,
)

# The name that the vendor derives for a fingerprint that no release registers.
_DERIVED = re.compile(r"DPU\w+_([0-9a-f]{16})\Z", re.IGNORECASE | re.ASCII)


def lookup(spec: object) -> Target:
    """Returns the target that is meant.

    Args:
        spec: a target's name in any case (release 2.5's where releases differ), a fingerprint as a
            text or a number, registered or not, a board that boots one target (KV260), the path of
            an arch.json as a text or as a `pathlib.Path`, or a `Target`.

    Raises:
        TargetError: it names no target; the message says why and what is valid.
    """
    if isinstance(spec, Target):
        return spec
    if isinstance(spec, str):
        return _by_text(spec)
    if isinstance(spec, os.PathLike):
        return _by_file(_path(spec))
    # NumPy's integers are no int; True and False are, but name nothing.
    number = None if isinstance(spec, bool) else _number(spec)
    if number is not None:
        return _by_number(number)
    # The value itself is not shown: nothing is known of what its repr does.
    raise target_errors.of_another_kind(f"received a {type(spec).__name__} as target")


def _by_text(spec: str) -> Target:
    text = spec.strip()
    # Quotes come along when a name is copied out of an arch.json.
    bare = text.strip("\"'")
    if not bare:
        raise target_errors.of_another_kind("received an empty text as target")
    target = _by_name_or_fingerprint(bare)
    if target is None and not os.path.isfile(text):
        target = _by_board(bare)
    if target is not None:
        return target
    if _looks_like_path(text):
        return _by_file(text)
    raise target_errors.unknown_name(bare)


def _by_board(text: str) -> Optional[Target]:
    """Returns the one target that a board boots, in the build that its name stands for."""
    found = boards.targets_of(text)
    names = list(dict.fromkeys(target.name for target in found))
    if len(names) > 1:
        raise target_errors.several_on_board(text, found)
    return _names().get(names[0].lower(), found[0]) if names else None


def _by_name_or_fingerprint(text: str) -> Optional[Target]:
    target = _names().get(text.lower())
    if target is not None:
        return target
    if looks_like_fingerprint(text):
        return _by_fingerprint_text(text)
    derived = _DERIVED.match(text)
    if derived is not None:
        target = _by_fingerprint(parse(derived.group(1)))
        if target.name.lower() != text.lower():
            raise target_errors.other_name(text, target)
        return target
    known = legacy_targets.by_name(text)
    if known is not None:
        return legacy_targets.target(known) or _refused(target_errors.known_name(known))
    return None


def _by_file(path: str) -> Target:
    found: List[Target] = []
    named = read_arch_json(path)
    for key, value in named.items():
        text = value.strip()
        try:
            # An arch.json cannot name another arch.json.
            target = _by_name_or_fingerprint(text)
            found.append(target or _refused(target_errors.unknown_name(text)))
        except TargetError as error:
            raise TargetError(f"arch.json {quoted(path, 200)}: {key}: {error}") from None
    if len({target.name for target in found}) > 1:
        raise TargetError(
            f"arch.json {quoted(path, 200)}: target says {found[0].name} but fingerprint is that "
            f"of {found[1].name}; valid is one of the "
            "two, or both for the same target."
        )
    # The fingerprint comes last and is the more exact: it tells release 2.5 from 3.x.
    return found[-1]


def _number(spec: object) -> Optional[int]:
    try:
        return operator.index(spec)  # type: ignore[arg-type]
    except Exception:  # __index__ may be anyone's code
        return None


def _by_number(number: int) -> Target:
    try:
        return _by_fingerprint(checked(number))
    except ValueError as error:
        # Shown as hexadecimal: Python refuses to write very large numbers as decimal.
        raise target_errors.no_fingerprint(clipped(hex(number), 60), error) from None


def _by_fingerprint_text(text: str) -> Target:
    try:
        fingerprint = parse(text)
    except ValueError as error:
        raise target_errors.no_fingerprint(quoted(text), error, text) from None
    return _by_fingerprint(fingerprint)


def _by_fingerprint(fingerprint: Fingerprint) -> Target:
    for target in registry.targets():
        if target.fingerprint == fingerprint.value:
            return target
    known = legacy_targets.by_fingerprint(fingerprint)
    try:
        derived = legacy_targets.target(known) if known else decode_target.target(fingerprint)
    except TargetError as error:
        raise target_errors.impossible(fingerprint, error) from None
    if derived is not None:
        return derived
    raise target_errors.known_name(known) if known else target_errors.unread(fingerprint)


def _refused(error: TargetError) -> Target:
    raise error


def _looks_like_path(text: str) -> bool:
    separators = [mark for mark in (os.sep, os.altsep, "/") if mark]
    if text.lower().endswith(".json") or any(mark in text for mark in separators):
        return True
    return os.path.exists(text)


def _path(spec: "os.PathLike[str]") -> str:
    try:
        return os.fsdecode(spec)
    except Exception:  # __fspath__ may be anyone's code
        raise target_errors.of_another_kind(
            f"received a {type(spec).__name__} that yields no path"
        ) from None


def _names() -> Dict[str, Target]:
    """Returns the targets by name in small letters; among equal names the first, that of 2.5."""
    by_name: Dict[str, Target] = {}
    for target in registry.targets():
        by_name.setdefault(target.name.lower(), target)
    return by_name
