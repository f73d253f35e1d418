"""Time, measured so that other work on the machine matters little.

Processor time, not wall time, and of several runs the least: what else runs on the machine can
only add to it.
"""

from __future__ import annotations

import gc
import time
from typing import Any, Callable, Dict

Times = Dict[str, float]
"""Milliseconds by stage."""


class Watch:
    """Times the stages of one run.

    Attributes:
        times: what each stage took, in milliseconds.
    """

    def __init__(self) -> None:
        gc.collect()
        self.times: Times = {}

    def __call__(self, stage: str, function: Callable[[], Any]) -> Any:
        """Returns what a function returns, and adds its time to a stage."""
        start = time.process_time()
        result = function()
        taken = 1000 * (time.process_time() - start)
        self.times[stage] = self.times.get(stage, 0.0) + taken
        return result


def least(run: Callable[[Watch], Any], runs: int) -> Times:
    """Returns the least time of each stage in several runs.

    Args:
        run: one run, which puts its stages on the watch that it is given.
        runs: how many.
    """
    best: Times = {}
    for _ in range(runs):
        watch = Watch()
        run(watch)
        for stage, taken in watch.times.items():
            best[stage] = min(taken, best.get(stage, taken))
    return best
