"""Every step of a plan holds what it promises when it is done in code."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from benchmarks.plans import NETWORKS, carried_out

STEPS = {
    "CRNN": ["cut"],
    "UNet": ["cut", "rewrite"],
    "MobileNetV2 + LogSoftmax": ["rewrite", "cut"],
    "ssdlite320": ["rewrite", "cut"],
    "SSD300": ["rewrite", "cut"],
}
SLOW = ("ssdlite320", "SSD300")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in NETWORKS],
)
def test_each_step_holds(name):
    steps = list(carried_out(NETWORKS[name]))
    assert [done.step.kind for done in steps] == STEPS[name]
    for done in steps:
        assert done.found == done.promised
        assert not done.obstacle_left
