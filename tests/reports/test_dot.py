from __future__ import annotations

import re

import pytest

from tests.reports import samples
from vai_inspect.reports import dot
from vai_inspect.reports.columns import columns


def _edges(source: str):
    shown = [line for line in source.splitlines() if "invis" not in line]
    return re.findall(r"^  (n\d+) -> (n\d+)", "\n".join(shown), re.MULTILINE)


@pytest.mark.parametrize("make", [samples.mixed, samples.hostile, lambda: samples.chain(400)])
def test_each_operator_is_one_box_and_each_input_one_edge(make):
    inspection = make()
    source = dot.render(inspection)
    names = [op.name for op in inspection.ops]
    assert sorted(re.findall(r"^ +(n\d+) \[label", source, re.MULTILINE)) == sorted(
        "n{}".format(at) for at in range(len(names))
    )
    edges = [(names[int(a[1:])], names[int(b[1:])]) for a, b in _edges(source)]
    assert edges == [
        (name, op.name)
        for op in inspection.ops
        for name in dict.fromkeys(value.op for value in op.op.inputs)
    ]


def test_a_label_is_bounded_and_the_tooltip_whole():
    source = dot.render(samples.hostile())
    labels = re.findall(r'\[label="((?:[^"\\]|\\.)*)"', source)
    assert max(len(line) for label in labels for line in re.split(r"\\n", label)) < 200
    assert 'tooltip="{}"'.format("x" * 10_000) in source


def test_a_short_graph_stands_in_one_column():
    assert columns(samples.chain(40).ops).tops == ("input",)


@pytest.mark.parametrize("make", [lambda: samples.chain(400), samples.dense])
def test_columns_are_of_like_height_and_edges_lead_on(make):
    ops = make().ops
    placed = columns(ops)
    heights = [0] * len(placed.tops)
    for op in ops:
        heights[placed.of[op.name]] += 1
        assert all(placed.of[value.op] <= placed.of[op.name] for value in op.op.inputs)
    assert len(heights) > 5
    assert max(heights) < 3 * min(heights)


def test_a_column_begins_with_a_subgraph_where_it_can():
    ops = [samples.op("x", "data")]
    for at in range(120):
        ops.append(samples.op("c{}".format(at), "relu", [ops[-1].name]))
    parts = {
        "dpu_subgraph_{}".format(at): [
            "c{}".format(at * 35 + n) for n in range(35) if at * 35 + n < 120
        ]
        for at in range(4)
    }
    placed = columns(samples.inspection("m", ops, parts).ops)
    assert placed.tops == ("x", "c35", "c70", "c105")
