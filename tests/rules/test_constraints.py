"""Every constraint of every family proves itself on the examples that it declares."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import FrozenSet

import pytest

from vai_inspect.core.ir import OPS, Graph, verify
from vai_inspect.core.message import render
from vai_inspect.core.target import Limit, PoolEngine, WindowLimit
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.engine.example import with_batch
from vai_inspect.rules.targets.lookup import lookup

WRITTEN = [family for family in registry.families() if family.written]
CONSTRAINTS = [(family, rule) for family in WRITTEN for rule in family.constraints]


def name(family, rule):
    return "{}.{}".format(family.name, rule.id)


def bare(target):
    """Returns builds of a target with fewer engines, as unregistered fingerprints may name them.

    The constraints of a missing engine must hold there, too.
    """
    eltwise = target.eltwise and dataclasses.replace(target.eltwise, elew_type=("add",))
    nothing = dataclasses.replace(target, alu=None, dwconv=None, pool=None, eltwise=eltwise)
    window = WindowLimit(Limit.parse("2-8"), Limit.parse("1-8"))
    pool = PoolEngine(8, 4, ("max", "avg"), (), (), (), window, window)
    return nothing, dataclasses.replace(nothing, pool=pool)


def examples(family, rule):
    """Yields (target, example, whether it fails) for each example target of the family."""
    targets = list(map(lookup, family.example_targets))
    for target in targets:
        for example in rule.passing(target):
            yield target, example, False
    failing = [(target, example) for target in targets for example in rule.failing(target)]
    if not failing:
        failing = [(less, example) for less in bare(targets[0]) for example in rule.failing(less)]
    for target, example in failing:
        yield target, example, True


EXAMPLES = [
    (family, rule, target, example, fails)
    for family, rule in CONSTRAINTS
    for target, example, fails in examples(family, rule)
]


def label(case):
    family, rule, target, example, _ = case
    return "{} on {}: {}".format(name(family, rule), target.name.split("_", 1)[-1], example.text)


def found_by(family, target, example):
    graph = verify(with_batch(example.graph(), family.batch))
    found = evaluate(family, target, graph)
    assert found.warnings == ()
    return found.placement.findings.get(example.op, ())


@pytest.mark.parametrize(
    ("family", "rule", "target", "example", "fails"), EXAMPLES, ids=[label(one) for one in EXAMPLES]
)
def test_example(family, rule, target, example, fails):
    findings = found_by(family, target, example)
    mine = [finding for finding in findings if finding.constraint == name(family, rule)]
    if not fails:
        assert findings == ()
        return
    assert mine
    for finding in mine:
        assert finding.message
        assert finding.message == " ".join(finding.message.split())
        assert finding.message == render(finding.template, dict(finding.arguments))
        assert finding.source
        assert finding.evidence in type(finding.evidence)
        for remedy in finding.remedies:
            assert remedy.text == render(remedy.template, dict(remedy.arguments))
            assert remedy.rewrite is None or remedy.effect is not None


@pytest.mark.parametrize("family", WRITTEN, ids=[family.name for family in WRITTEN])
def test_what_distinguishes_operators_is_an_argument_and_no_part_of_a_template(family):
    """Templates name no operator and no target; each is one sentence for whatever it is said of."""
    target = lookup(family.example_targets[0])
    messages = []
    for rule in family.constraints:
        for example in rule.failing(target):
            graph = with_batch(example.graph(), family.batch)
            found = evaluate(family, target, renamed(graph)).placement.findings
            for finding in (one for each in found.values() for one in each):
                messages.append(finding.message)
                for text in (finding.template, *(one.template for one in finding.remedies)):
                    assert MARK not in text
                    assert target.name not in text
    assert any(MARK in message for message in messages)


MARK = "no_word_of_a_sentence"


def renamed(graph):
    """Returns the graph with names that no template has by chance."""

    def new(name):
        return f"{MARK} {name}"

    return Graph(
        graph.name,
        [
            dataclasses.replace(
                op,
                name=new(op.name),
                inputs=tuple(dataclasses.replace(value, op=new(value.op)) for value in op.inputs),
            )
            for op in graph
        ],
    )


@pytest.mark.parametrize(("family", "rule"), CONSTRAINTS, ids=[name(*one) for one in CONSTRAINTS])
def test_constraint_is_complete(family, rule):
    """It has a sentence whose figures the targets fill, and examples on both sides."""
    sentence = rule.sentence_for(*registry.targets(family.name))
    assert sentence
    assert "{" not in sentence
    assert "None" not in sentence
    assert "None" not in rule.notes_for(*registry.targets(family.name))
    assert rule.kinds
    assert rule.provenance.source
    shown = {fails for _, _, fails in examples(family, rule)}
    assert (False in shown) is not rule.always
    assert True in shown


def test_ids_are_unique():
    ids = [name(*one) for one in CONSTRAINTS]
    assert len(ids) == len(set(ids))


DECIDED_OTHERWISE = {"data", "const", "return", "identity"}
NEW: FrozenSet[str] = frozenset()
"""Kinds that no rule speaks of yet; each is unknown on every DPU until one does."""


def test_every_kind_of_the_vocabulary_has_an_answer():
    """No float operator of the vocabulary is left to chance by a written family."""
    for family in WRITTEN:
        spoken = {kind for rule in family.constraints for kind in rule.kinds} | family.takes
        silent = {kind for kind in OPS if kind not in spoken}
        assert silent == DECIDED_OTHERWISE | NEW


A_NEW_KIND = """
from vai_inspect.core.ir import OPS, Trait, verify
from vai_inspect.core.ir.ops.definition import define

OPS["made-up"] = define("made-up", traits={Trait.ELEMENTWISE, Trait.SAME_SHAPE})

from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.engine.example import with_batch
from vai_inspect.rules.shared.examples import after_conv
from vai_inspect.rules.targets.lookup import lookup

example = after_conv("after a convolution", "made-up")
for family in registry.families():
    graph = verify(with_batch(example.graph(), family.batch))
    found = evaluate(family, lookup(family.example_targets[0]), graph).placement.findings["op"]
    print(*((finding.constraint, finding.verdict.value) for finding in found))
"""


def test_a_kind_that_no_rule_names_is_unknown_on_every_dpu():
    command = [sys.executable, "-c", A_NEW_KIND]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wanted = [str((family.name + ".op.unknown", "unknown")) for family in WRITTEN]
    assert done.stdout.splitlines() == wanted
