"""How many cases hypothesis makes: few in CI, many by hand.

    VAI_INSPECT_EXAMPLES=20 python -m pytest tests/hostile -s

makes twenty times as many of each kind, from a new seed at each run, and says in the end how many
cases of each kind ran.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("VAI_INSPECT_EXAMPLES", "1"))

RAN: "Counter[str]" = Counter()
"""Cases that ran, by kind."""


def cases(number: int) -> Any:
    """Settings of a test: this many examples in CI, the same ones in every run."""
    return settings(
        max_examples=number * TIMES,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        # Making a case smaller takes minutes where a framework builds each.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def ran(kind: str) -> None:
    """Counts a case."""
    RAN[kind] += 1
