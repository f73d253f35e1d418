"""A rule that fails is named in a warning and leaves its operators unknown; the rest goes on."""

from __future__ import annotations

import dataclasses

import pytest

from vai_inspect.core.findings import Verdict
from vai_inspect.core.ir import Graph
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.plugin import Violation
from vai_inspect.rules.shared.examples import conv_op, data, op


def _fails_on_some(ctx):
    yield Violation("its width is {found}", found=ctx.target.conv.output_channel_parallel)
    if ctx.target.alu is None or ctx.op.name == "op2":
        raise ValueError(f"no ALU on {ctx.target.name}")


def _fails_in_figures(target):
    return target.nothing


def network():
    shape, out = (1, 32, 32, 16), (1, 30, 30, 16)
    return Graph(
        "network",
        [
            data(shape),
            conv_op(shape, name="op0"),
            op("relu", ["op0"], out, name="op1"),
            op("relu6", ["op1"], out, name="op2"),
            op("add", ["op2", "op1"], out, name="op3"),
            op("relu", ["op3"], out, name="op4"),
            op("return", ["op4"], out, name="return"),
        ],
    )


def with_broken(family, rule, change):
    rules = [
        dataclasses.replace(one, **change) if one.id == rule else one for one in family.constraints
    ]
    return dataclasses.replace(family, constraints=tuple(rules))


@pytest.mark.parametrize(
    "change",
    [
        {"check": _fails_on_some},
        {"limits": {"width": _fails_in_figures}},
        {"limits": None},
        {"check": lambda ctx: [None]},
        {"check": lambda ctx: None},
    ],
)
@pytest.mark.parametrize("rule", ["eltwise.type", "activation.fused", "activation.producer_on_dpu"])
@pytest.mark.parametrize("target", registry.targets(), ids=lambda target: target.name)
def test_a_rule_that_fails(change, rule, target):
    graph = network()
    family = registry.family(target.family)
    healthy = evaluate(family, target, graph)
    broken = evaluate(with_broken(family, rule, change), target, graph)
    (kinds,) = [one.kinds for one in family.constraints if one.id == rule]
    assert broken.warnings or change == {"check": _fails_on_some}
    assert all(family.name + "." + rule in text for text in broken.warnings)
    for one_op in graph:
        found = [one for one in broken.own[one_op.name] if not one.constraint.endswith("." + rule)]
        left = [one for one in healthy.own[one_op.name] if not one.constraint.endswith("." + rule)]
        assert found == left
        asked = one_op.kind in kinds and rule != "activation.producer_on_dpu"
        if asked and broken.warnings and change != {"check": _fails_on_some}:
            mine = [one for one in broken.own[one_op.name] if one.constraint.endswith("." + rule)]
            assert [one.verdict for one in mine] == [Verdict.UNKNOWN]
            assert "the rule itself failed" in mine[0].message
