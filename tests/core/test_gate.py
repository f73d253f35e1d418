"""What a check lets pass and what it fails on."""

from __future__ import annotations

import dataclasses

import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.errors import ReportError
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.gate import Gate
from vai_inspect.core.inspection import Inspection

WIDE = "features.conv_with_a_very_long_name_that_wraps"
MIXED = (
    samples.mixed()
)  # WIDE and reshape are refused, fancy is unknown; 2 subgraphs, 42.2% of MACs


def without(inspection: Inspection, name: str) -> Inspection:
    """An earlier run in which one operator was on the DPU."""
    ops = tuple(
        dataclasses.replace(op, device=Device.DPU, findings=()) if op.name == name else op
        for op in inspection.ops
    )
    return dataclasses.replace(inspection, ops=ops)


def refused(inspection: Inspection, name: str) -> Inspection:
    """An earlier run in which a source decided about an operator."""
    ops = tuple(
        dataclasses.replace(
            op,
            findings=tuple(
                dataclasses.replace(one, verdict=Verdict.UNSUPPORTED) for one in op.findings
            ),
        )
        if op.name == name
        else op
        for op in inspection.ops
    )
    return dataclasses.replace(inspection, ops=ops)


OPERATORS = {
    "never": (Gate(), []),
    "cpu": (Gate("cpu"), [WIDE, "reshape", "fancy"]),
    "unknown": (Gate("unknown"), ["fancy"]),
    "allowed": (Gate("cpu", Allowlist(("conv2d", "reshape"))), ["fancy"]),
    "all known": (Gate("cpu", baselines=(MIXED,)), []),
    "one is new": (Gate("cpu", baselines=(without(MIXED, "fancy"),)), ["fancy"]),
    "known and allowed": (
        Gate("cpu", Allowlist(("fancy",)), baselines=(without(MIXED, "fancy"),)),
        [],
    ),
    "a doubt that is known": (Gate("unknown", baselines=(MIXED,)), []),
    "a doubt that was a refusal": (
        Gate("unknown", baselines=(refused(MIXED, "fancy"),)),
        ["fancy"],
    ),
}


@pytest.mark.parametrize("case", OPERATORS)
def test_which_operators_fail(case):
    gate, expected = OPERATORS[case]
    outcome = gate.check(MIXED)
    assert list(outcome.failing) == expected
    assert not set(outcome.accepted) & set(outcome.failing)
    assert bool(outcome.failures) is bool(expected)


def test_why_an_operator_is_accepted():
    gate = Gate("cpu", Allowlist(("reshape",)), baselines=(without(MIXED, "fancy"),))
    assert dict(gate.check(MIXED).accepted) == {"reshape": "allowed", WIDE: "baseline"}


TOTALS = {
    "as many subgraphs as may be": (Gate(max_subgraphs=2), []),
    "a subgraph too many": (Gate(max_subgraphs=1), [("--max-subgraphs", 2, 1)]),
    "too many, but as before": (Gate(max_subgraphs=1, baselines=(MIXED,)), []),
    "enough work": (Gate(min_macs=42), []),
    "too little work": (Gate(min_macs=43), [("--min-macs", 42.2, 43)]),
    "too little, but as before": (Gate(min_macs=43, baselines=(MIXED,)), []),
}


@pytest.mark.parametrize("case", TOTALS)
def test_totals(case):
    gate, expected = TOTALS[case]
    found = gate.check(MIXED).failures
    assert [(one.option, round(one.found, 1), one.limit) for one in found] == expected


def test_a_model_without_work_has_enough_of_it():
    assert Gate(min_macs=100).check(samples.inspection("empty", [], {})).failures == ()


def renamed(name: str) -> Inspection:
    return dataclasses.replace(MIXED, model=dataclasses.replace(MIXED.model, name=name))


OTHER_TARGET = dataclasses.replace(
    MIXED, target=dataclasses.replace(samples.TARGET, name="DPUCZDX8G_ISA1_B512")
)
OTHER_BUILD = dataclasses.replace(
    without(MIXED, "fancy"), target=dataclasses.replace(samples.TARGET, fingerprint=7)
)


def test_the_baseline_is_that_of_the_model_and_the_target():
    assert Gate("cpu", baselines=(OTHER_TARGET, MIXED)).check(MIXED).failures == ()
    assert Gate("cpu", baselines=(OTHER_BUILD, MIXED)).check(MIXED).failures == ()
    assert Gate("cpu", baselines=(renamed("old name"),)).check(MIXED).failures == ()
    assert Gate("cpu", baselines=(renamed("other"), MIXED)).check(MIXED).failures == ()


@pytest.mark.parametrize(
    ("baselines", "why"),
    [
        ((OTHER_TARGET,), "there is no report of Net on DPUCZDX8G_ISA1_B4096; given are reports"),
        ((renamed("a"), renamed("b")), "there is more than one .*reports of a on .*, b on"),
    ],
)
def test_no_baseline_to_differ_from(baselines, why):
    with pytest.raises(ReportError, match=why):
        Gate("cpu", baselines=baselines).check(MIXED)
