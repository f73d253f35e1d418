"""DPUCAHX8L: Alveo cards with HBM, low latency: U50, U280.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cahx8l",
    dpu="DPUCAHX8L",
    title="Alveo cards with HBM, low latency: U50, U280",
    guide="PG366",
    package=__name__,
)
