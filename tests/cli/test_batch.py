"""The batch of a model that leaves it open, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("keras")

ADF, B4096 = "DPUCADF8H_ISA0", "DPUCZDX8G_ISA1_B4096"
WHOLE = str(Path(__file__).with_name("models.py")) + ":whole"
LEFT_OPEN = "the model leaves its batch open; 4 is taken, the images that DPUCADF8H takes at a run"


def test_each_target_of_an_inspection_gets_its_own(vai_inspect):
    code, out, _ = vai_inspect("inspect", WHOLE, "-t", ADF, "-t", B4096, "-t", ADF, "--json")
    assert code == 0
    four, one = json.loads(out)
    assert four["ops"][0]["output_shapes"] == [[4, 32, 32, 3]]
    assert one["ops"][0]["output_shapes"] == [[1, 32, 32, 3]]
    assert four["summary"]["fully_on_dpu"] is one["summary"]["fully_on_dpu"] is True
    assert LEFT_OPEN in four["warnings"][0]
    assert one["warnings"] == []


def test_a_batch_that_is_given_stays(vai_inspect):
    shape = ("--input-shape", "1,32,32,3")
    code, out, err = vai_inspect("inspect", WHOLE, "-t", ADF, "--json", *shape, "--fail-on", "cpu")
    assert code == 1
    assert json.loads(out)["summary"]["dpu_ops"] == 0
    assert "1 operator on the CPU (DPUCADF8H_ISA0): " in err


@pytest.mark.parametrize("shape", [(), ("--input-shape", "2,32,32,3")])
def test_a_comparison(vai_inspect, shape):
    code, out, _ = vai_inspect("compare", WHOLE, "-t", ADF, "-t", B4096, "--json", *shape)
    assert code == 0
    rows = {row["target"]["name"]: row for row in json.loads(out)["targets"]}
    macs = {name: row["summary"]["macs"] // (30 * 30 * 9 * 3 * 8) for name, row in rows.items()}
    assert macs == ({ADF: 2, B4096: 2} if shape else {ADF: 4, B4096: 1})
    assert rows[ADF]["takes_all"] is not bool(shape)
    assert any(LEFT_OPEN in text for text in rows[ADF]["warnings"]) is not bool(shape)
