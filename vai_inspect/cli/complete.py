"""What a shell completes: targets, boards, families and constraints by their first letters."""

from __future__ import annotations

from typing import Iterable, List


def targets(incomplete: str) -> List[str]:
    """Returns the targets and boards that a text may be the beginning of.

    Args:
        incomplete: what is typed so far, in any case.
    """
    from vai_inspect.rules.targets.boards import every_target

    every = every_target()
    boards = sorted({board for target in every for board in target.boards})
    return _beginning(incomplete, [*(target.name for target in every), *boards])


def families(incomplete: str) -> List[str]:
    """Returns the families that a text may be the beginning of.

    Args:
        incomplete: what is typed so far, in any case.
    """
    from vai_inspect.rules.engine import registry

    found = registry.families()
    return _beginning(incomplete, [*(one.name for one in found), *(one.dpu for one in found)])


def families_and_targets(incomplete: str) -> List[str]:
    """Returns the families, targets and boards that a text may be the beginning of.

    Args:
        incomplete: what is typed so far, in any case.
    """
    return list(dict.fromkeys([*families(incomplete), *targets(incomplete)]))


def constraints(incomplete: str) -> List[str]:
    """Returns the ids of constraints that a text may be the beginning of.

    Args:
        incomplete: what is typed so far.
    """
    from vai_inspect.rules.engine import registry, rule_book

    families = registry.families()
    near = [one for one in families if incomplete.lower().startswith(one.name + ".")]
    return _beginning(
        incomplete,
        [
            rule.id_in(one.name)
            for one in near or families
            for rule in rule_book.all_constraints(one)
        ],
    )


def _beginning(incomplete: str, names: Iterable[str]) -> List[str]:
    typed = incomplete.lower()
    return [name for name in dict.fromkeys(names) if name.lower().startswith(typed)]
