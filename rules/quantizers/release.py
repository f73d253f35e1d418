"""Vitis AI releases: selects the flow and the build of a target."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.errors import ReleaseError, TargetError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup

RELEASES = ("2.5", "3.0", "3.5")
"""Releases whose quantisers are modelled."""
LATEST = "3.5"
"""The default flow."""


def checked_release(release: Any) -> Optional[str]:
    """Returns a release as text, or None if none is given.

    Raises:
        ReleaseError: the release is not one of `RELEASES`.
    """
    if release is None:
        return None
    text = str(release).strip()
    if text not in RELEASES:
        raise ReleaseError(
            "received the release {!r}; valid are {}, or none for the flow of {}.".format(
                release, ", ".join(RELEASES), LATEST
            )
        )
    return text


def target_in(spec: object, release: Optional[str]) -> Target:
    """Returns the target of a specification, in the build of a release if one is given.

    Args:
        spec: see `lookup`.
        release: None for the build that `lookup` returns (that of release 2.5 if a name has
            several). Only registered targets have builds by release; others are the same in
            every release.

    Raises:
        TargetError: `spec` names no target, or one that the release does not have.
        ReleaseError: the release is unknown.
    """
    wanted, target = checked_release(release), lookup(spec)
    if wanted is None or not target.releases or wanted in target.releases:
        return target
    builds = [one for one in registry.targets() if one.name == target.name]
    for one in builds:
        if wanted in one.releases and _is_name(spec, target):
            return one
    known = ", ".join(
        "{} ({})".format(one.fingerprint_text, ", ".join(one.releases))
        for one in builds or [target]
    )
    raise TargetError(
        f"{target.name} with fingerprint {target.fingerprint_text} is not in release {wanted}; "
        f"builds of this name by release: {known}; give the "
        "name or fingerprint of another target, or another release."
    )


def _is_name(spec: object, target: Target) -> bool:
    """Returns whether `spec` is a name; a fingerprint or an arch.json selects one build."""
    if not isinstance(spec, str):
        return False
    text = spec.strip().strip("\"'")
    return text.lower() == target.name.lower() or text.upper() in target.boards
