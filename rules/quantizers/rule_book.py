"""Renders the rule book of the quantisers and the page of one fact from the rules."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Tuple, Union

from vai_inspect.core.errors import RuleError, did_you_mean
from vai_inspect.core.findings import Remedy
from vai_inspect.rules.quantizers.check import FlowRules
from vai_inspect.rules.quantizers.facts import FACTS
from vai_inspect.rules.quantizers.obstacle import ConversionRule, ObstacleRule
from vai_inspect.rules.quantizers.onnx_facts import FACTS_OF_ONNX, REASON
from vai_inspect.rules.quantizers.release import RELEASES
from vai_inspect.rules.quantizers.sketch import Sketched

Rule = Union[ObstacleRule, ConversionRule]
ALL = "quantizers"
_TITLE = """\
# What the vendor's quantisers do with a model

<!-- Generated from the rules by `vai-inspect rules quantizers --markdown`; do not edit. -->

Before compilation, the vendor's quantiser may reject a model (`fails`), keep operators in float
(`float`: they run on the CPU), or write a file that computes another function without an error
(`changes`). Reports list these obstacles in the part `quantizer`, the JSON in
`quantizer.obstacles`; `--fail-on quantizer` exits with 1 if one fails or changes the function.
`--release 2.5|3.0|3.5` selects the flow. The default is the flow of 3.5 on the target's build of
release 2.5; the report names both.
"""


def flows_named(name: str) -> Tuple[FlowRules, ...]:
    """Returns the flows of a name: `quantizers` for all, a framework or a quantiser.

    Args:
        name: any text.
    """
    folded = name.lower()
    return tuple(
        flow for flow in FACTS.values() if folded in (ALL, flow.framework, flow.name.lower())
    )


def rules_of(flow: FlowRules) -> Tuple[ObstacleRule, ...]:
    """Returns the obstacle rules of a flow, fallback rules last."""
    return (*flow.obstacles, *flow.last)


def markdown(flows: Tuple[FlowRules, ...]) -> str:
    """Returns the rule book of flows as Markdown."""
    lines = [_TITLE]
    for flow in flows:
        lines += [f"## {flow.title}: {flow.name}", ""]
        for group, rules in _groups(flow).items():
            lines += ["### {}".format(group.replace("_", " ")), ""]
            for rule in rules:
                lines += _section(rule)
        lines += ["### Default replacements", ""]
        for one in flow.conversions:
            lines.append(f"- `{one.id}` ({_listed(one.releases)}): {one.sentence}")
        lines += ["", "### Before you quantise", "", "These are not visible in a model:", ""]
        lines += [f"- [ ] {text}" for text in flow.checklist]
        lines += ["", "### Facts that are not visible in a model", ""]
        lines += [f"- {fact}: {reason}." for fact, reason in flow.hidden]
        lines.append("")
    if len(flows) == len(FACTS):
        lines += ["## ONNX", "", REASON[:1].upper() + REASON[1:] + ". Known facts:", ""]
        lines += [f"- {fact}: {why}." for fact, why in FACTS_OF_ONNX]
        lines.append("")
    return "\n".join(lines)


def table(flow: FlowRules) -> List[Tuple[str, str, str]]:
    """Returns (id, sentence, outcomes) of each rule of a flow, for a console."""
    found = [(rule.id, rule.sentence, "; ".join(_outcomes(rule))) for rule in rules_of(flow)]
    return found + [(one.id, one.sentence, "converts") for one in flow.conversions]


def explain(rule_id: str) -> Optional[str]:
    """Returns the page of one fact as plain text, or None if the id has no quantiser's prefix.

    Args:
        rule_id: `torch.splits.chunk`.

    Raises:
        RuleError: the flow has no such fact.
    """
    flow = FACTS.get(rule_id.split(".")[0]) if "." in rule_id else None
    if flow is None:
        return None
    rules: Dict[str, Rule] = {one.id: one for one in rules_of(flow)}
    rules.update((one.id, one) for one in flow.conversions)
    rule = rules.get(rule_id)
    if rule is None:
        raise RuleError(
            f"There is no fact {rule_id!r} about {flow.name}.{did_you_mean(rule_id, rules)} "
            f"`vai-inspect rules {flow.framework}` lists them all."
        )
    lines = [rule_id, "", rule.sentence]
    if isinstance(rule, ObstacleRule):
        lines += ["", rule.notes] if rule.notes else []
        lines += ["", *_by_release(rule)]
        lines += [f"what to do: {_advice(rule.remedy)}"] if rule.remedy else []
    else:
        lines += ["", f"releases: {_listed(rule.releases)}"]
    lines += [f"source: {rule.source}"]
    for title, texts in _examples(rule):
        lines += [f"{title}: {text}" for text in texts]
    return "\n".join(lines)


def _advice(remedy: Remedy) -> str:
    effect = "" if remedy.effect is None else f" ({remedy.effect.advice})"
    return remedy.rendered({}).text + effect


def _groups(flow: FlowRules) -> Dict[str, List[ObstacleRule]]:
    groups: Dict[str, List[ObstacleRule]] = {}
    for rule in rules_of(flow):
        groups.setdefault(rule.id.split(".")[1], []).append(rule)
    return groups


def _section(rule: ObstacleRule) -> List[str]:
    lines = [f"#### `{rule.id}`", "", rule.sentence, ""]
    lines += [rule.notes, ""] if rule.notes else []
    lines += [f"- {line}" for line in _by_release(rule)]
    lines += [f"- what to do: {_advice(rule.remedy)}"] if rule.remedy else []
    lines += [f"- source: {rule.source}"]
    for title, texts in _examples(rule):
        lines += ["- {}: {}".format(title, "; ".join(texts))] if texts else []
    return [*lines, ""]


def _outcomes(rule: ObstacleRule) -> Iterator[str]:
    """Yields `2.5, 3.0: fails` for each outcome."""
    for outcome in dict.fromkeys(effect.outcome for effect in rule.effects.values()):
        releases = [name for name, effect in rule.effects.items() if effect.outcome is outcome]
        yield f"{_listed(tuple(releases))}: {outcome.value}"


def _by_release(rule: ObstacleRule) -> Iterator[str]:
    """Yields what happens in each release, those that are alike together."""
    for effect in dict.fromkeys(rule.effects.values()):
        releases = [name for name, one in rule.effects.items() if one == effect]
        code = f", {effect.code}" if effect.code else ""
        yield (
            f"{_listed(tuple(releases))}: {effect.outcome.value} ({effect.stage.value}{code}): "
            f"{effect.text}"
        )


def _listed(releases: Tuple[str, ...]) -> str:
    return ", ".join(sorted(releases, key=RELEASES.index))


def _examples(rule: Rule) -> Iterator[Tuple[str, List[str]]]:
    titles = ("passes", "fails")
    if isinstance(rule, ConversionRule):
        titles = ("stays", "converted")
    for title, examples in zip(titles, (rule.passes, rule.fails)):
        yield title, [_with_releases(one) for one in examples]


def _with_releases(one: Sketched) -> str:
    return one.text + (f" ({_listed(one.releases)})" if one.releases else "")
