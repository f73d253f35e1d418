from __future__ import annotations

import dataclasses

import pytest

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.core.root_cause import Outcome, Position
from vai_inspect.reports.causes import details, effect, headline


def told(cause, inspection, number=1):
    return dict(details(cause, number, inspection))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome((), 0, 2, 2, 3, 8970), "nothing comes back: other reasons, or neighbours, keep"),
        (
            Outcome(("fancy",), 0, 2, 1, 2, 8960),
            "1 of the 3 operators on the CPU comes back; DPU subgraphs still 2, crossings from 3 "
            "to 2 (bytes from 8,970 to 8,960)",
        ),
        (
            Outcome(("a", "b"), 313344, 3, 1, 3, 8970),
            "2 of the 3 operators on the CPU come back, with 57.8% of all multiply-accumulates; "
            "DPU subgraphs from 2 to 3, crossings still 3 (bytes still 8,970)",
        ),
        (
            Outcome(("a", "b", "c"), 0, 1, 0, 0, 0),
            "everything runs on the DPU; DPU subgraphs from 2 to 1, crossings from 3 to 0 (bytes "
            "from 8,970 to 0)",
        ),
        (
            Outcome(("a",), 0, None, None, None, None),
            "1 of the 3 operators on the CPU comes back (subgraphs and crossings are not counted",
        ),
    ],
    ids=["nothing", "one", "two", "all", "not counted"],
)
def test_effect(outcome, words):
    assert effect(outcome, samples.mixed()).startswith(words)


def test_the_first_is_told_alone_and_the_others_with_those_above_too():
    inspection = samples.mixed()
    first, second = inspection.root_causes
    assert "fixed with those above" not in told(first, inspection, 1)
    assert told(second, inspection, 2)["fixed with those above"].startswith("everything runs")
    assert headline(second).endswith("FancyNorm. (unknown, no source decides)")
    assert headline(first).endswith("takes 1-16. (and 1 more reason)")


def test_operators_with_one_root_cause_are_told_as_one():
    inspection = samples.many(5)
    one = inspection.root_causes[0]
    ops = tuple("gate{}".format(number) for number in range(5))
    cause = dataclasses.replace(one, ops=ops, each=(one.alone,) * 5)
    assert headline(cause).startswith("5 operators (sigmoid): kernel_w is 17")
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
    inspection = samples.inspection("m", ops, parts)
    outcome = Outcome(("gate",), 0, 1, 1, 1, 1)
    cause = samples.cause(samples.KERNEL, "sigmoid", "gate", Position.END, outcome)
    said = told(cause, inspection)["note"]
    assert said.endswith("cut the network there: give out last in place of its result, and do the "
                         "rest on the host")  # fmt: skip


CUTS_NOTHING = {"start": "comes before it: it cuts nothing", "end": "waits for it: it cuts nothing"}


@pytest.mark.parametrize(
    ("position", "macs", "first_macs", "note"),
    [
        ("between", 0, 0, None),
        ("start", 0, 0, CUTS_NOTHING["start"] + ", and what prepares the input can do the same on"),
        ("start", 0, 1000, CUTS_NOTHING["start"]),
        ("start", 7, 0, CUTS_NOTHING["start"]),
        ("end", 0, 1000, CUTS_NOTHING["end"] + ", and next to nothing is lost by leaving it to"),
        ("end", 7, 0, CUTS_NOTHING["end"]),
        ("end", None, 0, CUTS_NOTHING["end"]),
        ("apart", 0, 0, "comes before it or waits for it"),
    ],
)
def test_note(position, macs, first_macs, note):
    """What stands before the DPU's part can be done on the host only if it computes nothing."""
    ops = [
        samples.op("in", "data", device=Device.USER),
        samples.op("first", "conv2d", ["in"], macs=first_macs, device=Device.CPU),
        samples.op("gate", "sigmoid", ["first"], macs=macs, device=Device.CPU,
                   findings=(samples.KERNEL,)),
    ]  # fmt: skip
    inspection = samples.inspection("m", ops, {"cpu_subgraph_0": ["first", "gate"]})
    outcome = Outcome(("gate",), 0, 1, 1, 1, 1)
    cause = samples.cause(samples.KERNEL, "sigmoid", "gate", Position(position), outcome)
    said = told(cause, inspection).get("note")
    if note is None:
        assert said is None
    elif ", and" in note:
        assert note in said
    else:
        assert said.endswith(note)
