"""Every constraint of every family proves itself on the examples that it declares."""

from __future__ import annotations

import pytest

from vai_inspect.core.ir import verify
from vai_inspect.core.partition import place
from vai_inspect.rules import registry
from vai_inspect.rules.judge import Judge
from vai_inspect.rules.lookup import lookup

WRITTEN = [family for family in registry.families() if family.written]
CONSTRAINTS = [(family, rule) for family in WRITTEN for rule in family.constraints]
EXAMPLES = [
    (family, rule, example, fails)
    for family, rule in CONSTRAINTS
    for fails, examples in ((False, rule.passes), (True, rule.fails))
    for example in examples
]


def name(family, rule):
    return "{}.{}".format(family.name, rule.id)


def judged(family, example):
    target = lookup(example.target or family.example_target)
    graph = verify(example.graph())
    judge = Judge(family, target, graph)
    placement = place(graph, judge.own_findings(), judge.context_findings)
    assert judge.warnings == []
    return placement.findings.get(example.op, ())


@pytest.mark.parametrize(
    ("family", "rule", "example", "fails"),
    EXAMPLES,
    ids=["{}: {}".format(name(one[0], one[1]), one[2].text) for one in EXAMPLES],
)
def test_example(family, rule, example, fails):
    findings = judged(family, example)
    mine = [finding for finding in findings if finding.constraint == name(family, rule)]
    if not fails:
        assert findings == ()
        return
    assert mine
    for finding in mine:
        assert finding.message
        assert finding.message == " ".join(finding.message.split())
        assert finding.source
        assert finding.evidence in type(finding.evidence)


@pytest.mark.parametrize(("family", "rule"), CONSTRAINTS, ids=[name(*one) for one in CONSTRAINTS])
def test_constraint_is_whole(family, rule):
    """It has a sentence whose figures the targets fill, and an example on the wrong side."""
    sentence = rule.sentence_for(*registry.targets(family.name))
    assert sentence
    assert "{" not in sentence
    assert "None" not in sentence
    assert rule.kinds
    assert rule.source
    can_fail_here = rule.id != "eltwise.type"  # every target of the family runs both kinds
    assert bool(rule.fails) is can_fail_here


def test_ids_are_unique():
    ids = [name(*one) for one in CONSTRAINTS]
    assert len(ids) == len(set(ids))


def test_every_kind_of_the_vocabulary_has_an_answer():
    """No float operator of the vocabulary is left to chance by a written family."""
    from vai_inspect.core.ir import KINDS

    for family in WRITTEN:
        spoken = {kind for rule in family.constraints for kind in rule.kinds} | family.takes
        silent = {kind for kind in KINDS if kind not in spoken and "fix" not in kind}
        assert silent == {"data", "const", "return", "identity", "unknown"}
