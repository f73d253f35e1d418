"""The rules hold on every target there is, decoded ones of no release among them."""

import pytest

from vai_inspect.core.ir import verify
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.targets import legacy_targets
from vai_inspect.rules.targets.lookup import lookup

# One bank, a leaky ALU, B64, no average pool; C32B3 of half the weights, no ALU, C16; few cores.
CUSTOM = (
    0x101000015010407,
    0x101000036010407,
    0x10100001601020B,
    0x100002001010100,
    0x603000B16013831,
    0x602001036088031,
    0x603000B05011830,
    0x901400044000320,
)
TARGETS = [
    *registry.targets(),
    *(target for family in registry.families() for target in legacy_targets.targets(family.name)),
    *map(lookup, CUSTOM),
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: "{}-{}".format(t.name, t.fingerprint))
def test_no_rule_fails_on_a_target(target):
    family = registry.family(target.family)
    judged = 0
    for rule in family.constraints:
        assert rule.sentence_for(target)
        for example in (*rule.passing(target), *rule.failing(target)):
            graph = verify(example.graph())
            found = evaluate(family, target, graph)
            assert found.warnings == ()
            for findings in found.placement.findings.values():
                for finding in findings:
                    assert finding.message
                    assert "None" not in finding.message
            judged += 1
    assert judged or not family.written
