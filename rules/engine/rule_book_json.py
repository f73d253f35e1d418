"""The rule book of a family as plain data, for `rules --json` and `explain --json`."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from vai_inspect.core.findings import what_to_change
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import rule_book
from vai_inspect.rules.engine.constraint import Constraint, figure_of
from vai_inspect.rules.engine.family import Family


def family(family: Family, targets: Sequence[Target]) -> Dict[str, Any]:
    """Returns the rule book of a family.

    Args:
        family: the family.
        targets: the targets whose limits are reported.
    """
    return {
        "family": family.name,
        "dpu": family.dpu,
        "title": family.title,
        "guide": family.guide,
        "targets": list(dict.fromkeys(target.name for target in targets)),
        "constraints": [
            _constraint(family, one, targets) for one in rule_book.all_constraints(family)
        ],
        "rewrites": [_other(family, one, "rewrite") for one in family.rewrites],
        "notes": [_other(family, one, "note") for one in family.notes],
    }


def one(family: Family, id: str, targets: Sequence[Target]) -> Dict[str, Any]:
    """Returns one constraint, rewrite or note.

    Args:
        family: the family that the id names.
        id: the full id, `czdx8g.conv.kernel`.
        targets: the family's targets.

    Raises:
        RuleError: the family has nothing of this id.
    """
    for rule in rule_book.all_constraints(family):
        if id in (rule.id_in(family.name), *(f"{family.name}.{one}" for one in rule.aliases)):
            return _constraint(family, rule, targets)
    for kind, group in (("rewrite", family.rewrites), ("note", family.notes)):
        for other in group:  # type: Any
            if f"{family.name}.{other.id}" == id:
                return _other(family, other, kind)
    rule_book.explain(family, id, targets)  # says what there is
    raise AssertionError(id)


def _constraint(family: Family, rule: Constraint, targets: Sequence[Target]) -> Dict[str, Any]:
    return {
        "id": rule.id_in(family.name),
        "kind": "constraint",
        "sentence": rule.sentence_for(*targets),
        "notes": rule.notes_for(*targets) if rule.notes else None,
        "operators": list(rule.kinds),
        "stage": rule.stage.value,
        "evidence": rule.provenance.evidence.value,
        "source": rule.provenance.source,
        "limits": _limits(rule, targets),
        "what_to_change": what_to_change(rule.remedies),
        "since": rule.since,
        "formerly": [f"{family.name}.{one}" for one in rule.aliases],
    }


def _limits(rule: Constraint, targets: Sequence[Target]) -> List[Dict[str, Any]]:
    """Returns the limits, and on which targets they are these; none where there is no figure."""
    found: List[Dict[str, Any]] = []
    for target in targets:
        figures = {name: figure_of(of, target) for name, of in rule.limits.items()}
        limits = {
            name: figure if isinstance(figure, int) else str(figure)
            for name, figure in figures.items()
            if figure is not None
        }
        alike = next((one for one in found if one["limits"] == limits), None)
        if alike is None:
            found.append({"targets": [target.name], "limits": limits})
        elif target.name not in alike["targets"]:
            alike["targets"].append(target.name)
    return found if rule.limits else []


def _other(family: Family, one: Any, kind: str) -> Dict[str, Any]:
    return {
        "id": f"{family.name}.{one.id}",
        "kind": kind,
        "sentence": one.sentence,
        "operators": list(one.kinds),
        "evidence": one.evidence.value,
        "source": one.source,
    }
