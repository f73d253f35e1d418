"""DPUCVDX8H: Versal AI Core accelerator card: VCK5000.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cvdx8h",
    dpu="DPUCVDX8H",
    title="Versal AI Core accelerator card: VCK5000",
    guide="PG403",
    package=__name__,
)
