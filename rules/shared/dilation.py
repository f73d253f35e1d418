"""Dilation, of plain and of depthwise convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.rules.engine.constraint import Constraint, Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside, where
from vai_inspect.rules.shared.engines import input_channels, runs_depthwise
from vai_inspect.rules.shared.examples import conv, depthwise
from vai_inspect.rules.shared.sources import UG1414, UG1414_25


def _dilated(number: int) -> Example:
    text = "dilation 2, {} channels".format(number)
    return conv(text, (1, 8, 8, number), kernel=(1, 1), dilation=(2, 2))


@constraint(
    "conv.dilation",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414,
    limits={"channels": input_channels},
    passes=(
        inside(lambda target: input_channels(target) // 2, _dilated),
        conv("dilation 8, 64 channels", (1, 64, 64, 64), dilation=(8, 8)),
    ),
    fails=(outside(lambda target: input_channels(target) // 2, _dilated),),
    cure="use a smaller dilation or fewer input channels",
)
def of_conv(site: Site) -> Iterator[Problem]:
    """Dilation times input channels is at most {channels} along each axis."""
    limit, channels = site.limit("channels"), site.input.channels
    for step in sorted(set(site.attrs.dilation) - {1}):
        if step * channels > limit:
            yield Problem(
                "dilation * input_channels is {} * {} = {}, more than {}".format(
                    step, channels, step * channels, limit
                ),
                found=step * channels,
                limit="<= {}".format(limit),
                nearest=limit,
            )


@constraint(
    "conv.dilated_stride",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source="pyxir common_op_support; PG389 and PG400 say it of DPUCVDX8G and DPUCADF8H",
    passes=(
        conv("dilation 2, stride 1", dilation=(2, 2)),
        conv("dilation 1, stride 2", stride=(2, 2)),
    ),
    fails=(conv("dilation 2, stride 2", dilation=(2, 2), stride=(2, 2)),),
    cure="move the stride to an operator without dilation",
)
def with_stride(site: Site) -> Iterator[Problem]:
    """Along one axis, dilation and stride are not both above 1; whether they may be is unknown.

    pyxir's published rule refuses it; UG1414 and the 2.5 inspector's rules do not mention it.
    """
    pairs = dict.fromkeys(zip(site.attrs.dilation, site.attrs.stride))
    for step, move in pairs:
        if step > 1 and move > 1:
            yield Problem(
                "dilation {} together with stride {}: one published rule refuses it, the others "
                "are silent".format(step, move),
                found=move,
                limit="1",
                nearest=1,
                verdict=Verdict.UNKNOWN,
            )


def refused_with_stride(evidence: Evidence, source: str) -> Constraint:
    """Returns the constraint of a family whose product guide refuses it in so many words."""

    def check(site: Site) -> Iterator[Problem]:
        for problem in with_stride.check(site):
            yield replace(
                problem,
                message="dilation above 1 needs stride 1; the stride is {}".format(problem.found),
                verdict=Verdict.UNSUPPORTED,
            )

    return replace(
        with_stride.founded(evidence, source),
        check=check,
        sentence="Along one axis, dilation and stride are not both above 1.",
        notes="The published rule of pyxir says the same.",
    )


def _dilated_depthwise(number: int) -> Example:
    text = "dilation 2, {} channels".format(number)
    return depthwise(text, (1, 8, 8, number), dilation=(2, 2))


@constraint(
    "depthwise.dilation",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25,
    limits={"channels": input_channels},
    passes=(
        where(
            runs_depthwise, inside(lambda target: input_channels(target) // 2, _dilated_depthwise)
        ),
    ),
    fails=(
        where(
            runs_depthwise, outside(lambda target: input_channels(target) // 2, _dilated_depthwise)
        ),
    ),
    cure="use a smaller dilation or fewer channels",
)
def of_depthwise(site: Site) -> Iterator[Problem]:
    """Dilation times channels is at most {channels} along each axis."""
    limit, channels = site.limit("channels"), site.input.channels
    for step in sorted(set(site.attrs.dilation) - {1}):
        yield from site.at_most("dilation * channels", step * channels, limit)


@constraint(
    "depthwise.dilation_square",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.COMPILED,
    source="compiled models on DPUCVDX8G and the vendor's answer (Vitis-AI issue 813)",
    seen_on=("cvdx8g",),
    passes=(where(runs_depthwise, depthwise("dilation 2x2", dilation=(2, 2))),),
    fails=(where(runs_depthwise, depthwise("dilation 2x1", dilation=(2, 1))),),
    cure="use one dilation for both axes",
)
def square(site: Site) -> Iterator[Problem]:
    """dilation_w equals dilation_h; on another DPU than DPUCVDX8G it is unknown whether they may
    differ.
    """
    across, down = site.attrs.dilation
    if across == down:
        return
    seen = site.target.family == "cvdx8g"
    yield Problem(
        "dilation_w {} and dilation_h {} differ{}".format(
            across, down, "" if seen else ", which DPUCVDX8G refuses and no source allows here"
        ),
        found=(across, down),
        limit="dilation_w = dilation_h",
        nearest=(min(across, down),) * 2,
        verdict=Verdict.UNSUPPORTED if seen else Verdict.UNKNOWN,
    )
