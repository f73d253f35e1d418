"""DPUCVDX8G: Versal AI Core: VCK190 and boards of your own.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.cvdx8g import isa2, isa3
from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cvdx8g",
    dpu="DPUCVDX8G",
    title="Versal AI Core: VCK190 and boards of your own",
    guide="PG389",
    package=__name__,
    decoders=(isa3.DECODER, isa2.DECODER),
)
