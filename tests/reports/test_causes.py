from __future__ import annotations

import dataclasses

import pytest

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Value
from vai_inspect.core.root_cause import Outcome, Position
from vai_inspect.reports.text.causes import at_the_ends, details, effect, headline, ranked
from vai_inspect.reports.text.summary import verdict_sentence


def told(cause, inspection, number=1):
    return dict(details(cause, number, inspection))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Outcome((), 0, 2, 2, 3, 8970),
            "no operator moves to the DPU: other reasons, or neighbours, keep",
        ),
        (
            Outcome(("fancy",), 0, 2, 1, 2, 8960),
            "1 of 3 CPU operators moves to the DPU; DPU subgraphs still 2, crossings from 3 "
            "to 2 (bytes from 8,970 to 8,960)",
        ),
        (
            Outcome(("a", "b"), 313344, 3, 1, 3, 8970),
            "2 of 3 CPU operators move to the DPU, with 57.8% of all multiply-accumulates; "
            "DPU subgraphs from 2 to 3, crossings still 3",
        ),
        (
            Outcome(("a", "b", "c"), 0, 1, 0, 0, 0),
            "everything runs on the DPU; DPU subgraphs from 2 to 1, crossings from 3 to 0 (bytes "
            "from 8,970 to 0)",
        ),
        (
            Outcome(("a",), 0, None, None, None, None),
            "1 of 3 CPU operators moves to the DPU (subgraphs and crossings are not counted",
        ),
    ],
    ids=["nothing", "one", "two", "all", "not counted"],
)
def test_effect(outcome, words):
    assert effect(outcome, samples.mixed()).startswith(words)


def test_the_first_is_reported_alone_and_the_others_with_those_above_too():
    inspection = samples.mixed()
    first, second = inspection.root_causes
    assert "if fixed with those above" not in told(first, inspection, 1)
    assert told(second, inspection, 2)["if fixed with those above"].startswith("everything runs")
    assert headline(second, inspection).endswith("FancyNorm. (verdict unknown)")
    assert headline(first, inspection).endswith("takes 1-16. (and 1 more reason)")


def test_operators_with_one_root_cause_are_reported_as_one():
    inspection = samples.many(5)
    one = inspection.root_causes[0]
    ops = tuple("gate{}".format(number) for number in range(5))
    cause = dataclasses.replace(one, ops=ops, each=(one.alone,) * 5)
    assert headline(cause, inspection).startswith("5 operators (sigmoid): kernel_w is 17")
    assert told(cause, inspection)["operators"] == "gate0, gate1, gate2 and 2 more"
    assert "operators" not in told(one, inspection)


def test_the_cut_point_is_what_the_dpu_computes_last():
    """Operators on the CPU in between are on the host, too."""
    ops = [
        samples.op("in", "data", device=Device.USER),
        samples.op("last", "conv2d", ["in"], macs=1000),
        samples.op("shape", "reshape", ["last"], device=Device.CPU),
        samples.op("gate", "sigmoid", ["shape"], macs=0, device=Device.CPU,
                   findings=(samples.KERNEL,)),
    ]  # fmt: skip
    parts = {"dpu_subgraph_0": ["last"], "cpu_subgraph_0": ["shape", "gate"]}
    outcome = Outcome(("gate",), 0, 1, 1, 1, 1)
    cause = samples.cause(samples.KERNEL, "sigmoid", "gate", Position.END, outcome)
    cause = dataclasses.replace(cause, at_boundary=True)
    inspection = samples.inspection("m", ops, parts, root_causes=(cause,))
    assert ranked(inspection) == []
    assert list(at_the_ends(inspection)) == [
        "at the end: gate (sigmoid); end the DPU part at last (conv2d)"
    ]
    assert verdict_sentence(inspection) == (
        "All of the model runs on the DPU except for its end: gate (sigmoid) stays on the host and "
        "does not split the DPU subgraph."
    )


def test_the_dpu_begins_after_what_prepares_the_input():
    ops = [
        samples.op("in", "data", device=Device.USER),
        samples.op("scale", "mul", ["in"], device=Device.CPU, findings=(samples.KERNEL,)),
        samples.op("shift", "add", ["scale"], device=Device.CPU, findings=(samples.UNKNOWN,)),
        samples.op("conv", "conv2d", ["shift"], macs=1000),
    ]
    parts = {"cpu_subgraph_0": ["scale", "shift"], "dpu_subgraph_0": ["conv"]}
    causes = tuple(
        dataclasses.replace(
            samples.cause(finding, kind, name, Position.START, Outcome((name,), 0, 1, 1, 1, 1)),
            at_boundary=True,
        )
        for name, kind, finding in (
            ("scale", "mul", samples.KERNEL), ("shift", "add", samples.UNKNOWN)
        )
    )  # fmt: skip
    inspection = samples.inspection("m", ops, parts, root_causes=causes)
    assert list(at_the_ends(inspection)) == [
        "at the start: scale (mul) and shift (add); start the DPU part with the result of "
        "shift (add)"
    ]
    assert "except for its start: scale (mul) and shift (add) stay" in verdict_sentence(inspection)


@pytest.mark.parametrize(
    ("position", "note"),
    [
        ("between", None),
        ("start", "no DPU operator precedes it, so it does not split the DPU subgraph"),
        ("end", "no DPU operator depends on it, so it does not split the DPU subgraph"),
        ("apart", None),
    ],
)
def test_note(position, note):
    inspection = samples.mixed()
    cause = dataclasses.replace(inspection.root_causes[0], position=Position(position))
    alone = [op for op in inspection.ops if op.name in ("x", *cause.ops)]
    ops = [
        op
        if op.name == "x"
        else dataclasses.replace(op, op=dataclasses.replace(op.op, inputs=(Value("x"),)))
        for op in alone
    ]
    assert told(cause, samples.inspection("m", ops, {})).get("note") == note
    # Others that compute before and behind it would be cut from it if they came to the DPU.
    assert "note" not in told(cause, inspection)


@pytest.mark.parametrize(
    ("cumulative", "words"),
    [
        (((), ("gate0",), ()), "no operator moves to the DPU unless cause 2 is fixed"),
        (
            (("gate0",), (), ()),
            "no operator moves to the DPU unless the causes above are fixed",
        ),
        (
            ((), (), ()),
            "no operator moves to the DPU: other reasons, or neighbours, keep it on the CPU",
        ),
    ],
)
def test_what_else_must_be_fixed_is_reported_where_nothing_comes_back(cumulative, words):
    inspection = samples.many(3)
    causes = tuple(
        dataclasses.replace(
            cause, alone=Outcome((), 0, 3, 3, 3, 9), cumulative=Outcome(names, 0, 3, 3, 3, 9)
        )
        for cause, names in zip(inspection.root_causes, cumulative)
    )
    inspection = dataclasses.replace(inspection, root_causes=causes)
    assert told(causes[0], inspection)["if fixed alone"] == words


def test_what_pays_off_in_company_is_reported_of_the_first():
    """Of three root causes the second and third save subgraphs together, neither alone."""
    inspection = samples.many(3)
    inspection = dataclasses.replace(
        inspection,
        root_causes=tuple(
            dataclasses.replace(
                cause,
                alone=Outcome(cause.ops, 0, alone, 3, 5, 9),
                cumulative=Outcome(cause.ops, 0, after, 3, 5, 9),
            )
            for cause, (alone, after) in zip(inspection.root_causes, ((2, 2), (3, 2), (4, 1)))
        ),
    )
    assert inspection.summary.dpu_subgraphs == 3
    said = [
        told(cause, inspection, at).get("together")
        for at, cause in enumerate(inspection.root_causes, 1)
    ]
    assert said[0] is said[2] is None
    assert said[1].startswith(
        "causes 2 to 3 have an effect when all of them are fixed with those above: 1 of 3"
    )
    assert "DPU subgraphs from 3 to 1" in said[1]
