"""Constraints of `reduction_max` and `argmax`: the largest of the channels."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import AxisAttrs, ReductionAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.common import pool
from vai_inspect.rules.common.engines import alu_runs
from vai_inspect.rules.common.examples import after_conv, alone
from vai_inspect.rules.common.sources import DIGEST
from vai_inspect.rules.constraint import Verdict, constraint, cpu_only
from vai_inspect.rules.example import Example, where
from vai_inspect.rules.site import Problem, Site

ARGMAX_CHANNELS = 128
MAX_CHANNELS = 1 << 12


def _alu_reduces(target: Target) -> bool:
    """Tells whether the ALU takes the largest; that of DPUCV2DX8G names what compares."""
    return alu_runs(target, "max_reduce") or alu_runs(target, "comp_temp")


def _largest_of(count: int) -> Example:
    text, attrs = "{} channels".format(count), ReductionAttrs((3,), True)
    return alone(text, "reduction_max", attrs, (1, 4, 4, count), (1, 4, 4, 1))


@constraint(
    "reduction_max.engine",
    kinds=("reduction_max",),
    evidence=Evidence.INFERRED,
    source=DIGEST + " lists it for the DPUs with an ALU; alu_type and pool_type of the target "
    "definitions",
    passes=(where(_alu_reduces, _largest_of(16)),),
    fails=(where(lambda target: not _alu_reduces(target), _largest_of(16)),),
    cure="use a max pool for height and width, or take the largest on the host",
)
def reduction_max_engine(site: Site) -> Iterator[Problem]:
    """The ALU takes the largest of the channels; where only a pool engine has max_reduce it is
    unknown.
    """
    if _alu_reduces(site.target):
        return
    pooled = pool.reduces(site.target)
    yield Problem(
        "the pool engine of this DPU has max_reduce, but no source tells what it takes"
        if pooled
        else "no engine of this DPU has max_reduce",
        found="max_reduce of the pool engine" if pooled else "no max_reduce",
        limit="an ALU with max_reduce",
        verdict=Verdict.UNKNOWN if pooled else Verdict.UNSUPPORTED,
    )


@constraint(
    "reduction_max.channels",
    kinds=("reduction_max",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; max_reduce of the target definitions",
    passes=(where(_alu_reduces, _largest_of(4095)),),
    fails=(
        _largest_of(4096),
        after_conv(
            "height and width", "reduction_max", ReductionAttrs((1, 2), True), (1, 1, 1, 16)
        ),
    ),
    cure="use a max pool for height and width",
)
def reduction_max(site: Site) -> Iterator[Problem]:
    """It takes the largest of fewer than 4096 channels; along other axes it is unknown."""
    axes = sorted(axis % site.input.rank for axis in site.attrs.axis)
    if axes != [3] or site.input.rank != 4:
        yield Problem(
            "it takes the largest along axes {} of {}; the sources speak of the channels of a "
            "feature map".format(axes, site.input.rank),
            found=tuple(axes),
            limit="axis 3 of 4",
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
        )
    elif site.input.channels >= MAX_CHANNELS:
        yield from site.at_most("channels", site.input.channels, MAX_CHANNELS - 1)


def _has_argmax(target: Target) -> bool:
    return target.save.argmax


def _argmax(count: int) -> Example:
    text = "{} channels".format(count)
    return alone(text, "argmax", AxisAttrs(3), (1, 4, 4, count), (1, 4, 4))


@constraint(
    "argmax.engine",
    kinds=("argmax",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; fingerprint bit 30 (SV_AM)",
    passes=(where(_has_argmax, _argmax(ARGMAX_CHANNELS)),),
    fails=(
        where(lambda target: not _has_argmax(target), _argmax(16)),
        _argmax(ARGMAX_CHANNELS + 1),
    ),
    cure="take the largest on the host",
)
def argmax(site: Site) -> Iterator[Problem]:
    """The save engine has argmax (fingerprint bit 30), and it is along at most 128 channels."""
    if not site.target.save.argmax:
        yield Problem(
            "this target's save engine has no argmax (fingerprint bit 30 is off)",
            found="no argmax",
            limit="argmax",
        )
    if site.input.rank != 4 or site.attrs.axis % 4 != 3:
        yield Problem(
            "it is along axis {} of {}; the sources speak of the channels of a feature map".format(
                site.attrs.axis, site.input.rank
            ),
            found=site.attrs.axis,
            limit="axis 3 of 4",
            verdict=Verdict.UNKNOWN,
        )
    yield from site.at_most("channels", site.input.channels, ARGMAX_CHANNELS)


no_argmax = cpu_only(
    "argmax.cpu",
    ("argmax",),
    "argmax runs on DPUCZDX8G, DPUCVDX8G and DPUCV2DX8G only",
    Evidence.USER_GUIDE,
    DIGEST + "; no save engine of this DPU's definitions has it",
    cure="take the largest on the host",
    fails=(after_conv("argmax over the channels", "argmax", AxisAttrs(3), (1, 30, 30)),),
)
no_reduction_max = cpu_only(
    "reduction_max.cpu",
    ("reduction_max",),
    "reduction_max runs on DPUCZDX8G, DPUCVDX8G and DPUCV2DX8G only",
    Evidence.USER_GUIDE,
    DIGEST + "; the 2.5 inspector, which has no rule for it, says DPU",
    cure="use a max pool for height and width, or take the largest on the host",
    fails=(
        after_conv(
            "over the channels", "reduction_max", ReductionAttrs((3,), True), (1, 30, 30, 1)
        ),
    ),
)

CONSTRAINTS = (reduction_max_engine, reduction_max, argmax)
"""Of the DPUs that the user guide lists for them."""
NONE = (no_reduction_max, no_argmax)
"""Of the others."""
