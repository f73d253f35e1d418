"""The rule book of a family, and the page of one rule, from the constraints themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

from vai_inspect.core.errors import RuleError, did_you_mean
from vai_inspect.core.findings import Remedy, what_to_change
from vai_inspect.core.target import Target
from vai_inspect.rules.engine import builtin_rules
from vai_inspect.rules.engine.constraint import Constraint, figure_of
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.engine.example import with_batch
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.engine.note import Note
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.targets.lookup import lookup

MOST_REMEDIES = 3
"""Remedies of examples that a page lists."""

_STAGES = {
    "op": "op rule: attributes and shapes of the operator alone",
    "fusion": "fusion rule: the operator and the one before it",
    "context": "context rule: where its neighbours run",
}


def all_constraints(family: Family) -> Tuple[Constraint, ...]:
    """Returns the family's constraints, those that apply to every family first."""
    return (*builtin_rules.CONSTRAINTS, *family.constraints)


def markdown(family: Family, targets: Sequence[Target]) -> str:
    """Returns the rule book of a family as Markdown, with the limits of these targets.

    Args:
        family: the family.
        targets: its targets; a limit on which they differ is given for each.
    """
    lines = [
        f"# {family.dpu}: the rule book",
        "",
        f"<!-- Generated from the constraints by `vai-inspect rules {family.name} --markdown`; "
        "do not edit. -->",
        "",
        f"{family.title}. Product guide {family.guide}.",
        "",
        f"Targets: {', '.join(dict.fromkeys(target.name for target in targets))}.",
        "",
    ]
    if not family.written:
        lines += ["The rules of this family are not written yet: every operator is unknown.", ""]
    for group, rules in _groups(family).items():
        lines += [f"## {group}", ""]
        for rule in rules:
            lines += _section(family, rule, targets)
    lines += _listed(
        "What the compiler rewrites before it places operators", family.rewrites, family
    )
    lines += _listed("Notes on operators", family.notes, family)
    return "\n".join(lines)


def table(family: Family, targets: Sequence[Target]) -> List[Tuple[str, str, str, str]]:
    """Returns (id, kinds, sentence, evidence) of each constraint, for a console's table."""
    return [
        (
            rule.id_in(family.name),
            ", ".join(rule.kinds) or "every operator",
            rule.sentence_for(*targets),
            rule.provenance.evidence.value,
        )
        for rule in all_constraints(family)
    ]


def explain(family: Family, constraint_id: str, targets: Sequence[Target]) -> str:
    """Returns the page of one constraint, rewrite or note as plain text.

    Args:
        family: the family that the id names.
        constraint_id: the full id, `czdx8g.conv.kernel`, or one that an earlier release had.
        targets: the family's targets.

    Raises:
        RuleError: the family has no constraint, rewrite or note of this id.
    """
    by_id = {rule.id_in(family.name): rule for rule in all_constraints(family)}
    parts: Tuple[Union[Rewrite, Note], ...] = (*family.rewrites, *family.notes)
    others = {f"{family.name}.{one.id}": one for one in parts}
    if constraint_id in others:
        return _page_of_other(constraint_id, others[constraint_id])
    rule = by_id.get(constraint_id) or renamed(family, constraint_id)
    if rule is None:
        raise RuleError(
            f"There is no constraint {constraint_id!r}."
            f"{did_you_mean(constraint_id, (*by_id, *others))} `vai-inspect rules {family.name}` "
            "lists them all."
        )
    return "\n".join(_page(family, rule, targets))


def renamed(family: Family, constraint_id: str) -> Optional[Constraint]:
    """Returns the constraint that had an id in an earlier release and has another now.

    Args:
        family: the family that the id names.
        constraint_id: the full id.
    """
    for rule in all_constraints(family):
        if constraint_id in [f"{family.name}.{alias}" for alias in rule.aliases]:
            return rule
    return None


def _page(family: Family, rule: Constraint, targets: Sequence[Target]) -> Iterator[str]:
    yield from (rule.id_in(family.name), "", rule.sentence_for(*targets))
    if rule.notes:
        yield from ("", rule.notes_for(*targets))
    evidence = rule.provenance.evidence
    yield ""
    yield f"operators:      {', '.join(rule.kinds) or 'every operator'}"
    yield f"kind of rule:   {_STAGES[rule.stage.value]}"
    yield f"evidence:       {evidence.value} ({evidence.meaning})"
    yield f"source:         {rule.provenance.source}"
    yield f"since:          {since(rule)}"
    for text, names in _limits(rule, targets).items():
        yield f"limits:         {names}: {text}"
    change = _what_to_change(family, rule)
    if change:
        yield f"what to change: {change}"
    for title, texts in _examples(family, rule):
        yield from (f"{title + ':':<15} {text}" for text in texts)


def _what_to_change(family: Family, rule: Constraint) -> Optional[str]:
    """Returns a rule's remedies; where they depend on the operator, some of its examples."""
    if rule.remedies:
        return what_to_change(rule.remedies)
    found: Dict[str, Remedy] = {}
    for target in map(lookup, family.example_targets):
        for example in rule.failing(target):
            graph = with_batch(example.graph(), family.batch)
            findings = evaluate(family, target, graph).placement.findings.get(example.op, ())
            for finding in findings:
                for remedy in (
                    finding.remedies if finding.constraint == rule.id_in(family.name) else ()
                ):
                    known = found.setdefault(remedy.template, remedy)
                    if known.effect is not remedy.effect:
                        found[remedy.template] = replace(known, effect=None)
    text = what_to_change(list(found.values())[:MOST_REMEDIES])
    return f"for instance {text}" if text else None


def since(rule: Constraint) -> str:
    """Returns the release that has a rule first, and the ids that it had before."""
    former = "".join(f"; formerly {alias}" for alias in rule.aliases)
    return f"{rule.since}{former}"


def _limits(rule: Constraint, targets: Sequence[Target]) -> Dict[str, str]:
    """Returns the figures of a rule as text, and the names of the targets that have them."""
    if not rule.limits:
        return {}
    by_figures: Dict[str, List[str]] = {}
    for target in targets:
        found = ((name, figure_of(of, target)) for name, of in rule.limits.items())
        figures = [f"{name} = {figure}" for name, figure in found if figure is not None]
        by_figures.setdefault(", ".join(figures), []).append(target.name)
    every = len(by_figures) == 1
    return {
        text or "none": "every target" if every else ", ".join(dict.fromkeys(names))
        for text, names in by_figures.items()
    }


def _page_of_other(name: str, one: Union[Rewrite, Note]) -> str:
    kind = "rewrite: what the compiler makes of an operator before it places it"
    if isinstance(one, Note):
        kind = "note: for the user to know; it decides nothing"
    return "\n".join(
        [
            name,
            "",
            one.sentence,
            "",
            f"operators:      {', '.join(one.kinds) or 'every operator'}",
            f"kind of rule:   {kind}",
            f"evidence:       {one.evidence.value} ({one.evidence.meaning})",
            f"source:         {one.source}",
        ]
    )


def _groups(family: Family) -> Dict[str, List[Constraint]]:
    groups: Dict[str, List[Constraint]] = {}
    for rule in all_constraints(family):
        groups.setdefault(rule.id.split(".")[0], []).append(rule)
    return groups


def _section(family: Family, rule: Constraint, targets: Sequence[Target]) -> Iterator[str]:
    yield from (f"### `{rule.id_in(family.name)}`", "", rule.sentence_for(*targets), "")
    if rule.notes:
        yield from (rule.notes_for(*targets), "")
    evidence = rule.provenance.evidence
    yield f"- operators: {', '.join(rule.kinds) or 'every operator'}"
    yield f"- evidence: *{evidence.value}* ({evidence.meaning})"
    yield f"- source: {rule.provenance.source}"
    yield f"- since: {since(rule)}"
    change = _what_to_change(family, rule)
    if change:
        yield f"- what to change: {change}"
    for title, texts in _examples(family, rule):
        if texts:
            yield f"- {title}: {'; '.join(texts)}"
    yield ""


def _listed(title: str, parts: Sequence[Union[Rewrite, Note]], family: Family) -> Iterator[str]:
    """Yields a chapter with a line for each rewrite or note; nothing where there are none."""
    if not parts:
        return
    yield from (f"## {title}", "")
    for one in parts:
        kinds = f" ({', '.join(one.kinds)})" if isinstance(one, Rewrite) else ""
        yield (
            f"- `{family.name}.{one.id}`{kinds}: {one.sentence}. *{one.evidence.value}*: "
            f"{one.source}."
        )
    yield ""


def _examples(family: Family, rule: Constraint) -> List[Tuple[str, List[str]]]:
    """Returns the texts of the examples that pass and that fail.

    One that is not made for all of the family's example targets says for which it is.
    """
    targets = [lookup(name) for name in family.example_targets]
    sides: List[Tuple[str, List[str]]] = []
    for title, examples_of in (("passes", rule.passing), ("fails", rule.failing)):
        on: Dict[str, List[str]] = {}
        for target in targets:
            for example in examples_of(target):
                on.setdefault(example.text, []).append(target.name.split("_", 2)[-1])
        texts = [
            text if len(names) == len(targets) else f"{text} ({', '.join(names)})"
            for text, names in on.items()
        ]
        sides.append((title, texts))
    return sides
