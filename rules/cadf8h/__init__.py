"""DPUCADF8H: Alveo cards with DDR: U200, U250.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cadf8h",
    dpu="DPUCADF8H",
    title="Alveo cards with DDR: U200, U250",
    guide="PG400",
    package=__name__,
)
