"""The command `estimate`, and times in `compare` and `inspect`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("keras")

from tests.cli import models
from vai_inspect import EstimateError, compare

MODELS = str(Path(__file__).parent / "models.py")
B4096, B512, C32 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B512", "DPUCVDX8G_ISA3_C32B3"


def test_the_table_has_operators_the_whole_and_the_error(vai_inspect):
    code, out, err = vai_inspect("estimate", MODELS + ":small", "--target", B4096)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "small on {}, KV260 (1 core at 300 MHz)".format(B4096)
    assert [line.split()[0] for line in lines[3:6]] == ["conv", "pool", "dense"]
    assert any(line.startswith("total: ") and "error 3% on average" in line for line in lines)
    assert any("not counted, on the CPU: dense/softmax" in line for line in lines)


def test_a_board_and_a_design_of_ones_own(vai_inspect):
    found = {}
    for options in ((), ("--board", "zcu102"), ("--clock", "150", "--cores", "2")):
        code, out, err = vai_inspect("estimate", MODELS + ":small", "-t", B4096, "--json", *options)
        assert (code, err) == (0, "")
        found[options] = json.loads(out)
    kv260, zcu102, own = (one["estimate"] for one in found.values())
    assert kv260["platform"]["board"] == "KV260"
    assert (zcu102["platform"]["board"], zcu102["platform"]["cores"]) == ("ZCU102", 3)
    assert own["platform"]["given"] == ["clock", "cores"]
    assert (own["error"]["mean"], own["error"]["unchecked"] != "") == (None, True)
    assert own["dpu_ms"] == pytest.approx(2 * kv260["dpu_ms"])
    ops = found[()]["ops"]
    assert sum(op["us"] for op in ops) == pytest.approx(1e3 * kv260["dpu_ms"])
    slow = ("--bandwidth", "0.5")
    code, out, _ = vai_inspect("estimate", MODELS + ":small", "-t", B4096, "--json", *slow)
    assert json.loads(out)["estimate"]["dpu_ms"] > kv260["dpu_ms"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", C32), "no times are estimated for DPUCVDX8G"),
        (("--target", B4096, "--board", "KV26"), "Did you mean KV260"),
        (("--target", B512, "--board", "KV260"), "no image of KV260 has DPUCZDX8G_ISA1_B512"),
        (("--target", B4096, "--clock", "0"), "clock_mhz is 0.0; valid is a number above 0"),
        (("--target", B4096, "--cores", "two"), "--cores"),
        (("--target", "B9"), "B9"),
    ],
)
def test_wrong_input_ends_in_one_line_before_the_model_is_read(vai_inspect, options, says):
    code, out, err = vai_inspect("estimate", "nothing.py:model", *options)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_compare_marks_the_smallest_board_that_is_fast_enough(vai_inspect):
    rows = compare(models.whole(), [B4096, B512]).rows
    fps = {one.board: one.fps for row in rows for one in row.estimates}
    assert set(fps) == {"KV260", "ZCU102", "ZCU104", None}
    wanted = str(1.1 * fps["KV260"])
    code, out, err = vai_inspect("compare", MODELS + ":whole", "--all", "--fps", wanted)
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "> the smallest board that reaches {:g} frames".format(float(wanted)) in words
    assert "frames per second: ZCU104 with " + B4096 in words
    assert "no times are estimated for DPUCVDX8G" in words
    data = json.loads(vai_inspect("compare", MODELS + ":whole", "--json", "--fps", wanted)[1])
    assert data["smallest_board"] == {"target": B4096, "board": "ZCU104"}
    assert data["fps"] == float(wanted)


def test_of_boards_none_may_be_fast_enough():
    found = compare(models.whole(), [B4096], fps=1e9)
    assert found.smallest_board is None
    assert "no board reaches 1e+09 frames per second by its estimate" in str(found)


def test_with_a_cpu_operator_between_no_board_is_said_to_be_too_slow():
    import keras

    x = given = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3)(x)
    x = keras.layers.Conv2D(8, 3)(keras.layers.Softmax()(x))
    found = compare(keras.Model(given, x), [B4096], fps=1)
    assert found.smallest_board is None
    assert "whether a board reaches 1 frames per second is unknown" in " ".join(str(found).split())


def test_a_figure_within_the_error_is_doubted():
    kv260 = compare(models.whole(), [B4096]).rows[0].estimate
    found = compare(models.whole(), [B4096], fps=0.99 * kv260.fps)
    assert found.smallest_board[1].board == "KV260"
    assert "it may not, if the estimate is off by its mean error" in " ".join(str(found).split())


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), "fast", True])
def test_wrong_frames_a_second_are_refused_before_the_model_is_read(fps):
    with pytest.raises(EstimateError, match="valid is a number above 0"):
        compare(None, [B4096], fps=fps)


def test_columns_of_time_stand_only_where_there_are_times():
    assert " ms " in str(compare(models.whole(), [B4096, C32])).splitlines()[2]
    assert " ms " not in str(compare(models.whole(), [C32])).splitlines()[2]
    html = compare(models.whole(), [B4096])._repr_html_()
    assert "frames per second" in html
    assert "frames per second" not in compare(models.whole(), [C32])._repr_html_()
