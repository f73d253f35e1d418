"""Graphs of any size, as frontends hand them over."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir import attrs as a

SHAPE = (1, 16, 16, 32)


class _Network:
    """Grows a graph operator by operator; each has a layer of its own, in blocks of ten."""

    def __init__(self) -> None:
        self.ops: List[Op] = []
        self.input = self.add("data", attrs=a.TensorAttrs(SHAPE))

    def add(self, kind: str, *inputs: str, attrs: Optional[a.Attrs] = None, **more: Any) -> str:
        number = len(self.ops)
        name = "block_{}.{}_{}".format(number // 10, kind.replace("-", "_"), number)
        values, origin = tuple(map(Value, inputs)), Origin("keras", (name,))
        outputs = (TensorType(SHAPE),)
        self.ops.append(
            Op(name, kind, attrs or a.NoAttrs(), values, outputs, origin=origin, **more)
        )  # type: ignore[arg-type]
        return name

    def conv(self, source: str) -> str:
        channels = SHAPE[3]
        params = (
            Param("weights", TensorType((channels, 3, 3, channels))),
            Param("bias", TensorType((channels,))),
        )
        attrs = a.Conv2dAttrs((3, 3), pad=(1, 1, 1, 1))
        return self.add("conv2d", source, attrs=attrs, params=params)

    def captured(self, name: str, outputs: Sequence[str]) -> Captured:
        for output in outputs:
            self.add("return", output)
        info = ModelInfo(name, "keras", "benchmark", "config")
        return Captured(Graph(name, self.ops), info)


def chain(size: int) -> Captured:
    """Convolutions and ReLUs in a row; all of it runs on the DPU."""
    return _in_a_row("chain", "relu", size)


def cut_chain(size: int) -> Captured:
    """Convolutions and sigmoids in a row, so that every second operator is on the CPU."""
    return _in_a_row("chain, cut", "sigmoid", size)


def _in_a_row(name: str, activation: str, size: int) -> Captured:
    net = _Network()
    last = net.input
    while len(net.ops) < size - 1:
        last = net.add(activation, net.conv(last))
    return net.captured(name, [last])


def residual(size: int) -> Captured:
    """Two convolutions with a ReLU between, added to what they read; all on the DPU."""
    net = _Network()
    last = net.input
    while len(net.ops) < size - 1:
        branch = net.conv(net.add("relu", net.conv(last)))
        last = net.add("add", branch, last)
    return net.captured("residual", [last])


def gated(size: int) -> Captured:
    """A convolution times the sigmoid of itself, added to what it read; a CPU operator a block."""
    net = _Network()
    last = net.input
    while len(net.ops) < size - 1:
        branch = net.conv(last)
        gate = net.add("mul", branch, net.add("sigmoid", branch))
        last = net.add("add", gate, last)
    return net.captured("residual, cut", [last])


def ladder(size: int) -> Captured:
    """Two rows of convolutions, each cut by sigmoids, that nothing joins before their ends.

    The worst case for root causes: no operator divides the graph, so that what one changes has to
    be counted in the whole of it.
    """
    net = _Network()
    left = right = net.conv(net.input)
    while len(net.ops) < size - 2:
        left = net.add("sigmoid", net.conv(left))
        right = net.add("sigmoid", net.conv(right))
    return net.captured("two rows, cut", [net.add("add", left, right)])


GRAPHS: Dict[str, Callable[[int], Captured]] = {
    "chain": chain,
    "chain, cut": cut_chain,
    "residual": residual,
    "residual, cut": gated,
    "two rows, cut": ladder,
}
