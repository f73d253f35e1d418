from __future__ import annotations

import re

import pytest

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.core.fixed import Fixed
from vai_inspect.core.ir import attrs as a
from vai_inspect.reports.text import fixed, text
from vai_inspect.reports.text.format import file_name
from vai_inspect.reports.text.lines import shortened, wrapped

FIELDS = [
    "node name",
    "input nodes",
    "output nodes",
    "op type",
    "output shape",
    "op attributes",
    "assigned device",
    "hardware constraints",
    "node messages",
    "source range",
]


def _fields(block: str):
    return re.findall(r"^([a-z][a-z ]*):", block, re.MULTILINE)


def test_every_operator_has_its_fields_in_order():
    inspection = samples.mixed()
    blocks = text.render(inspection).split("graph name: ")[1].split(text.THIN + "\n")[:-1]
    assert len(blocks) == len(inspection.ops)
    for op, block in zip(inspection.ops, blocks):
        left_out = [
            field
            for field, there in (
                ("hardware constraints", op.findings),
                ("node messages", op.messages),
            )
            if not there
        ]
        assert _fields(block) == [field for field in FIELDS if field not in left_out]


def test_names_forge_no_field():
    inspection = samples.hostile()
    report = text.render(inspection)
    assert _fields(report).count("node name") == len(inspection.ops)
    assert _fields(report).count("assigned device") == len(inspection.ops)
    assert "assigned device: dpu" not in report.splitlines()
    assert all(char.isprintable() or char == "\n" for char in report)
    report.encode("utf-8")


def test_the_table_is_of_one_width():
    rows = [
        line for line in text.render(samples.mixed()).splitlines() if line.startswith(("|", "+"))
    ]
    assert len(rows) > 10
    assert {len(row) for row in rows} == {120}


def test_equal_reasons_are_reported_once():
    ops = [samples.op("in", "data", device=Device.USER)]
    for number in range(50):
        ops.append(samples.op("gate{}".format(number), "sigmoid", ["in"], device=Device.CPU,
                              findings=(samples.KERNEL,)))  # fmt: skip
    report = text.render(samples.inspection("gates", ops, {"cpu_subgraph_0": ["gate0"]}))
    table = [line for line in report.splitlines() if line.startswith("|")]
    names = [line.split("|")[1].strip() for line in table]
    assert names[1:7] == [*("gate{}".format(number) for number in range(5)), "and 45 more"]
    assert sum("17, but" in line for line in table) == 1
    assert all("\nnode name: gate{}\n".format(number) in report for number in range(50))


def test_reasons_that_differ_in_names_alone_are_reported_once():
    ops = [samples.op("in", "data", device=Device.USER)]
    for number in range(3):
        last = ops[-1].name
        ops.append(samples.op("view{}".format(number), "reshape", [last], device=Device.CPU,
                              attrs=a.ReshapeAttrs((1, 4)),
                              findings=(samples.follows(last),)))  # fmt: skip
    ops.append(samples.op("last", "squeeze", ["in"], device=Device.CPU,
                          findings=(samples.follows("in"),)))  # fmt: skip
    report = text.render(samples.inspection("views", ops, {"cpu_subgraph_0": ["view0"]}))
    table = " ".join(
        line.split("|")[3].strip() for line in report.splitlines() if line.startswith("|")
    )
    assert table.count("The input in is on the CPU; a reshape runs where its input does.") == 2
    assert table.count("does. (of the first; the others are similar)") == 1
    assert report.count("    The input view0 is on the CPU;") == 1


def test_many_root_causes_and_crossings_are_reported_in_short():
    report = text.render(samples.many(40)).split("graph name: ")[0]
    assert "    12. gate11 (sigmoid): " in report
    assert "    13. " not in report
    assert "and 28 more root causes, of 28 operators; the table has them" in report
    assert report.count(" -> cpu_subgraph_") == 20
    assert "    and 20 more; the JSON report lists them" in report


@pytest.mark.parametrize(
    ("findings", "chain"),
    [
        ({"a": None, "b": "a"}, "a"),
        ({"a": None, "b": "a", "c": "b"}, "b, in the end from a"),
        ({"a": None, "b": "a", "c": "b", "d": "c"}, "c, in the end from a"),
        ({"a": "c", "b": "a", "c": "b"}, "b"),
        ({"a": "nobody"}, "nobody"),
    ],
    ids=["at once", "over one", "over two", "in a circle", "from none"],
)
def test_a_consequence_names_its_root_cause(findings, chain):
    ops = [
        samples.op(
            name,
            "relu",
            device=Device.CPU,
            findings=(samples.KERNEL if follows is None else samples.follows(follows),),
        )
        for name, follows in findings.items()
    ]
    report = text.render(samples.inspection("chain", ops, {"cpu_subgraph_0": ["a"]}))
    told = [line for line in report.splitlines() if "follows from: " in line]
    assert told[-1] == "        follows from: " + chain


def test_a_long_name_is_whole_in_its_block_and_short_in_the_table():
    report = text.render(samples.hostile())
    assert report.count("node name: " + "x" * 10_000) == 1
    assert max(len(line) for line in report.split("graph name: ")[0].splitlines()) < 1000


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("net.py", "net.py"),
        ("models/net.py", "models/net.py"),
        ("/home/me/work/models/net.py", "models/net.py"),
        ("C:\\Users\\me\\work\\net.py", "work/net.py"),
        (
            "/usr/lib/python3.11/site-packages/torchvision/models/net.py",
            "torchvision/models/net.py",
        ),
        ("<string>", "<string>"),
    ],
)
def test_source_files_are_named_alike_on_every_machine(path, shown):
    assert file_name(path) == shown


def test_source_files_in_the_working_folder_are_named_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert file_name(str(tmp_path / "src" / "models" / "deep" / "net.py")) == (
        "src/models/deep/net.py"
    )
    assert file_name(str(tmp_path.parent / "other.py")) == tmp_path.parent.name + "/other.py"
    inside = tmp_path / "venv" / "site-packages" / "torchvision" / "net.py"
    assert file_name(str(inside)) == "torchvision/net.py"


def test_wrapped_breaks_words_that_are_too_long():
    assert wrapped("to be abcdefghij", 5) == ["to be", "abcde", "fghij"]
    assert wrapped("中文中文", 5) == ["中文", "中文"]
    assert wrapped("", 5) == [""]


def test_shortened_keeps_both_ends():
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghijk", 10) == "abcd...ijk"


@pytest.mark.parametrize(
    ("make", "report"),
    [
        (samples.all_on_dpu, "nothing to do\n"),
        (samples.mixed, "no rewrite makes it better: 3 operators are on the CPU\n"),
    ],
)
def test_a_fix_that_does_nothing_says_so_alone(make, report):
    inspection = make()
    assert fixed.render(Fixed(None, (), (), inspection, inspection)) == report
