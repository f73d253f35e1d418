"""The picture's own graph: nothing of the model is missing on the page, however large it is."""

from __future__ import annotations

import random
import re

import pytest

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.reports import boxes, picture


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
    "random of 300": lambda: random_network(300),
    "random of 3000": lambda: random_network(3000),
}


@pytest.fixture(params=sorted(MODELS), scope="module")
def model(request):
    return MODELS[request.param]()


def test_every_operator_is_in_one_box_and_boxes_have_no_cycle(model):
    made = boxes.boxes(model.ops)
    assert sorted(op.name for box in made for op in box.ops) == sorted(op.name for op in model.ops)
    of = {op.name: at for at, box in enumerate(made) for op in box.ops}
    for at, box in enumerate(made):
        assert len({op.subgraph for op in box.ops}) == 1
        assert all(source < at for source in box.reads)
        assert set(box.reads) == {of[v.op] for op in box.ops for v in op.op.inputs} - {at}
        assert set(box.read_by) == {of[name] for op in box.ops for name in op.consumers} - {at}


def test_small_graphs_have_a_box_for_each_operator_and_large_ones_fewer():
    assert all(len(box.ops) == 1 for box in boxes.boxes(samples.chain(400).ops))
    assert len(boxes.boxes(samples.chain(3000).ops)) <= boxes.MOST_BOXES
    assert len(boxes.boxes(random_network(2000).ops)) < 2000 / 2


def test_what_a_box_reads_is_an_edge_or_named_at_both_ends(model):
    source = picture.render(model)
    page = picture._Page(model)
    edges = set(re.findall(r"^ +(\w+) -> (\w+)", source, re.MULTILINE))
    for at, box in enumerate(page.boxes):
        for reads in box.reads:
            if ("n{}".format(reads), "n{}".format(at)) in edges:
                assert page.place[reads] == page.place[at]
                continue
            if page.place[reads] != page.place[at]:
                assert ("n{}".format(reads), "to_{}".format(reads)) in edges
            else:
                assert len(box.reads) > picture.MOST_ARROWS
            tags = {tag for tag, end in edges if end == "n{}".format(at) and "from" in tag}
            own = "from_{}_{}".format(reads, page.place[at])
            assert own in tags or tags == {"from_many_{}".format(at)}


def test_each_operator_of_a_run_is_told_and_why_it_is_on_the_cpu():
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


def test_modules_are_told_in_sum():
    assert "60 operators: stage3.180.add to stage3.239.add\\ladd 60" in picture.render(modules())


def test_the_legend_shows_the_sorts_that_there_are():
    legend = picture.render(samples.mixed()).split("cluster_column")[0]
    assert "no source decides" in legend
    assert "runs on the CPU" in legend
    assert "another column" not in legend
    legend = picture.render(samples.chain(400)).split("cluster_column")[0]
    assert "no source decides" not in legend
    assert "runs on the CPU" not in legend
    assert "goes on in another column" in legend


def test_a_subgraph_in_several_columns_says_so():
    source = picture.render(samples.chain(400))
    pieces = re.findall(r'label="dpu_subgraph_0 \((\d+) of (\d+)\)"', source)
    assert [int(piece) for piece, _ in pieces] == list(range(1, len(pieces) + 1))
    assert {int(of) for _, of in pieces} == {len(pieces)}
    assert 'label="dpu_subgraph_0"' in picture.render(samples.all_on_dpu())
