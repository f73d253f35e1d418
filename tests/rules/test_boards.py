"""Which targets boot on a board, by release, and how every way to show a target says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from tests.graphs import chain
from tests.inspecting import inspected
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.comparison import Comparison
from vai_inspect.core.errors import TargetError
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.target import BoardUse
from vai_inspect.reports import json as json_report
from vai_inspect.reports.text import comparison, text
from vai_inspect.rules.targets.boards import booted, every_target, targets_of
from vai_inspect.rules.targets.lookup import lookup

PAGE = Path(__file__).parent.parent.parent / "docs" / "targets.md"
BY_NAME_ALONE = "DPUCV2DX8G_ISA0_C16M4B13"
B4096, BG2 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA0_B4096_MAX_BG2"
C32B6, C20B14 = "DPUCVDX8G_ISA3_C32B6", "DPUCV2DX8G_ISA1_C20B14"
VCK5000 = [
    "DPUCVDX8H_ISA1_F2W2_8PE",
    "DPUCVDX8H_ISA1_F2W4_4PE",
    "DPUCVDX8H_ISA1_F2W4_6PE_aieDWC",
    "DPUCVDX8H_ISA1_F2W4_6PE_aieMISC",
]
BOOTED = {
    "KV260": [("3.0", [B4096]), ("2.5", [B4096]), ("2.0", [BG2])],
    "zcu104": [("3.0", [B4096]), ("2.5", [B4096]), *((r, [BG2]) for r in ("2.0", "1.4", "1.3"))],
    "ZCU102": [("3.0", [B4096]), ("2.5", [B4096]), *((r, [BG2]) for r in ("2.0", "1.4", "1.3"))],
    "VCK190": [("3.0", [C32B6]), ("2.5", [C32B6]), ("2.0", ["DPUCVDX8G_ISA2_C32B3"])],
    "VEK280": [("3.5", [C20B14])],
    "V70": [("3.5", [C20B14])],
    "VCK5000": [("3.0", VCK5000), ("2.5", VCK5000)],
    "U50": [],
    "no such board": [],
}


BOOTED_AT = {
    use.board: {release: [t.name for t in targets] for release, targets in booted(use.board)}
    for target in every_target()
    for use in target.board_uses
}


@pytest.mark.parametrize("board", BOOTED)
def test_what_a_board_boots_newest_release_first(board):
    """From the board columns of the vendor's model zoo tables."""
    found = [(release, [one.name for one in targets]) for release, targets in booted(board)]
    assert found == BOOTED[board]
    for release, targets in booted(board):
        assert all(release in target.releases for target in targets)


DESIGNS = {
    "DPUCZDX8G_ISA1_B3136": BoardUse(
        "KV260",
        design="starter kit applications",
        cores=1,
        clock_mhz=300,
        source="AMD's Kria starter kit applications",
    ),
    "DPUCV2DX8G_ISA1_C20B1": BoardUse("VEK280", design="designs for it"),
    BY_NAME_ALONE: BoardUse("VEK280", design="tutorials of release 3.0"),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_what_other_designs_of_a_board_have(name):
    assert lookup(name).board_uses == (DESIGNS[name],)


STANDS_FOR = {
    "KV260": (B4096, 0x101000016010407),
    "zcu104": (B4096, 0x101000016010407),
    "ZCU102": (B4096, 0x101000016010407),
    "vck190": (C32B6, 0x603000B16011861),
    "VEK280": (C20B14, 0x901400044000E44),
    "V70": (C20B14, 0x901400044000E44),
    "U250": ("DPUCADF8H_ISA0", None),
    "Ultra96": ("DPUCZDX8G_ISA0_B2304_MAX_BG2", 0x1000020F6014405),
}


@pytest.mark.parametrize("board", STANDS_FOR)
def test_a_board_stands_for_the_one_target_that_it_boots(board):
    name, fingerprint = STANDS_FOR[board]
    target = lookup(board)
    assert target.name == name
    assert fingerprint in (None, target.fingerprint)


def test_a_board_of_several_targets_lists_them():
    for board in {use.board for target in every_target() for use in target.board_uses}:
        names = {target.name for target in targets_of(board)}
        if len(names) > 1:
            with pytest.raises(
                TargetError, match="the board {} runs one of several".format(board)
            ) as caught:
                lookup(board.lower())
            assert all(name in str(caught.value) for name in names)
        else:
            assert lookup(board).name in names


def test_an_arch_json_names_no_board(tmp_path):
    path = tmp_path / "arch.json"
    path.write_text('{"target": "KV260"}')
    with pytest.raises(TargetError, match="unknown target 'KV260'"):
        lookup(path)


def test_the_page_has_a_row_for_each_board_that_boots_anything():
    rows = [row.split("|")[1:-1] for row in re.findall(r"^\| .*\|$", PAGE.read_text(), re.M)]
    releases = ["2.0", *(cell.strip() for cell in rows[0][2:])]
    listed = {}
    for boards, *cells in rows[1:]:
        for board in boards.split(","):
            found = zip(releases, (re.findall(r"`(DPU\w+)`", cell) for cell in cells))
            listed[board.strip()] = {release: names for release, names in found if names}
    known = {use.board for target in every_target() for use in target.board_uses if use.releases}
    assert set(listed) == known
    for board in known - {"VCK5000"}:  # its four are not named there
        newer = {release: names for release, names in BOOTED_AT[board].items() if release >= "2.0"}
        assert listed[board] == newer


def test_a_report_of_a_target_without_a_fingerprint():
    found = inspected(chain("relu", "sigmoid"), BY_NAME_ALONE)
    lines = text.render(found).splitlines()
    assert "fingerprint: not known" in lines
    assert "boards: VEK280 (tutorials of release 3.0)" in lines
    written = json_report.render(found)
    report = json.loads(written)
    assert report["target"]["fingerprint"] is report["target"]["feature_code"] is None
    jsonschema.validate(report, json_report.schema())
    again = Inspection.from_json(written)
    assert again.target == found.target
    assert text.render(again) == text.render(found)
    compared = Comparison.of([found, inspected(chain("relu"), C20B14)], Allowlist())
    assert BY_NAME_ALONE in comparison.render(compared)
    rows = json.loads(json_report.render(compared))
    jsonschema.validate(rows, json_report.schema(json_report.COMPARISON_SCHEMA_FILE))
    assert None in [row["target"]["fingerprint"] for row in rows["targets"]]


def test_boards_of_a_report_of_schema_1_0_come_back():
    report = inspected(chain("relu"), C20B14).to_dict()
    report["schema_version"] = "1.0"
    del report["target"]["board_uses"], report["summary"]["constants"]
    target = Inspection.from_dict(report).target
    assert target.board_uses == (BoardUse("V70"), BoardUse("VEK280"))
    assert target.boards == ("V70", "VEK280")
