"""DPUCAHX8H: Alveo cards with HBM, high throughput: U50, U50LV, U55C, U280.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cahx8h",
    dpu="DPUCAHX8H",
    title="Alveo cards with HBM, high throughput: U50, U50LV, U55C, U280",
    guide="PG367",
    package=__name__,
)
