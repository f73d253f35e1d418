"""The picture's own graph: nothing of the model is missing on the page, however large it is."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.reports import gv
from vai_inspect.reports.picture import boxes, columns, picture, renderers, rows


def random_network(size, seed=0):
    dice = random.Random(seed)
    ops = [samples.op("x", "data", device=Device.USER)]
    for at in range(size):
        sources = {dice.choice(ops[-20:]).name for _ in range(dice.choice([1, 1, 2, 3]))}
        device = dice.choice([Device.DPU, Device.DPU, Device.CPU])
        name = "stage{}.block{}.add{}".format(at // 200, at // 20, at)
        ops.append(samples.op(name, "add", sorted(sources), device=device))
    groups = {}
    for at, op in enumerate(ops[1:]):
        groups.setdefault("{}_subgraph_{}".format(op.device.value, at // 10), []).append(op.name)
    return samples.inspection("random", ops, groups)


def modules():
    """A large network of modules, whose operators read one another across and across."""
    ops = [samples.op("x", "data", device=Device.USER)]
    for at in range(1200):
        reads = sorted({ops[-1].name, ops[-min(len(ops), 3)].name})
        ops.append(samples.op("stage{}.{}.add".format(at // 60, at), "add", reads))
    return samples.inspection("modules", ops)


MODELS = {
    "modules": modules,
    "mixed": samples.mixed,
    "all on the DPU": samples.all_on_dpu,
    "hostile": samples.hostile,
    "empty": lambda: samples.inspection("empty", [], {}),
    "chain of 400": lambda: samples.chain(400),
    "chain of 3000": lambda: samples.chain(3000),
    "dense": samples.dense,
    "detector": lambda: detector(),
    "random of 300": lambda: random_network(300),
    "random of 3000": lambda: random_network(3000),
}


@pytest.fixture(params=sorted(MODELS), scope="module")
def model(request):
    return MODELS[request.param]()


def test_every_operator_is_in_one_box_and_boxes_have_no_cycle(model):
    _check_levels(model)


def _check_levels(model):
    fewer = len(model.ops) + 1
    at_ends = boxes.ends(model)
    for made in boxes.levels(model.ops, at_ends):
        joined = {box.end: {op.name for op in box.ops} for box in made if box.end}
        assert set(at_ends) == set().union(*joined.values())
        assert all({at_ends[name] for name in names} == {end} for end, names in joined.items())
        assert len(made) < fewer
        fewer = len(made)
        names = [op.name for box in made for op in box.ops]
        assert sorted(names) == sorted(op.name for op in model.ops)
        of = {op.name: at for at, box in enumerate(made) for op in box.ops}
        for at, box in enumerate(made):
            assert len(box.ops) == 1 or all(op.subgraph is not None for op in box.ops)
            assert all(source < at for source in box.reads)
            assert set(box.reads) == {of[v.op] for op in box.ops for v in op.op.inputs} - {at}
            assert set(box.read_by) == {of[name] for op in box.ops for name in op.consumers} - {at}


@given(st.integers(0, 120), st.integers(0, 5000), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_however_a_graph_is_divided_it_stays_whole(size, seed, one_each):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boxes, "ONE_EACH", one_each)
        patch.setattr(boxes, "FEWEST_BOXES", 10)
        _check_levels(random_network(size, seed))


@given(st.integers(0, 90), st.integers(0, 5000), st.integers(10, 60))
@settings(max_examples=40, deadline=None)
def test_every_arrow_of_a_random_graph_is_drawn_or_named(size, seed, one_each):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boxes, "ONE_EACH", one_each)
        patch.setattr(columns, "SHORTEST", 300.0)
        patch.setattr(rows, "WIDEST", 500.0)
        _check_arrows(random_network(size, seed))


def detector():
    """Host operators before and after what the DPU runs, with constants, and one between."""
    host, dpu, user = Device.CPU, Device.DPU, Device.USER
    ops = [samples.op("x", "data", device=user), samples.op("mean", "const", device=host)]
    ops += [samples.op("centre", "sub", ["x", "mean"], device=host)]
    ops += [
        samples.op("scale", "div", ["centre"], device=host),
        samples.op("a", "conv2d", ["scale"]),
    ]
    ops += [samples.op("swish", "swish", ["a"], device=host), samples.op("b", "conv2d", ["swish"])]
    ops += [
        samples.op("grid", "const", device=host),
        samples.op("shift", "add", ["grid"], device=host),
    ]
    ops += [samples.op("box", "reshape", ["b"], device=host)]
    ops += [
        samples.op("c", "conv2d", ["b"], device=dpu),
        samples.op("class", "softmax", ["c"], device=host),
    ]
    ops += [samples.op("nms", "unknown", ["box", "class", "shift"], device=host)]
    ops += [samples.op("out", "return", ["nms"], device=user)]
    parts = {
        "cpu_subgraph_0": ["mean", "centre", "scale"],
        "dpu_subgraph_0": ["a"],
        "cpu_subgraph_1": ["swish"],
        "dpu_subgraph_1": ["b", "c"],
        "cpu_subgraph_2": ["grid", "shift", "box", "class", "nms"],
    }
    return samples.inspection("detector", ops, parts)


def test_what_the_cpu_does_at_the_start_or_the_end_is_one_box_with_its_count():
    model = detector()
    ends = [box for box in picture.page_of(model).boxes if box.end]
    assert {box.end: [op.name for op in box.ops] for box in ends} == {
        "start": ["mean", "centre", "scale"],
        "end": ["grid", "shift", "box", "class", "nms"],
    }
    source = picture.render(model)
    assert "start on the CPU: 2 operators, 1 constant\\l" in source
    assert "end on the CPU: 4 operators, 1 constant\\l" in source
    # A few are told one by one, more in sum.
    assert "div  scale" in source
    assert "softmax  class" not in source
    _check_levels(model)
    _check_arrows(model)


def test_one_operator_at_an_end_and_a_network_of_the_host_alone_are_drawn_as_they_are():
    user, host = Device.USER, Device.CPU
    tail = [samples.op("x", "data", device=user), samples.op("a", "conv2d", ["x"])]
    tail += [samples.op("class", "softmax", ["a"], device=host)]
    parts = {"dpu_subgraph_0": ["a"], "cpu_subgraph_0": ["class"]}
    assert boxes.ends(samples.inspection("tail", tail, parts)) == {}
    alone = [samples.op("x", "data", device=user), samples.op("a", "relu", ["x"], device=host)]
    alone += [samples.op("b", "relu", ["a"], device=host)]
    parts = {"cpu_subgraph_0": ["a", "b"]}
    assert boxes.ends(samples.inspection("host", alone, parts)) == {}


@pytest.mark.parametrize("make", [samples.mixed, detector, lambda: random_network(120)])
def test_no_arrow_runs_through_a_title(make, tmp_path):
    if renderers.find_renderer("svg") is None:
        pytest.skip("no renderer is installed")
    model = make()
    renderers.draw(picture.render(model), tmp_path / "graph.svg", "svg")
    drawn = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    named = r'<text[^>]* x="([-\d.]+)" y="([-\d.]+)"[^>]*>((?:dpu|cpu)_subgraph_[^<:]*)</text>'
    titles = [(float(x), float(y), len(text)) for x, y, text in re.findall(named, drawn)]
    assert len(titles) >= 2
    arrows = re.findall(r'class="edge">.*?<path[^>]* d="([^"]+)"', drawn, re.DOTALL)
    assert arrows
    for arrow in arrows:
        for x, y in _points(arrow):
            for left, bottom, letters in titles:
                # The text is centred, its letters of 12 points are about 6 wide.
                assert abs(x - left) > 2.6 * letters or not bottom - 9 < y < bottom + 2


def _points(path):
    """Points on a path of Bezier curves, as Graphviz writes them."""
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", path)]
    corners = list(zip(numbers[::2], numbers[1::2]))
    for start in range(0, len(corners) - 3, 3):
        a, b, c, d = corners[start : start + 4]
        for step in range(21):
            t = step / 20
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d))) for axis in (0, 1))


def test_small_graphs_have_a_box_for_each_operator_and_large_ones_fewer():
    for chain in (40, 400):
        page = picture.page_of(samples.chain(chain))
        assert all(len(box.ops) == 1 for box in page.boxes)
    for large in (samples.chain(3000), random_network(3000), modules()):
        assert len(picture.page_of(large).boxes) <= boxes.MOST_BOXES


def test_a_page_can_be_read_when_it_is_scaled_to_the_largest_png(model):
    assert picture.page_of(model).scale >= picture.READABLE


def test_what_a_box_reads_is_an_arrow_or_named(model):
    _check_arrows(model)


def _check_arrows(model):
    page = picture.page_of(model)
    source = picture.render(model)
    edges = re.findall(r"^ +n(\d+) -> n(\d+)\b(?! \[style=invis)", source, re.MULTILINE)
    labels = dict(re.findall(r'^ +n(\d+) \[label="((?:[^"\\]|\\.)*)"', source, re.MULTILINE))
    assert len(labels) == len(page.boxes)
    drawn = {(int(giver), int(reader)) for giver, reader in edges}
    assert len(drawn) == len(edges)
    for at, box in enumerate(page.boxes):
        far = [giver for giver in box.reads if (giver, at) not in drawn]
        assert {giver for giver, reader in drawn if reader == at} == set(box.reads) - set(far)
        for giver in box.reads:
            if giver not in far:
                assert page.place[giver] == page.place[at]
            elif page.place[giver] == page.place[at]:
                assert len(box.reads) > picture.MOST_ARROWS
            else:
                assert "to column" in labels[str(giver)]
        lines = re.split(r"\\[nl]", labels[str(at)])[:-1]
        more = [int(n) for line in lines for n in re.findall(r"^and from (\d+) more$", line)]
        named = [line for line in lines if re.match(r"from .* \((above|column \d+)\)$", line)]
        assert len(named) + sum(more) == len(far)


def test_constants_and_wide_rows_keep_their_places():
    ops = [samples.op("x", "data", device=Device.USER)]
    ops += [samples.op("wide{}".format(at), "relu", ["x"]) for at in range(150)]
    source = picture.render(samples.inspection("wide", ops))
    minlens = {int(found) for found in re.findall(r"\[minlen=(\d+)\]", source)}
    assert minlens >= {2, 3, 4}
    assert len(re.findall(r"n0 -> n\d+", source)) == 150


def test_neighbours_of_several_devices_share_a_box_only_where_nothing_else_fits():
    ops = [samples.op("x", "data", device=Device.USER)]
    groups = {}
    for at in range(2000):
        device = (Device.DPU, Device.CPU)[at % 2]
        findings = (samples.KERNEL,) if at % 2 else ()
        name = "stage{}.{}.conv".format(at // 20, at)
        ops.append(samples.op(name, "conv2d", [ops[-1].name], device=device, findings=findings))
        groups["{}_subgraph_{}".format(device.value, at // 2)] = [name]
    source = picture.render(samples.inspection("alternating", ops, groups))
    assert (
        r"stage7: 20 operators\l10 on the DPU, 10 on the CPU\lconv2d 20\lkernel_w is 17" in source
    )
    assert "a part on the DPU, a part on the CPU" in source.split("cluster_column")[0]
    assert source.count(gv.BOTH[1]) == 101


def test_each_operator_of_a_run_is_reported_and_why_it_is_on_the_cpu():
    ops = [samples.op("x", "data", device=Device.USER)]
    for at in range(500):
        wrong = at == 260
        ops.append(
            samples.op(
                "conv{}".format(at),
                "conv2d",
                [ops[-1].name],
                device=Device.CPU if wrong else Device.DPU,
                findings=(samples.KERNEL,) if wrong else (),
                layers=("conv{}".format(at), "bn{}".format(at)),
            )
        )
    groups = {
        "dpu_subgraph_0": [op.name for op in ops[1:261]],
        "cpu_subgraph_0": ["conv260"],
        "dpu_subgraph_1": [op.name for op in ops[262:]],
    }
    source = picture.render(samples.inspection("long", ops, groups))
    labels = " ".join(re.findall(r'label="((?:[^"\\]|\\.)*)"', source))
    assert all("conv{} ".format(at) in labels for at in range(260))
    assert "+1 folded" in labels
    assert "cpu_subgraph_0:" in labels
    assert "kernel_w is 17" in labels


def test_modules_are_reported_in_sum():
    assert r"stage3: 60 operators\ladd 60" in picture.render(modules())


def test_the_same_graph_gives_the_same_picture_in_any_process():
    code = (
        "from tests.reports.test_picture import picture, random_network; "
        "print(picture.render(random_network(1500)))"
    )
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=dict(os.environ, PYTHONHASHSEED=seed),
            cwd=str(Path(__file__).parents[2]),
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(drawn) == 1
    assert b"cluster_column_1" in drawn.pop()


def test_the_legend_shows_the_sorts_that_there_are():
    legend = picture.render(samples.mixed()).split("cluster_column")[0]
    assert "no source decides" in legend
    assert "runs on the CPU" in legend
    assert "arrows that are not drawn" not in legend
    legend = picture.render(samples.chain(400)).split("cluster_column")[0]
    assert "no source decides" not in legend
    assert "runs on the CPU" not in legend
    assert "arrows that are not drawn" in legend


def test_a_legend_of_one_sort_is_seen():
    legend = picture.render(samples.inspection("one", [samples.op("x", "relu")]))
    assert "style=invis" not in legend.split("cluster_column")[0]


def test_a_subgraph_in_several_columns_says_so():
    source = picture.render(samples.chain(400))
    pieces = re.findall(r'label="dpu_subgraph_0 \((\d+) of (\d+)\)"', source)
    assert [int(piece) for piece, _ in pieces] == list(range(1, len(pieces) + 1))
    assert {int(of) for _, of in pieces} == {len(pieces)}
    assert 'label="dpu_subgraph_0"' in picture.render(samples.all_on_dpu())
