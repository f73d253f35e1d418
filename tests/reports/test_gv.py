from __future__ import annotations

import re

import pytest

from tests.reports import samples
from vai_inspect.reports import gv


def _edges(source: str):
    return re.findall(r"^  (n\d+) -> (n\d+)", source, re.MULTILINE)


@pytest.mark.parametrize("make", [samples.mixed, samples.hostile, lambda: samples.chain(400)])
def test_each_operator_is_one_box_and_each_input_one_edge(make):
    inspection = make()
    source = gv.render(inspection)
    names = [op.name for op in inspection.ops]
    assert sorted(re.findall(r"^ +(n\d+) \[label", source, re.MULTILINE)) == sorted(
        "n{}".format(at) for at in range(len(names))
    )
    edges = [(names[int(a[1:])], names[int(b[1:])]) for a, b in _edges(source)]
    assert sorted(edges) == sorted(
        (name, op.name) for op in inspection.ops for name in {value.op for value in op.op.inputs}
    )


def test_a_label_is_bounded_and_the_tooltip_whole():
    source = gv.render(samples.hostile())
    labels = re.findall(r'\[label="((?:[^"\\]|\\.)*)"', source)
    assert max(len(line) for label in labels for line in re.split(r"\\n", label)) < 200
    assert 'tooltip="{}"'.format("x" * 10_000) in source
