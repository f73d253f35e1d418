"""Constraints of `pixel-shuffle`, the move from depth to space."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import PixelShuffleAttrs
from vai_inspect.rules.engine.constraint import Stage, Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example
from vai_inspect.rules.shared.examples import after_conv, alone, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import DIGEST

SHAPE = (1, 32, 32, 16)
BY_2 = PixelShuffleAttrs(2)
UNSHUFFLE_SEEN = ("cvdx8g",)
"""Families whose compiled models show space to depth."""


def _feeding(site: Site) -> Optional[Op]:
    """Returns the convolution right before a shuffle from depth to space."""
    producer = site.graph.producer(site.original)
    if producer is None or not site.attrs.upscale:
        return None
    return producer if site.seen_as(producer).kind == "conv2d" else None


def _to_depth(text: str, after: bool) -> Example:
    attrs, shape = PixelShuffleAttrs(2, False), (1, 30, 30, 16)
    if after:
        return after_conv(text, "pixel-shuffle", attrs, (1, 15, 15, 64))
    return alone(text, "pixel-shuffle", attrs, shape, (1, 15, 15, 64))


@constraint(
    "pixel_shuffle.to_depth",
    kinds=("pixel-shuffle",),
    evidence=Evidence.COMPILED,
    source="compiled for the VCK190 (Vitis-AI issue 1199), also right after a convolution",
    seen_on=UNSHUFFLE_SEEN,
    passes=(
        after_conv("by 2 to space, after a convolution", "pixel-shuffle", BY_2, (1, 60, 60, 4)),
    ),
    fails=(
        _to_depth("from space to depth", after=False),
        _to_depth("from space to depth, after a convolution", after=True),
    ),
)
def to_depth(site: Site) -> Iterator[Problem]:
    """It moves depth to space: what moves space to depth (PixelUnshuffle) is on the CPU of
    DPUCVDX8G, also right after a convolution; on another DPU it is unknown.
    """
    if not site.attrs.upscale:
        factor, seen = site.attrs.scale, site.target.family in UNSHUFFLE_SEEN
        yield Problem(
            "the DPU does not move space to depth"
            if seen
            else "it moves space to depth, which DPUCVDX8G does not; of this DPU no source says it",
            found="space to depth",
            limit="depth to space",
            verdict=Verdict.UNSUPPORTED if seen else Verdict.UNKNOWN,
            suggestion=f"use a convolution of kernel {factor} and stride {factor} with weights of "
            "0 and 1, which computes the same",
        )


@constraint(
    "pixel_shuffle.convolution",
    kinds=("pixel-shuffle",),
    stage=Stage.FUSION,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ": it becomes a tile operator where a convolution feeds it",
    passes=(after_conv("by 2 behind a convolution", "pixel-shuffle", BY_2, (1, 60, 60, 4)),),
    fails=(alone("of an input", "pixel-shuffle", BY_2, SHAPE, (1, 64, 64, 4)),),
    cure="put a convolution right before it; an activation goes before that convolution",
)
def behind_convolution(site: Site) -> Iterator[Problem]:
    """It moves depth to space right after a convolution; after anything else it is unknown.

    The 2.5 PyTorch inspector, which has no rule for it, says DPU of all.
    """
    if site.attrs.upscale and _feeding(site) is None:
        producer = site.graph.producer(site.original)
        yield Problem(
            "no source says that it runs after {}".format(
                "nothing" if producer is None else producer.kind
            ),
            found=site.producers[0].kind,
            limit="after conv2d",
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


CONSTRAINTS = (to_depth, behind_convolution, convolution_on_dpu)
