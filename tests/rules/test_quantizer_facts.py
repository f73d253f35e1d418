"""Every fact about a quantiser proves itself on the examples that it declares."""

from __future__ import annotations

import time

import pytest

from vai_inspect.core.ir import verify
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.facts import FACTS
from vai_inspect.rules.quantizers.obstacle import ConversionRule
from vai_inspect.rules.quantizers.release import RELEASES
from vai_inspect.rules.quantizers.sketch import Sketch

RULES = [
    (flow, rule)
    for flow in FACTS.values()
    for rule in (*flow.obstacles, *flow.last, *flow.conversions)
]


def releases_of(rule):
    return rule.releases if isinstance(rule, ConversionRule) else tuple(rule.effects)


EXAMPLES = [
    (flow, rule, example, fails, release)
    for flow, rule in RULES
    for fails, examples in ((True, rule.fails), (False, rule.passes))
    for example in examples
    for release in (example.releases or releases_of(rule))
]


def label(case):
    _, rule, example, fails, release = case
    return "{}: {} {} in {}".format(rule.id, example.text, "hits" if fails else "passes", release)


@pytest.mark.parametrize(
    ("flow", "rule", "example", "fails", "release"), EXAMPLES, ids=list(map(label, EXAMPLES))
)
def test_example(flow, rule, example, fails, release):
    captured = example.captured(flow.framework)
    verify(captured.graph)
    report = quantized(captured, release=release).quantizer
    assert (report.flow, report.release) == (flow.name, release)
    found = [*report.obstacles, *report.training, *report.conversions]
    mine = [one for one in found if one.id == rule.id]
    assert bool(mine) is fails
    for one in mine:
        assert one.message == " ".join(one.message.split())
        assert one.source
        assert set(one.ops) <= {op.name for op in captured.graph}


@pytest.mark.parametrize(("flow", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_a_rule_is_complete(flow, rule):
    assert rule.id.split(".")[0] == flow.framework
    assert len(rule.id.split(".")) == 3
    assert rule.sentence.endswith(".")
    assert rule.fails
    assert rule.passes
    assert set(releases_of(rule)) <= set(RELEASES)
    assert releases_of(rule)


def test_ids_are_unique():
    ids = [rule.id for _, rule in RULES]
    assert len(ids) == len(set(ids))


def test_a_conversion_that_is_left_out_changes_no_function():
    for flow, rule in RULES:
        if getattr(rule, "from_conversion", False):
            for example in rule.fails:
                report = quantized(example.captured(flow.framework), convert=False).quantizer
                assert rule.id not in [one.id for one in report.obstacles]


@pytest.mark.parametrize("framework", FACTS)
def test_rules_of_a_deep_network_take_no_longer_than_it_is_deep(framework):
    sketch = Sketch(framework)
    sketch.input()
    for _ in range(300):
        before = sketch.x
        sketch.call("add", "add", [sketch.layer("ReLU", "relu"), before])
        for _ in range(10):
            sketch.layer("Dropout", "identity")
    captured = sketch.captured()
    begin = time.process_time()
    quantized(captured)
    assert time.process_time() - begin < 5
