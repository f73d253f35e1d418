"""Which targets boot on a board, by the vendor's images of it."""

from __future__ import annotations

from typing import Dict, List, Tuple

from vai_inspect.core.target import Target
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets import legacy_targets


def every_target() -> List[Target]:
    """Returns the registered targets, then those of historic names."""
    families = registry.families()
    old = (target for family in families for target in legacy_targets.targets(family.name))
    return [*registry.targets(), *old]


def booted(board: str) -> List[Tuple[str, List[Target]]]:
    """Returns what a board boots: a release and its targets, the newest release first.

    Args:
        board: the board's name in any case.
    """
    found: Dict[str, List[Target]] = {}
    for target in every_target():
        for use in target.board_uses:
            for release in use.releases if use.board.lower() == board.lower() else ():
                found.setdefault(release, []).append(target)
    return sorted(found.items(), key=lambda pair: _number(pair[0]), reverse=True)


def targets_of(board: str) -> List[Target]:
    """Returns what a board's name stands for: what the newest image of the board boots.

    Where no image is known, every target that the board is known from.

    Args:
        board: the board's name in any case.
    """
    for _, targets in booted(board):
        return targets
    return [
        target
        for target in every_target()
        if any(use.board.lower() == board.lower() for use in target.board_uses)
    ]


def _number(release: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
