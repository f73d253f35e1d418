"""The comparison of targets: its order, its marks, its table and its JSON."""

from __future__ import annotations

import dataclasses
import json as standard

import jsonschema
import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.comparison import Comparison
from vai_inspect.core.findings import Device
from vai_inspect.core.target import BoardUse
from vai_inspect.reports import json
from vai_inspect.reports.text import comparison
from vai_inspect.reports.text.lines import cells

SCHEMA = json.schema(json.COMPARISON_SCHEMA_FILE)


def on(name, peak, cpu=(), macs=(100, 100), family="czdx8g", batch=1, warnings=(), boards=()):
    """A network of a convolution and a softmax on a target that leaves `cpu` to the CPU."""
    ops = [samples.op("x", "data", device=Device.USER)]
    for at, kind in enumerate(("conv2d", "softmax")):
        on_cpu = kind in cpu
        ops.append(
            samples.op(
                "{} of {}".format(kind, "the network"),
                kind,
                [ops[-1].name],
                device=Device.CPU if on_cpu else Device.DPU,
                findings=(samples.KERNEL if at == 0 else samples.UNKNOWN,) if on_cpu else (),
                macs=macs[at],
            )
        )
    made = samples.inspection("net", ops, {}, warnings=warnings)
    target = dataclasses.replace(
        samples.TARGET,
        name=name,
        family=family,
        dpu="DPU" + family.upper(),
        fingerprint=peak,
        peak_ops_per_cycle=peak,
        batch=batch,
        board_uses=tuple(map(BoardUse, boards)),
    )
    return dataclasses.replace(made, target=target)


def several(allow=()):
    return Comparison.of(
        [
            on("A_B1024", 1024),
            on("A_B4096", 4096, boards=("ZCU102", "KV260")),
            on("A_B512", 512, ("softmax",)),
            on("C_B1", 8192, ("conv2d", "softmax"), family="cvdx8g", warnings=("rules\nfailed",)),
            on("C_B3", 8192, ("conv2d",), (300, 100), family="cvdx8g", batch=3),
            on("C_B6", 8192, ("conv2d",), (300, 100), family="cvdx8g", batch=2),
        ],
        Allowlist(tuple(allow)),
    )


def test_the_best_stand_first_and_the_smallest_of_each_family_is_marked():
    found = several()
    names = [row.target.name for row in found.rows]
    assert names == ["A_B1024", "A_B4096", "A_B512", "C_B6", "C_B3", "C_B1"]
    assert [row.target.name for row in found.rows if row.takes_all] == names[:2]
    assert [row.target.name for row in found.rows if row.smallest] == ["A_B1024"]
    assert [row.blocker and row.blocker.type for row in found.rows] == [
        None,
        None,
        "softmax",
        "conv2d",
        "conv2d",
        "conv2d",
    ]


def test_what_is_allowed_blocks_nothing():
    found = several(["end:softmax", "conv*"])
    assert all(row.takes_all and row.blocker is None for row in found.rows)
    assert {row.target.name for row in found.rows if row.smallest} == {"A_B512", "C_B1"}


@pytest.mark.parametrize(
    ("name", "allow"), [("comparison", ()), ("comparison_allowed", ["end:softmax"])]
)
def test_the_table(golden, name, allow):
    golden(name + ".txt", comparison.render(several(allow)))


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_table_keeps_to_the_terminals_width(width):
    text = comparison.render(several(), width)
    assert max(map(cells, text.splitlines())) <= width
    assert "..." not in text


def but_for_ends():
    """One family takes all but the last softmax; of the other one target takes all."""
    free = (100, 0)
    return Comparison.of(
        [
            on("A_B1024", 1024, ("softmax",), free),
            on("A_B512", 512, ("softmax",), free),
            on("A_B256", 256, ("conv2d", "softmax"), free),
            on("C_B1", 1024, ("softmax",), free, family="cvdx8g"),
            on("C_B3", 4096, (), free, family="cvdx8g"),
        ],
        Allowlist(),
    )


def test_what_costs_the_dpu_nothing_is_distinguished_from_what_does():
    found = but_for_ends()
    assert [row.target.name for row in found.rows] == [
        "C_B3",
        "A_B512",
        "A_B1024",
        "C_B1",
        "A_B256",
    ]
    assert [row.ends for row in found.rows] == [(), *[("end:softmax",)] * 3, ()]
    assert [row.takes_all for row in found.rows] == [True, False, False, False, False]
    assert [row.takes_all_but_ends for row in found.rows] == [True] * 4 + [False]
    assert [row.target.name for row in found.rows if row.smallest] == ["C_B3"]
    small = [row.target.name for row in found.rows if row.smallest_but_for_ends]
    assert small == ["A_B512", "C_B1"]
    text = comparison.render(found)
    assert "* C_B3" in text
    assert "~ A_B512" in text
    assert "--allow end:softmax accepts that" in text
    assert "No target takes" not in text
    jsonschema.validate(found.to_dict(), SCHEMA)


def test_hostile_names_break_no_line():
    made = [dataclasses.replace(samples.hostile(), warnings=("a\nb",))]
    text = comparison.render(Comparison.of(made, Allowlist(("x\ny",))))
    assert max(map(cells, text.splitlines())) <= 120
    assert "allowed on the CPU: x\\ny" in text
    assert "warning: a\\nb" in text


def test_builds_of_one_name_are_distinguished():
    found = Comparison.of([on("A", 512), on("A", 513)], Allowlist())
    text = comparison.render(found)
    assert "0x200" in text
    assert "0x201" in text


@pytest.mark.parametrize("allow", [(), ["softmax"]])
def test_json_keeps_to_the_schema(allow):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    found = several(allow)
    report = standard.loads(json.render(found))
    validator.validate(report)
    assert report == found.to_dict()
    report["targets"][0]["takes_all"] = "yes"
    assert not validator.is_valid(report)


def test_the_schemas_say_the_same_of_what_they_share():
    one, other = json.schema(), SCHEMA
    for key in ("tool", "model"):
        assert one["properties"][key] == other["properties"][key]
    for key in ("count", "figure", "finding", "remedy"):
        assert one["$defs"][key] == other["$defs"][key]
    row = other["$defs"]["row"]["properties"]
    assert row["summary"] == one["properties"]["summary"]
    target = one["properties"]["target"]["properties"]
    assert all(target[key] == row["target"]["properties"][key] for key in row["target"]["required"])
