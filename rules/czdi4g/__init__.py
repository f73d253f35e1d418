"""DPUCZDI4G: Zynq UltraScale+ MPSoC, 4-bit demonstration of SSD.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.family import Family

FAMILY = Family(
    name="czdi4g",
    dpu="DPUCZDI4G",
    title="Zynq UltraScale+ MPSoC, 4-bit demonstration of SSD",
    guide="",
    package=__name__,
)
