"""Constraints of pooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import MaxPool2dAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.common.engines import (
    ALU_PADS,
    ceil_div,
    feature_words,
    input_channels,
    pool_limit,
    up_to,
)
from vai_inspect.rules.common.examples import alone, pool
from vai_inspect.rules.constraint import Verdict, constraint
from vai_inspect.rules.example import Example
from vai_inspect.rules.site import SIDES, Problem, Site

POOLS = ("maxpool2d", "avgpool2d")
DEFINITIONS = "alu_limit and pad_limit of the target definitions; UG1414 3.5"

SEEN_AVERAGED = 91 * 68
"""The largest average-pool window that a compiled model shows on a B4096's DPU."""
SEEN_REFUSED = 182 * 136
"""The smallest that one shows on its CPU."""
SEEN_WORDS = 8 * 2048
"""Pixels of one channel group that the B4096's feature-map bank group holds."""


def _dilated(text: str, step: int) -> Example:
    attrs = MaxPool2dAttrs((2, 2), (1, 1), dilation=(step, step))
    size = 32 - step
    return alone(text, "maxpool2d", attrs, out=(1, size, size, 16))


@constraint(
    "pool.kernel",
    kinds=POOLS,
    evidence=Evidence.USER_GUIDE,
    source=DEFINITIONS,
    limits={
        "max_kernel": lambda target: getattr(pool_limit(target, "maxpool2d"), "kernel_size", None),
        "avg_kernel": lambda target: getattr(pool_limit(target, "avgpool2d"), "kernel_size", None),
    },
    passes=(
        pool("max pool 2x256", shape=(1, 256, 4, 16), kernel=(2, 256)),
        pool("max pool 1x1", kernel=(1, 1), stride=(2, 2)),
        pool("average pool 2x7", "avgpool2d", kernel=(2, 7)),
    ),
    fails=(
        pool("max pool 2x257", shape=(1, 257, 4, 16), kernel=(2, 257)),
        pool("average pool 257x2", "avgpool2d", shape=(1, 4, 257, 16), kernel=(257, 2)),
    ),
    cure="pool in two steps",
)
def kernel(site: Site) -> Iterator[Problem]:
    """Kernel width and height are each within {max_kernel} for a max pool and {avg_kernel} for an
    average pool; a global pool's kernel is its input.
    """
    limit = site.limit("max_kernel" if site.op.kind == "maxpool2d" else "avg_kernel")
    for problem in site.axes_within("kernel", site.attrs.kernel, limit):
        if site.attrs.global_:
            yield replace(problem, suggestion="make the map smaller before the global pool")
        else:
            yield problem


@constraint(
    "pool.stride",
    kinds=POOLS,
    evidence=Evidence.USER_GUIDE,
    source=DEFINITIONS,
    limits={
        "max_stride": lambda target: getattr(pool_limit(target, "maxpool2d"), "stride", None),
        "avg_stride": lambda target: getattr(pool_limit(target, "avgpool2d"), "stride", None),
    },
    passes=(
        pool("stride 256", shape=(1, 512, 4, 16), stride=(2, 256)),
        pool("stride 3", "avgpool2d", stride=(3, 3)),
    ),
    fails=(pool("stride 257", shape=(1, 520, 4, 16), stride=(2, 257)),),
)
def stride(site: Site) -> Iterator[Problem]:
    """Stride is within {max_stride} for a max pool and {avg_stride} for an average pool; a global
    pool makes one step.
    """
    if site.attrs.global_:
        return
    limit = site.limit("max_stride" if site.op.kind == "maxpool2d" else "avg_stride")
    yield from site.axes_within("stride", site.attrs.stride, limit)


@constraint(
    "pool.pad",
    kinds=POOLS,
    evidence=Evidence.USER_GUIDE,
    source=DEFINITIONS + "; pads below the kernel: pyxir common_op_support",
    limits=ALU_PADS,
    passes=(
        pool("pad 1, kernel 2", pad=(1, 1, 1, 1)),
        pool("pad 15, kernel 16", kernel=(16, 16), pad=(15, 15, 15, 15)),
        pool("pad right 16, kernel 17", kernel=(17, 17), pad=(0, 16, 0, 16)),
    ),
    fails=(
        pool("pad left 16, kernel 17", kernel=(17, 17), pad=(16, 0, 0, 0)),
        pool("pad 2, kernel 2", pad=(2, 0, 0, 0)),
    ),
    cure="pad less, or pad in an operator of its own before the pool",
)
def pad(site: Site) -> Iterator[Problem]:
    """Each pad is below the kernel, and within {left} on the left, {right} on the right, {top} at
    the top and {bottom} at the bottom.
    """
    yield from site.sides_within(
        site.attrs.pad,
        [
            up_to(site.attrs.kernel[side // 2] - 1, site.limit(name))
            for side, name in enumerate(SIDES)
        ],
    )


@constraint(
    "pool.window",
    kinds=POOLS,
    evidence=Evidence.COMPILED,
    source="compiled models for DPUCZDX8G_ISA1_B4096: an average of 91x68 over 128 channels is on "
    "the DPU, one of 182x136 over 64 channels on the CPU",
    limits={"known": lambda target: _scaled(SEEN_AVERAGED, target)},
    passes=(
        pool("average of 91x68", "avgpool2d", (1, 68, 91, 128), (91, 68), (91, 68)),
        pool("maximum of 91x68", "maxpool2d", (1, 68, 91, 128), (91, 68), (91, 68)),
    ),
    fails=(
        pool("average of 182x136", "avgpool2d", (1, 136, 182, 64), (182, 136), (182, 136)),
        pool("average of 112x112", "avgpool2d", (1, 112, 112, 64), (112, 112), (112, 112)),
        pool("maximum of 200x200", "maxpool2d", (1, 200, 200, 64), (200, 200), (200, 200)),
    ),
)
def window(site: Site) -> Iterator[Problem]:
    """A window has at most {known} pixels, kernel_w * kernel_h; larger ones are unknown, but for
    averages that are at least as large as one that a compiled model shows on the CPU.

    The edge lies somewhere between the two averages that compiled models show. That channels do
    not matter, that smaller DPUs take smaller windows as their feature-map banks are smaller,
    and that the maximum of so many pixels is as doubtful is assumed.
    """
    width, height = site.attrs.kernel
    pixels, known = width * height, site.limit("known")
    if pixels <= known:
        return
    refused = site.op.kind == "avgpool2d" and pixels >= _scaled(SEEN_REFUSED, site.target)
    same_banks = feature_words(site.target) == SEEN_WORDS
    step = next(n for n in range(2, pixels) if ceil_div(width, n) * ceil_div(height, n) <= known)
    yield Problem(
        "the window {} x {} has {} pixels, {}".format(
            width,
            height,
            pixels,
            "as many as one that a compiled model shows on the CPU"
            if refused
            else "more than any that is known to run on the DPU",
        ),
        found=pixels,
        limit="<= {}".format(known),
        nearest=known,
        verdict=Verdict.UNSUPPORTED if refused else Verdict.UNKNOWN,
        evidence=Evidence.COMPILED if refused and same_banks else Evidence.INFERRED,
        suggestion="pool in two steps, first by {0} x {0} with stride {0}".format(step),
    )


def _scaled(pixels: int, target: Target) -> int:
    """Returns a count of pixels seen on a B4096 for a target with other feature-map banks."""
    return pixels * feature_words(target) // SEEN_WORDS


@constraint(
    "pool.channels",
    kinds=POOLS,
    evidence=Evidence.PARTITION_RULE,
    source="pyxir common_op_support",
    limits={"channels": input_channels},
    passes=(pool("4096 channels", shape=(1, 4, 4, 4096)),),
    fails=(pool("4097 channels", shape=(1, 4, 4, 4097)),),
    cure="split the channels over several pools and concatenate their outputs",
)
def channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    yield from site.at_most("channels", site.input.channels, site.limit("channels"))


@constraint(
    "pool.dilation",
    kinds=("maxpool2d",),
    evidence=Evidence.INFERRED,
    source="XIR's maxpool2d has no dilation",
    passes=(_dilated("dilation 1", 1),),
    fails=(_dilated("dilation 2", 2),),
    cure="use dilation 1",
)
def dilation(site: Site) -> Iterator[Problem]:
    """A max pool has no dilation."""
    if any(step != 1 for step in site.attrs.dilation):
        yield Problem(
            "dilation is {}; XIR's max pool has none".format(list(site.attrs.dilation)),
            found=site.attrs.dilation,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (kernel, stride, pad, window, channels, dilation)
