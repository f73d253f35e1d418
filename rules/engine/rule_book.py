"""The rule book of a family, and the page of one constraint, from the constraints themselves."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple, Union

from vai_inspect.core.errors import RuleError, did_you_mean
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import builtin_rules
from vai_inspect.rules.engine.constraint import Constraint, figure_of
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.note import Remark
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.targets.lookup import lookup

_STAGES = {
    "op": "op rule: attributes and shapes of the operator alone",
    "fusion": "fusion rule: the operator and the one before it",
    "context": "context rule: where its neighbours run",
}


def all_constraints(family: Family) -> Tuple[Constraint, ...]:
    """Returns the family's constraints, those that hold for every family first."""
    return (*builtin_rules.CONSTRAINTS, *family.constraints)


def markdown(family: Family, targets: Sequence[Target]) -> str:
    """Returns the rule book of a family as Markdown, with the limits of these targets.

    Args:
        family: the family.
        targets: its targets; a limit on which they differ is given for each.
    """
    lines = [
        "# {}: the rule book".format(family.dpu),
        "",
        "<!-- Generated from the constraints by `vai-inspect rules {} --markdown`; "
        "do not edit. -->".format(family.name),
        "",
        "{}. Product guide {}.".format(family.title, family.guide),
        "",
        "Targets: {}.".format(", ".join(dict.fromkeys(target.name for target in targets))),
        "",
    ]
    if not family.written:
        lines += ["The rules of this family are not written yet: every operator is unknown.", ""]
    for group, rules in _groups(family).items():
        lines += ["## {}".format(group), ""]
        for rule in rules:
            lines += _section(family, rule, targets)
    if family.rewrites:
        lines += ["## What the compiler rewrites before it decides", ""]
        for rewrite in family.rewrites:
            lines.append(
                "- `{}.{}` ({}): {}. *{}*: {}.".format(
                    family.name,
                    rewrite.id,
                    ", ".join(rewrite.kinds),
                    rewrite.sentence,
                    rewrite.evidence.value,
                    rewrite.source,
                )
            )
        lines.append("")
    if family.remarks:
        lines += ["## What the user is told besides", ""]
        for remark in family.remarks:
            lines.append(
                "- `{}.{}`: {}. *{}*: {}.".format(
                    family.name, remark.id, remark.sentence, remark.evidence.value, remark.source
                )
            )
        lines.append("")
    return "\n".join(lines)


def table(family: Family, targets: Sequence[Target]) -> List[Tuple[str, str, str, str]]:
    """Returns (id, kinds, sentence, evidence) of each constraint, for a console's table."""
    return [
        (
            rule.id_in(family.name),
            ", ".join(rule.kinds) or "every operator",
            rule.sentence_for(*targets),
            rule.founding_in(family.name).evidence.value,
        )
        for rule in all_constraints(family)
    ]


def explain(family: Family, constraint_id: str, targets: Sequence[Target]) -> str:
    """Returns the page of one constraint, rewrite or remark as plain text.

    Args:
        family: the family that the id names.
        constraint_id: the whole id, `czdx8g.conv.kernel`.
        targets: the family's targets.

    Raises:
        RuleError: the family has no constraint, rewrite or remark of this id.
    """
    by_id = {rule.id_in(family.name): rule for rule in all_constraints(family)}
    others = {"{}.{}".format(family.name, one.id): one for one in _deciding_nothing(family)}
    if constraint_id in others:
        return _page(constraint_id, others[constraint_id])
    rule = by_id.get(constraint_id)
    if rule is None:
        raise RuleError(
            "There is no constraint {!r}.{} `vai-inspect rules {}` lists them all.".format(
                constraint_id, did_you_mean(constraint_id, (*by_id, *others)), family.name
            )
        )
    founding = rule.founding_in(family.name)
    lines = [
        constraint_id,
        "",
        rule.sentence_for(*targets),
    ]
    if rule.notes:
        lines += ["", rule.notes_for(*targets)]
    lines += [
        "",
        "operators:      {}".format(", ".join(rule.kinds) or "every operator"),
        "kind of rule:   {}".format(_STAGES[rule.stage.value]),
        "evidence:       {} ({})".format(founding.evidence.value, founding.evidence.meaning),
        "source:         {}".format(founding.source),
    ]
    if rule.limits:
        by_figures: Dict[str, List[str]] = {}
        for target in targets:
            found = ((name, figure_of(of, target)) for name, of in rule.limits.items())
            figures = [
                "{} = {}".format(name, figure) for name, figure in found if figure is not None
            ]
            by_figures.setdefault(", ".join(figures), []).append(target.name)
        for text, names in by_figures.items():
            on = "every target" if len(by_figures) == 1 else ", ".join(dict.fromkeys(names))
            lines.append("limits:         {}: {}".format(on, text or "none"))
    if rule.cure:
        lines.append("what to change: {}".format(rule.cure))
    for title, texts in _examples(family, rule):
        lines += ["{:<15} {}".format(title + ":", text) for text in texts]
    return "\n".join(lines)


def _deciding_nothing(family: Family) -> Tuple[Union[Rewrite, Remark], ...]:
    return (*family.rewrites, *family.remarks)


def _page(name: str, one: Union[Rewrite, Remark]) -> str:
    kind = "rewrite: what the compiler makes of an operator before it decides"
    if isinstance(one, Remark):
        kind = "remark: told to the user; it decides nothing"
    lines = [
        name,
        "",
        one.sentence,
        "",
        "operators:      {}".format(", ".join(one.kinds) or "every operator"),
        "kind of rule:   {}".format(kind),
        "evidence:       {} ({})".format(one.evidence.value, one.evidence.meaning),
        "source:         {}".format(one.source),
    ]
    return "\n".join(lines)


def _groups(family: Family) -> Dict[str, List[Constraint]]:
    groups: Dict[str, List[Constraint]] = {}
    for rule in all_constraints(family):
        groups.setdefault(rule.id.split(".")[0], []).append(rule)
    return groups


def _section(family: Family, rule: Constraint, targets: Sequence[Target]) -> List[str]:
    founding = rule.founding_in(family.name)
    lines = ["### `{}`".format(rule.id_in(family.name)), ""]
    lines += [rule.sentence_for(*targets), ""]
    if rule.notes:
        lines += [rule.notes_for(*targets), ""]
    lines.append("- operators: {}".format(", ".join(rule.kinds) or "every operator"))
    lines.append("- evidence: *{}* ({})".format(founding.evidence.value, founding.evidence.meaning))
    lines.append("- source: {}".format(founding.source))
    if rule.cure:
        lines.append("- what to change: {}".format(rule.cure))
    for title, texts in _examples(family, rule):
        if texts:
            lines.append("- {}: {}".format(title, "; ".join(texts)))
    lines.append("")
    return lines


def _examples(family: Family, rule: Constraint) -> List[Tuple[str, List[str]]]:
    """Returns the texts of the examples that pass and that fail.

    One that is not made for all of the family's example targets tells for which it is.
    """
    targets = [lookup(name) for name in family.example_targets]
    sides: List[Tuple[str, List[str]]] = []
    for title, examples_of in (("passes", rule.passing), ("fails", rule.failing)):
        on: Dict[str, List[str]] = {}
        for target in targets:
            for example in examples_of(target):
                on.setdefault(example.text, []).append(target.name.split("_", 2)[-1])
        texts = [
            text if len(names) == len(targets) else "{} ({})".format(text, ", ".join(names))
            for text, names in on.items()
        ]
        sides.append((title, texts))
    return sides
