"""What a graph's memory gives for one target after another is what a judge says alone."""

from __future__ import annotations

import dataclasses
import random

import pytest

from tests.graphs import chain
from tests.rules.test_any_graph import TARGETS, any_graph
from vai_inspect.core.errors import GraphError
from vai_inspect.core.partition import place
from vai_inspect.core.passes import normalise
from vai_inspect.rules import registry
from vai_inspect.rules.judge import Judge
from vai_inspect.rules.memory import Memory
from vai_inspect.rules.site import Problem

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402


def alone(family, target, graph):
    judge = Judge(family, target, graph)
    own = judge.own_findings()
    placement = place(graph, own, judge.context_findings)
    return own, placement.findings, placement.devices, judge


def same_as_alone(graph, targets, family_of):
    memory, warned = Memory(), []
    for target in targets:
        family = family_of(target)
        own, findings, devices, judge = alone(family, target, graph)
        shared = Judge(family, target, graph, memory)
        placement = shared.placement()
        assert repr(dict(placement.findings)) == repr(dict(findings))
        assert placement.devices == devices
        assert repr(dict(shared.own_findings())) == repr(dict(own))
        assert shared.warnings == judge.warnings
        warned += judge.warnings
        for op in graph:
            assert shared.messages(op) == judge.messages(op)
            assert shared.seen_as(op) == judge.seen_as(op)
    return warned


@given(st.integers(0, 2**32), st.integers(1, 25))
@settings(max_examples=60, deadline=None)
def test_any_graph_on_all_targets(seed, size):
    try:
        graph = normalise(any_graph(seed, size))
    except GraphError:
        hypothesis.reject()
    targets = list(dict.fromkeys(TARGETS))
    random.Random(seed).shuffle(targets)
    assert same_as_alone(graph, targets, lambda target: registry.family(target.family)) == []


def _fails_on_some(site):
    yield Problem("its width is {}".format(site.target.conv.output_channel_parallel))
    if site.target.alu is None or site.op.name == "op2":
        raise ValueError("no ALU on {}".format(site.target.name))


def _fails_in_figures(target):
    return target.alu.channel_parallel


@pytest.mark.parametrize(
    "change",
    [
        {"check": _fails_on_some},
        {"limits": {"width": _fails_in_figures}},
        {"limits": None},
        {"check": lambda site: [None]},
        {"check": lambda site: None},
    ],
)
@pytest.mark.parametrize("rule", ["eltwise.type", "activation.fused", "activation.producer_on_dpu"])
def test_rules_that_fail_do_so_alike(change, rule):
    """Of a family whose rule is broken, warnings and unknown operators are the same."""
    graph = chain("conv2d", "relu", "relu6", "add", "relu")
    changed: dict = {}

    def family_of(target):
        family = registry.family(target.family)
        if family.name not in changed:
            rules = [
                dataclasses.replace(one, **change) if one.id == rule else one
                for one in family.constraints
            ]
            changed[family.name] = dataclasses.replace(family, constraints=tuple(rules))
        return changed[family.name]

    assert same_as_alone(graph, registry.targets(), family_of)
