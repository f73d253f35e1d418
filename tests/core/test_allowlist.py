"""What may be on the CPU: patterns, and where in the network they hold."""

from __future__ import annotations

import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import attrs as a

CPU, USER = Device.CPU, Device.USER


def network():
    """Norm on the CPU, convolution, softmax on the CPU amid, convolution, softmax at the end."""
    ops = [
        samples.op("x", "data", device=USER),
        samples.op("offset", "const", device=CPU),
        samples.op("norm", "sub", ["x", "offset"], device=CPU, findings=(samples.UNKNOWN,)),
        samples.op("conv1", "conv2d", ["norm"], layers=("features.conv1", "features.bn1")),
        samples.op("attention", "softmax", ["conv1"], device=CPU, findings=(samples.KERNEL,)),
        samples.op("weights", "const"),
        samples.op("conv2", "conv2d", ["attention", "weights"]),
        samples.op(
            "last",
            "softmax",
            ["conv2"],
            device=CPU,
            findings=(samples.KERNEL,),
            layers=("head.dense", "head.softmax"),
        ),
        samples.op(
            "flat", "reshape", ["last"], (1, 9), a.ReshapeAttrs((1, 9)), CPU, (
                samples.follows("last"),
            )
        ),
        samples.op("return", "return", ["flat"], device=USER),
    ]  # fmt: skip
    return samples.inspection("network", ops, {})


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ((), ["norm", "attention", "last", "flat"]),
        (("softmax",), ["norm", "flat"]),
        (("soft*", "reshape"), ["norm"]),
        (("end:softmax",), ["norm", "attention", "flat"]),
        (("end:*",), ["norm", "attention"]),
        (("start:*",), ["attention", "last", "flat"]),
        (("start:*", "end:*"), ["attention"]),
        (("head.softmax", "norm"), ["attention", "flat"]),
        (("head.*",), ["norm", "attention", "flat"]),
        (("Softmax",), ["norm", "attention", "last", "flat"]),
        (("*",), []),
    ],
)
def test_what_is_left(patterns, left):
    """Constants are weights: what reads them is left, and they are not."""
    assert [op.name for op in Allowlist(patterns).excess(network())] == left


def test_without_patterns_the_count_is_that_of_the_summary():
    found = network()
    assert len(Allowlist().excess(found)) == found.summary.cpu_ops


@pytest.mark.parametrize(
    ("patterns", "rest"),
    [
        ((), ()),
        (("attention",), ("start:sub", "end:softmax", "end:reshape")),
        (("attention", "end:*"), ("start:sub",)),
        (("attention", "start:*"), ("end:softmax", "end:reshape")),
        (("*",), ()),
    ],
)
def test_what_costs_the_dpu_nothing_may_be_allowed(patterns, rest):
    assert Allowlist(patterns).for_the_rest(network()) == rest


def test_patterns_that_match_nothing_are_idle():
    patterns = ("softmax", "sofmax", "end:conv*", "end:pool")
    assert Allowlist(patterns).idle(network()) == ["sofmax", "end:pool"]
