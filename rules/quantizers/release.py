"""Vitis AI releases: which flow is meant, and which build of a target."""

from __future__ import annotations

from typing import Any, Optional

from vai_inspect.core.errors import ReleaseError, TargetError
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup

RELEASES = ("2.5", "3.0", "3.5")
"""Releases whose quantisers are known."""
LATEST = "3.5"
"""The flow that is taken where none is named."""


def checked_release(release: Any) -> Optional[str]:
    """Returns a release as text; None where none is named.

    Raises:
        ReleaseError: it is none of `RELEASES`.
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
    """Returns the target that is meant, in a release's build where one is named.

    Args:
        spec: see `lookup`.
        release: None for the build that `lookup` returns, that of release 2.5 where a name has
            several. What release a build is of is known for registered targets alone: others are
            the same in each.

    Raises:
        TargetError: it names no target, or one that the release does not have.
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
    """Tells whether a target was named: a fingerprint or an arch.json means that build alone."""
    if not isinstance(spec, str):
        return False
    text = spec.strip().strip("\"'")
    return text.lower() == target.name.lower() or text.upper() in target.boards
