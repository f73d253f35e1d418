"""How long a DPUCZDX8G takes: fitted on published times of one B4096 on three boards.

Parallelism is that of the target (PG338, "Architecture of the DPUCZDX8G"); what the fit adds
stands in timing.yaml, which `python -m benchmarks.calibration` writes. docs/performance-model.md
says how well it predicts, and for what it was not measured.
"""

from __future__ import annotations

from vai_inspect.rules.plugin import Range, Target, TimingModel

CHECKED_PEAK = 4096
"""Operations a cycle of the DPU on the three boards."""

_OTHER_SIZES = (
    "B1600 on one board 15% too fast on average, 35% at worst (Ultra96, compiler 1.x); "
    "published times are of a B4096"
)
_OLD = (
    "published times are of instruction set 1; with release 2.0, whose DPU has instruction set 0, "
    "such a model is 7-10% too fast on average"
)


def _unchecked(target: Target) -> str:
    if target.peak_ops_per_cycle != CHECKED_PEAK:
        return _OTHER_SIZES
    return _OLD if target.isa_version != 1 else ""


TIMING = TimingModel(
    package="vai_inspect.rules.czdx8g",
    measured=Range(
        kinds=frozenset(
            ("conv2d", "depthwise-conv2d", "inner-product", "maxpool2d", "avgpool2d", "add")
            + ("reduction_mean", "batchnorm", "relu", "relu6", "leaky-relu", "pad", "concat")
            + ("reshape", "flatten", "squeeze")
        ),
        side=416,
        kernel=7,
        ms=1.0,
    ),
    unchecked=_unchecked,
)
