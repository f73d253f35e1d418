"""Constraints of `pixel-shuffle`, the move from depth to space."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import PixelShuffleAttrs
from vai_inspect.rules.common.examples import after_conv, alone, conv_op, data, graph, op
from vai_inspect.rules.common.sources import DIGEST
from vai_inspect.rules.constraint import Stage, Verdict, constraint
from vai_inspect.rules.example import Example
from vai_inspect.rules.site import Problem, Site

SHAPE = (1, 32, 32, 16)
BY_2 = PixelShuffleAttrs(2)


def _feeding(site: Site) -> Optional[Op]:
    """Returns the convolution right before a shuffle from depth to space."""
    producer = site.graph.producer(site.original)
    if producer is None or not site.attrs.upscale:
        return None
    return producer if site.seen_as(producer).kind == "conv2d" else None


@constraint(
    "pixel_shuffle.convolution",
    kinds=("pixel-shuffle",),
    stage=Stage.FUSION,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ": it becomes a tile operator where a convolution feeds it",
    passes=(after_conv("by 2 behind a convolution", "pixel-shuffle", BY_2, (1, 60, 60, 4)),),
    fails=(
        alone("of an input", "pixel-shuffle", BY_2, SHAPE, (1, 64, 64, 4)),
        after_conv(
            "from space to depth", "pixel-shuffle", PixelShuffleAttrs(2, False), (1, 15, 15, 64)
        ),
    ),
    cure="put a convolution right before it; an activation goes before that convolution",
)
def behind_convolution(site: Site) -> Iterator[Problem]:
    """It moves depth to space right behind a convolution; of any other it is unknown.

    The 2.5 PyTorch inspector, which has no rule for it, says DPU of all.
    """
    if _feeding(site) is None:
        producer = site.graph.producer(site.original)
        yield Problem(
            "no source says that it runs {}".format(
                "from space to depth"
                if not site.attrs.upscale
                else "behind {}".format("nothing" if producer is None else producer.kind)
            ),
            found="space to depth" if not site.attrs.upscale else site.producers[0].kind,
            limit="behind conv2d",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "pixel_shuffle.convolution_on_dpu",
    kinds=("pixel-shuffle",),
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="concluded: the tile operator writes what the convolution gives",
    passes=(after_conv("the convolution is on the DPU", "pixel-shuffle", BY_2, (1, 60, 60, 4)),),
    fails=(
        Example(
            "the convolution is on the CPU",
            graph(
                data(SHAPE),
                conv_op(SHAPE, name="conv", kernel=(17, 17)),
                op("pixel-shuffle", ["conv"], (1, 32, 32, 4), BY_2),
            ),
        ),
    ),
    cure="bring the convolution to the DPU",
)
def convolution_on_dpu(site: Site) -> Iterator[Problem]:
    """The convolution that feeds it runs on the DPU."""
    producer = _feeding(site)
    if producer is not None and site.device_of(producer) is Device.CPU:
        yield Problem(
            "the convolution {} that feeds it is on the CPU".format(producer.name),
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


CONSTRAINTS = (behind_convolution, convolution_on_dpu)
