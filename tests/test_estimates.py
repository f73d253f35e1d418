"""Estimates: networks of known cost, boards, and what they say of their own error."""

from __future__ import annotations

import dataclasses
import json
import math
import pickle

import jsonschema
import pytest

from tests.graphs import conv, node
from tests.inspecting import inspected
from vai_inspect import EstimateError
from vai_inspect.core.estimate import BOUNDS
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.ir import Graph
from vai_inspect.core.ir import attrs as a
from vai_inspect.estimating import estimate
from vai_inspect.reports import gv
from vai_inspect.reports import json as json_report
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook
from vai_inspect.reports.text import estimate_table, text, times
from vai_inspect.rules.czdx8g.timing import TIMING
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.lookup import lookup
from vai_inspect.rules.timing.layers import Layer
from vai_inspect.rules.timing.platforms import boards_of
from vai_inspect.rules.timing.price import Prices

B4096, B1600 = "DPUCZDX8G_ISA1_B4096", "DPUCZDX8G_ISA1_B1600"
IMAGE = (1, 64, 64, 256)


def stack(count=10, channels=256, size=64, name="stack"):
    """Equal 3x3 convolutions in a row."""
    shape = (1, size, size, channels)
    ops = [node("in", "data", shape=shape)]
    for number in range(count):
        made = conv("c{}".format(number), ops[-1].name, shape, channels, (3, 3), pad=(1, 1, 1, 1))
        ops.append(made)
    return Graph(name, [*ops, node("out", "return", [ops[-1].name], shape)])


def gated(kind="sigmoid", shape=(1, 32, 32, 64)):
    """A convolution, something on the CPU, a convolution."""
    ops = [node("in", "data", shape=shape), conv("a", "in", shape, 64)]
    ops += [node("gate", kind, ["a"], shape), conv("b", "gate", shape, 64)]
    return Graph("gated", [*ops, node("out", "return", ["b"], shape)])


def headed():
    shape = (1, 32, 32, 64)
    ops = [node("in", "data", shape=shape), conv("a", "in", shape, 64)]
    ops += [node("soft", "softmax", ["a"], shape, a.AxisAttrs(3))]
    return Graph("headed", [*ops, node("out", "return", ["soft"], shape)])


@pytest.mark.parametrize("target", [B4096, B1600, "DPUCZDX8G_ISA1_B512"])
@pytest.mark.parametrize("cores", [1, 2])
def test_a_stack_at_the_arrays_full_use_takes_what_the_peak_allows(target, cores):
    found = lookup(target)
    channels = 16 * found.conv.input_channel_parallel
    graph = stack(channels=channels)
    inspection = inspected(graph, found)
    got = inspection.estimate(cores=cores, clock_mhz=300, bandwidth_gb_s=100)
    peak = found.peak_ops_per_cycle * 300e6
    least = 1e3 * 2 * inspection.summary.macs / peak
    fill = 1e-6 * sum(1 for _ in range(10)) * TIMING.table.fill.value
    waits = 1e3 * 1e6 * fill / (TIMING.table.port.value * 300e6)
    assert got.dpu_ms == pytest.approx(least + waits, rel=1e-9)
    assert got.dpu_ms < 1.02 * least
    assert got.fps == pytest.approx(1e3 * cores / got.dpu_ms)
    for number in range(10):
        one = got.ops["c{}".format(number)]
        assert (one.bound, one.padded) == ("compute", ())
        assert 0.98 < one.utilisation <= 1


def test_one_channel_too_many_costs_a_whole_group():
    full, more = (inspected(stack(channels=channels), B4096).estimate() for channels in (256, 257))
    assert more.ops["c5"].us / full.ops["c5"].us == pytest.approx((17 / 16) ** 2, rel=0.01)
    assert list(map(str, more.ops["c5"].padded)) == [
        "257 input channels cost as much as 272",
        "257 output channels cost as much as 272",
    ]
    assert more.ops["c5"].utilisation == pytest.approx((257 / 272) ** 2, rel=0.01)
    same = inspected(stack(channels=272), B4096).estimate()
    assert same.dpu_ms == pytest.approx(more.dpu_ms, rel=0.001)


def test_what_only_transfers_is_bound_by_memory():
    shape = (1, 128, 128, 256)
    ops = [node("in", "data", shape=shape), conv("c", "in", shape, 16)]
    graph = Graph("thin", [*ops, node("out", "return", ["c"], (1, 128, 128, 16))])
    found = inspected(graph, B4096).estimate().ops["c"]
    assert found.bound == "memory"
    tiny = inspected(stack(1, 16, 8), B4096).estimate().ops["c0"]
    assert tiny.bound == "overhead"


def test_more_memory_clock_and_cores_make_it_faster_as_they_should():
    inspection = inspected(stack(), B4096)
    base = inspection.estimate(clock_mhz=300)
    assert base == inspection.estimate()  # the board's own figure
    assert inspection.estimate(clock_mhz=150).dpu_ms == pytest.approx(2 * base.dpu_ms, rel=1e-6)
    assert inspection.estimate(bandwidth_gb_s=0.1).dpu_ms > 2 * base.dpu_ms
    boards = {board: inspection.estimate(board) for board in ("KV260", "ZCU104", "ZCU102")}
    assert boards["KV260"].dpu_ms == boards["ZCU104"].dpu_ms < boards["ZCU102"].dpu_ms
    assert boards["KV260"].fps < boards["ZCU104"].fps < boards["ZCU102"].fps
    assert boards["ZCU102"].platform.clock_mhz == 281
    assert boards["ZCU102"].platform.cores == 3


def test_operators_and_subgraphs_add_up_and_the_latency_has_the_host_in_it():
    graph = headed()
    found = inspected(graph, B4096).estimate()
    assert sum(one.us for one in found.ops.values()) == pytest.approx(1e3 * found.dpu_ms)
    assert sum(found.subgraphs.values()) == pytest.approx(found.dpu_ms)
    fitted = TIMING.table
    host = fitted.host.value + fitted.host_pixel.value * 32 * 32 / 1e6
    assert found.latency_ms == pytest.approx(found.dpu_ms + host)
    assert {one.bound for one in found.ops.values()} <= set(BOUNDS)


def test_the_kv260_is_taken_where_no_board_is_named():
    inspection = inspected(stack(2), B4096)
    assert inspection.default_estimate == inspection.estimate() == inspection.estimate("kv260")
    assert inspection.estimate().board == "KV260"
    known = registry.targets(inspection.target.family)
    boards = [one.board for one in boards_of(inspection.target, known).values()]
    assert boards[0] == "KV260"
    assert set(boards) == {"KV260", "ZCU104", "ZCU102"}


@pytest.mark.parametrize(
    ("spec", "release", "mean"),
    [(B4096, "2.5", "ZCU102 2.5"), ("0x101000056010407", "3.0", "ZCU102 3.0")],
)
def test_the_error_is_that_of_the_build_and_board(spec, release, mean):
    found = inspected(stack(2), spec).estimate("ZCU102")
    board, of = mean.split()
    row = TIMING.table.checked[board, of]
    assert (found.error.mean, found.error.max) == row.frame
    assert (found.error.latency_mean, found.error.latency_max) == row.latency
    assert (found.error.networks, found.error.boards) == (16, ("ZCU102",))
    assert found.error.releases == (release,)
    assert "{:.0f}%".format(row.frame[0]) in found.error.brief


@pytest.mark.parametrize(
    ("spec", "options", "says"),
    [
        (B1600, {}, "15% too fast on average, 35% at worst"),
        ("DPUCZDX8G_ISA1_B3136", {}, "published times are of a B4096"),
        ("DPUCZDX8G_ISA1_B3136", {"board": "KV260"}, "published times are of a B4096"),
        ("DPUCZDX8G_ISA0_B4096_MAX_BG2", {}, "instruction set 1"),
        (B4096, {"clock_mhz": 200}, "KV260 with another clock was not measured"),
        (B4096, {"cores": 2, "bandwidth_gb_s": 8}, "another cores and bandwidth"),
    ],
)
def test_what_nobody_checked_says_so_and_has_no_figure_of_its_error(spec, options, says):
    error = inspected(stack(2), spec).estimate(**options).error
    assert (error.mean, error.max, error.networks) == (None, None, 0)
    assert says in error.unchecked
    assert error.brief == "error not calibrated"


def test_where_no_board_is_known_it_is_one_core_at_300_mhz():
    platform = inspected(stack(2), B1600).estimate().platform
    assert (platform.board, platform.cores, platform.clock_mhz) == (None, 1, 300)


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (stack(2, size=512, channels=16), "measured inputs are at most 416x416"),
        (stack(1, 16, 8), "below 1 ms the host and the driver dominate"),
        (gated("hard-sigmoid"), "no measured network contains hard-sigmoid"),
        (
            Graph(
                "wide",
                [
                    node("in", "data", shape=(1, 64, 32, 64)),
                    conv("c", "in", (1, 64, 32, 64), 64, (3, 3), pad=(1, 1, 1, 1)),
                    node("out", "return", ["c"], (1, 64, 32, 64)),
                ],
            ),
            "measured feature maps are square",
        ),
        (
            Graph(
                "kernels",
                [
                    node("in", "data", shape=(1, 64, 64, 64)),
                    conv("c", "in", (1, 64, 64, 64), 64, (9, 9), pad=(4, 4, 4, 4)),
                    node("out", "return", ["c"], (1, 64, 64, 64)),
                ],
            ),
            "measured kernels are at most 7x7",
        ),
    ],
    ids=["large", "short", "kind", "oblong", "kernel"],
)
def test_what_lies_beyond_the_measured_is_named(graph, says):
    error = inspected(graph, B4096).estimate().error
    assert any(says in one for one in error.beyond), error.beyond
    assert "likely more here" in error.brief


def test_a_stack_within_the_measured_has_nothing_beyond_it():
    assert inspected(stack(), B4096).estimate().error.beyond == ()


def test_a_cpu_operator_between_leaves_no_frames_a_second():
    found = inspected(gated("exp"), B4096).estimate()
    assert (found.fps, found.latency_ms) == (None, None)
    assert found.dpu_ms > 0
    assert found.not_counted == ("gate",)
    assert found.part_only.endswith(
        "the time of 1 CPU operator between DPU operators is not estimated"
    )


def test_a_cpu_operator_at_the_end_leaves_the_figures_of_the_dpus_part():
    found = inspected(headed(), B4096).estimate()
    assert found.fps > 0
    assert found.not_counted == ("soft",)
    assert found.part_only == "DPU part only: 1 CPU operator is not counted"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"board": "ZCU10"}, "unknown board 'ZCU10': valid are KV260, ZCU102, ZCU104"),
        ({"board": "VCK190"}, "unknown board 'VCK190'"),
        ({"board": ""}, "unknown board ''"),
        ({"clock_mhz": 0}, "clock_mhz is 0; valid is a number above 0"),
        ({"clock_mhz": -1.5}, "clock_mhz is -1.5"),
        ({"clock_mhz": math.nan}, "clock_mhz is nan"),
        ({"clock_mhz": "fast"}, "clock_mhz is 'fast'"),
        ({"cores": 0}, "cores is 0; valid is an integer from 1 to 64"),
        ({"cores": 1.5}, "cores is 1.5"),
        ({"cores": True}, "cores is True"),
        ({"bandwidth_gb_s": math.inf}, "bandwidth_gb_s is inf"),
    ],
)
def test_wrong_figures_are_one_clear_error(options, says):
    with pytest.raises(EstimateError) as raised:
        inspected(stack(1), B4096).estimate(**options)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_board_with_another_dpu_wants_cores_and_clock():
    inspection = inspected(stack(1), B1600)
    with pytest.raises(EstimateError, match="no image of ZCU104 has DPUCZDX8G_ISA1_B1600"):
        inspection.estimate("ZCU104")
    own = inspection.estimate("ZCU104", cores=2, clock_mhz=250)
    assert (own.platform.cores, own.platform.clock_mhz) == (2, 250)
    assert own.error.mean is None


OTHERS = [one.name for one in registry.families() if one.name != "czdx8g"]


@pytest.mark.parametrize("name", OTHERS)
def test_families_without_a_model_say_why(name):
    family = registry.family(name)
    target = next(iter(registry.targets(family)))
    inspection = inspected(stack(1), target)
    with pytest.raises(EstimateError) as raised:
        inspection.estimate()
    assert family.timing in str(raised.value)
    assert str(raised.value).startswith("no times are estimated for {}: ".format(family.dpu))
    assert (inspection.default_estimate, inspection.estimate_unknown) == (None, str(raised.value))
    summary = inspection.to_dict()["summary"]
    assert (summary["estimate"], summary["estimate_unknown"]) == (None, str(raised.value))


def test_where_nothing_runs_on_the_dpu_there_is_no_time():
    shape = (1, 8, 8, 16)
    ops = [node("in", "data", shape=shape), node("soft", "softmax", ["in"], shape, a.AxisAttrs(3))]
    inspection = inspected(Graph("cpu", [*ops, node("out", "return", ["soft"], shape)]), B4096)
    assert inspection.default_estimate is None
    with pytest.raises(EstimateError, match="no operator runs on the DPU"):
        inspection.estimate()


NETWORKS = {"stack": stack, "gated": gated, "between": lambda: gated("exp"), "headed": headed}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_report_has_the_time_and_its_error(name, tmp_path):
    inspection = inspected(NETWORKS[name](), B4096)
    found = inspection.default_estimate
    data = json.loads(json_report.render(inspection))
    jsonschema.validate(data, json_report.schema())
    assert data["summary"]["estimate"]["dpu_ms"] == found.dpu_ms
    assert data["summary"]["estimate"]["error"]["mean"] == found.error.mean
    for op in data["ops"]:
        assert (op["estimate"] is None) == (op["name"] not in found.ops)
    again = Inspection.from_dict(data)
    assert again.default_estimate == found
    assert again.to_dict() == inspection.to_dict()
    assert pickle.loads(pickle.dumps(found)) == found
    file = tmp_path / "console"
    with file.open("w", encoding="utf-8") as stream:
        console.show(inspection, 1, stream)
    printed = file.read_text(encoding="utf-8")
    for told in (
        text.render(inspection),
        gv.render(inspection),
        notebook.render(inspection),
        printed,
    ):
        words = " ".join(told.replace("│", " ").split())
        assert times.milliseconds(found.dpu_ms) in words
        assert found.error.brief in words


def test_an_inspection_that_was_read_back_can_be_estimated_on_other_boards():
    inspection = inspected(headed(), B4096)
    again = Inspection.from_json(json_report.render(inspection))
    assert again.estimate("ZCU102") == inspection.estimate("ZCU102")
    assert estimate(again) == again.default_estimate


def test_the_table_has_a_row_for_each_operator_that_takes_time():
    inspection = inspected(stack(3, 257), B4096)
    lines = estimate_table.render(inspection, inspection.estimate("ZCU104")).splitlines()
    assert lines[0] == "graph on DPUCZDX8G_ISA1_B4096, ZCU104 (2 cores at 300 MHz)"
    rows = [line.split() for line in lines if line.startswith("c")]
    assert [row[0] for row in rows] == ["c0", "c1", "c2"]
    words = " ".join(" ".join(lines).split())
    assert words.count("257 input channels to 272, 257 output channels to 272") == 3
    assert max(map(len, lines)) <= estimate_table.WIDTH
    assert "measured on ZCU104 with release 2.5 on 16 networks" in words


def test_root_causes_tell_what_fixing_them_gives_back_in_time():
    inspection = inspected(gated(), B4096)
    (cause,) = inspection.root_causes
    assert cause.alone.returned == ("gate",)
    assert cause.alone.dpu_ms > 0
    on_dpu = {"a", "b", "gate"}
    timed = TIMING.timed([op.op for op in inspection.ops], inspection.target)
    assert cause.alone.dpu_ms == timed.dpu_ms(on_dpu, inspection.default_estimate.platform)
    words = " ".join(text.render(inspection).split())
    assert (
        "DPU time per frame from {} to {} ({})".format(
            times.milliseconds(inspection.default_estimate.dpu_ms),
            times.milliseconds(cause.alone.dpu_ms),
            inspection.default_estimate.error.brief,
        )
        in words
    )
    unknown = inspected(gated("exp"), B4096).root_causes[0].alone
    assert (unknown.returned, unknown.dpu_ms) == (("gate",), None)


def test_a_timing_model_that_fails_costs_no_inspection(monkeypatch):
    class Broken(type(TIMING)):
        def timed(self, ops, target):
            raise ZeroDivisionError("of a plug-in")

    family = registry.family("czdx8g")
    broken = dataclasses.replace(
        family, timing=Broken(TIMING.package, TIMING.measured, TIMING.unchecked)
    )
    monkeypatch.setattr(registry, "family", lambda name: broken)
    inspection = inspected(stack(1), B4096)
    assert inspection.summary.fully_on_dpu
    assert inspection.estimate_unknown == (
        "the timing model of DPUCZDX8G failed: ZeroDivisionError: of a plug-in."
    )


def test_times_add_up_to_the_same_sum_on_every_python():
    prices = Prices(clock=1.0, bandwidth=1.0, fill=0.1)
    layers = [Layer(ops=[], reads=(), array=0, engine=0, weights=0)] * 10
    assert prices.total(layers) == 1.0  # one addition after the other gives less
