"""The pipeline stage by stage."""

from __future__ import annotations

from typing import Any, Callable, List
from unittest import mock

from benchmarks.clock import Watch, least
from vai_inspect import pipeline
from vai_inspect.core import capture as capture_module
from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.target import Target
from vai_inspect.reports import gv, json
from vai_inspect.reports.text import text

TARGET = "DPUCZDX8G_ISA1_B4096"
REPORTS = {"txt": text.render, "gv": gv.render, "json": json.render}
STAGES = ("capture", "passes", "rules", "partition", "root causes", "result", *REPORTS)
"""Result: what is left of an inspection, above all the operators as the result holds them."""


def stages(watch: Watch, capture: Callable[[], Captured], target: Target) -> Inspection:
    """Runs a model through all stages as a user has it done, each on the watch.

    Args:
        watch: what the stages are put on.
        capture: reads the model.
        target: the DPU.
    """
    captured = watch("capture", capture)
    passes = _on(watch, "passes", capture_module.normalise)
    with mock.patch.multiple(pipeline, **_watched(watch)), mock.patch.object(
        capture_module, "normalise", passes
    ):
        inspection: Inspection = watch("result", lambda: pipeline.inspect_graph(captured, target))
    for stage in ("passes", "rules", "partition", "root causes"):
        watch.times["result"] -= watch.times[stage]
    for name, render in REPORTS.items():
        watch(name, lambda render=render: render(inspection))
    return inspection


def least_stages(capture: Callable[[], Captured], target: Target, runs: int) -> List[float]:
    """Returns the least time of each of `STAGES` in several runs, and their sum.

    Args:
        capture: reads the model.
        target: the DPU.
        runs: how many.
    """
    best = least(lambda watch: stages(watch, capture, target), runs)
    times = [best[stage] for stage in STAGES]
    return [*times, sum(times)]


def _watched(watch: Watch) -> "dict[str, Any]":
    """Returns what the inspector calls, put on a watch."""
    return {
        "evaluate": _on(watch, "rules", pipeline.evaluate),
        "partitioned": _on(watch, "partition", pipeline.partitioned),
        "root_causes": _on(watch, "root causes", pipeline.root_causes),
    }


def _on(watch: Watch, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **named: watch(stage, lambda: function(*args, **named))
