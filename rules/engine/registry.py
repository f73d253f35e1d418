"""The families of DPU targets that are installed, found through the entry points.

The eight in the tree register as a third party's would: an entry point of the group
`vai_inspect.rules` that names a `Family`, whose package holds a targets.yaml. One that does not
work is named in `warnings()` and left out; it never stops the others.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Dict, List, Set, Tuple

from vai_inspect.core.errors import RuleError, did_you_mean, quoted
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import plugin_validation
from vai_inspect.rules.engine.entry_points import GROUP
from vai_inspect.rules.engine.entry_points import entry_points as _entry_points
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.guard import GUARDED, format_error, message_of
from vai_inspect.rules.targets.yaml_file import load_targets

_ORDER = ("czdx8g", "cvdx8g", "cv2dx8g", "cvdx8h", "cahx8h", "cahx8l", "cadf8h", "czdi4g")


@dataclass(frozen=True)
class Registry:
    """Every family that works, its targets, and what is wrong with the others.

    Attributes:
        families: the eight in the tree in their own order, then others by name.
        targets: the targets by family's name, in the order of its file.
        warnings: one text for each entry point that was left out.
    """

    families: Tuple[Family, ...]
    targets: Dict[str, Tuple[Target, ...]]
    warnings: Tuple[str, ...]


def families() -> Tuple[Family, ...]:
    """Returns the families, those of the tree first."""
    return registry().families


def family(name: str) -> Family:
    """Returns the family of a name (`czdx8g`) or of a DPU's type (`DPUCZDX8G`), in any case.

    Raises:
        RuleError: there is none.
    """
    return _named(name)


def targets(family: "Family | str | None" = None) -> Tuple[Target, ...]:
    """Returns the targets of one family, or of all; among equal names that of release 2.5 first.

    Raises:
        RuleError: there is no such family.
    """
    found = registry()
    if family is None:
        return tuple(target for each in found.families for target in found.targets[each.name])
    return found.targets.get((family if isinstance(family, Family) else _named(family)).name, ())


def warnings() -> Tuple[str, ...]:
    """Returns what is wrong with installed families that were left out."""
    return registry().warnings


@functools.lru_cache(maxsize=None)
def registry() -> Registry:
    """Returns what is installed; looked up once in a process."""
    kept: List[Family] = []
    by_name: Dict[str, Tuple[Target, ...]] = {}
    warned: List[str] = []
    taken: Set[object] = set()
    for point in sorted(_entry_points(), key=_order):
        label = f"rules plug-in {point.name} ({point.value})"
        try:
            loaded = plugin_validation.family(point.load())
            if loaded.name in by_name:
                raise RuleError(f"its name {loaded.name!r} is taken by another family")
            read = load_targets(loaded.package, loaded.name)
        except GUARDED as error:
            reason = message_of(error) if isinstance(error, RuleError) else format_error(error)
            warned.append(f"{label} is left out: {reason}")
            continue
        read, others = _unclaimed(read, taken)
        if others:
            warned.append(
                f"of {label} these targets are left out, as other families have their names or "
                f"fingerprints: {', '.join(others)}"
            )
        for target in read:
            taken.update(_identity(target))
        kept.append(loaded)
        by_name[loaded.name] = tuple(sorted(read, key=_release_order(read)))
    return Registry(tuple(kept), by_name, tuple(warned))


def _named(name: str) -> Family:
    folded = str(name).strip().lower()
    for found in families():
        if folded in (found.name.lower(), found.dpu.lower()):
            return found
    valid = ", ".join(f"{found.name} ({found.dpu})" for found in families()) or "none"
    names = [text for found in families() for text in (found.name, found.dpu)]
    left_out = "".join(f" The {text}." for text in warnings())
    raise RuleError(
        f"unknown family {quoted(name)}: valid are {valid}.{did_you_mean(folded, names)}{left_out}"
    )


def _unclaimed(
    read: Tuple[Target, ...], taken: Set[object]
) -> Tuple[Tuple[Target, ...], Tuple[str, ...]]:
    """Returns a family's targets without those that other families have, and the latter's names.

    Args:
        read: the family's targets.
        taken: the names and fingerprints of all families before it.
    """
    kept = tuple(one for one in read if not _identity(one) & taken)
    names = dict.fromkeys(one.name for one in read if one not in kept)
    return kept, tuple(names)


def _identity(target: Target) -> Set[object]:
    """Returns what no two families' targets have in common: the name, the fingerprint if known."""
    known = () if target.fingerprint is None else (target.fingerprint,)
    return {target.name.lower(), *known}


def _release_order(read: Tuple[Target, ...]) -> Any:
    """Returns a sort key: the file's order of names; among equal names, release 2.5 first."""
    place: Dict[str, int] = {}
    for target in read:
        place.setdefault(target.name, len(place))
    return lambda target: (place[target.name], "2.5" not in target.releases)


def _order(point: Any) -> Tuple[bool, int, str, str]:
    # An entry point of the tree keeps its place against another of the same name.
    ours = point.value.startswith("vai_inspect.rules.") and point.name in _ORDER
    return (not ours, _ORDER.index(point.name) if ours else 0, point.name, point.value)


__all__ = ["GROUP", "Registry", "families", "family", "registry", "targets", "warnings"]
