"""Operators at the ends of a network: where they have no DPU cost, and where to cut."""

from __future__ import annotations

import dataclasses
import json as standard

import pytest

from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import json

CPU, USER = Device.CPU, Device.USER


def network(*chain, result=None):
    """A chain of operators, `c` before a name puts it on the CPU, `*` behind it lets it compute."""
    ops = [samples.op("x", "data", device=USER)]
    for text in chain:
        name = text.replace("c:", "").strip("*?")
        macs = None if text.endswith("?") else 1000 * text.endswith("*")
        on_cpu = text.startswith("c:")
        ops.append(
            samples.op(
                name,
                "const" if name.startswith("const") else "sigmoid",
                () if name.startswith("const") else [ops[-1].name],
                device=CPU if on_cpu else Device.DPU,
                findings=(samples.KERNEL,) if on_cpu else (),
                macs=macs,
            )
        )
    ops.append(samples.op("y", "return", [ops[-1].name], device=USER))
    return samples.inspection("network", ops, {})


@pytest.mark.parametrize(
    ("chain", "whole", "start", "end"),
    [
        (["a*"], True, (), ()),
        (["a*", "c:b"], True, (), ("a",)),
        (["c:a", "b*"], True, ("a",), ()),
        (["c:a", "c:b", "c*", "c:d", "c:e"], True, ("b",), ("c",)),
        (["a*", "c:b", "c*", "c:d"], False, (), ("c",)),
        (["a*", "c:b*"], False, (), ()),
        (["a*", "c:b?"], False, (), ()),
        # What another's fix would move into the midst of the network is not left to the host.
        (["a*", "c:b", "c:c*"], False, (), ()),
        (["a*", "c:b*", "c:c"], False, (), ()),
        (["c:a*", "c:b", "c*"], False, (), ()),
        (["c:a", "c:b"], False, (), ()),
    ],
)
def test_where_to_cut(chain, whole, start, end):
    found = network(*chain)
    assert found.summary.whole_but_for_ends is whole
    assert found.summary.fully_on_dpu is not any(text.startswith("c:") for text in chain)
    assert (found.cut_points.start, found.cut_points.end) == (start, end)


def test_cut_points_are_in_the_report_and_must_fit_it():
    found = network("c:a", "b*", "c:c")
    report = standard.loads(json.render(found))
    assert report["cut_points"] == {"start": ["a"], "end": ["b"]}
    assert Inspection.from_dict(report).to_dict() == report
    report["cut_points"]["end"] = ["c"]
    with pytest.raises(ReportError, match="cut_points"):
        Inspection.from_dict(report)
    del report["cut_points"], report["summary"]["whole_but_for_ends"]
    assert Inspection.from_dict(report).cut_points.end == ("b",)


def test_a_constant_on_the_cpu_is_no_computation():
    found = network("c:a", "b*")
    ops = list(found.ops)
    ops.insert(1, samples.op("const", "const", device=CPU, findings=(samples.follows("a"),)))
    assert dataclasses.replace(found, ops=tuple(ops)).summary.whole_but_for_ends
