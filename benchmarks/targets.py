"""What all targets cost compared with one."""

from __future__ import annotations

from functools import partial
from typing import Any, Iterator, Sequence

from benchmarks.clock import Watch, least
from benchmarks.networks import keras_model
from benchmarks.pipeline import TARGET
from benchmarks.table import Table
from vai_inspect.comparing import choose, compare_captured
from vai_inspect.core.capture import Captured
from vai_inspect.pipeline import capture_for, inspect_graph

NETWORKS = ("ResNet50", "InceptionV3", "DenseNet121", "MobileNetV2", "EfficientNetB0")
HEAD = ("network", "operators", "targets", "capture", "one", "all", "times", "again")


def tables(names: Sequence[str] = NETWORKS, runs: int = 5) -> Iterator[Table]:
    """Yields the table of networks of `keras.applications`."""
    import keras

    from vai_inspect.keras import Inspector

    table = Table(
        "All targets against one",
        HEAD,
        f"Milliseconds of processor time after imports, the least of {runs} runs. `one` is an "
        f"inspection for {TARGET}, with its root causes; `all` is the comparison of the targets of "
        "release 2.5, and of all that are known. `times` is what capturing for all and comparing "
        "them takes by capture and one; "
        "`again` leaves the capture out.",
    )
    inspector = Inspector(TARGET)
    known = choose(None, None)
    chosen = ([target for target in known if "2.5" in target.releases], known)
    for name in names:
        model = keras_model(name)
        captured = inspector.capture(model, None, "cpu")
        operators = len(inspect_graph(captured, inspector.target).ops)

        def run(watch: Watch, model: Any = model, captured: Captured = captured) -> None:
            watch("capture", lambda: inspector.capture(model, None, "cpu"))
            watch("one", lambda: inspect_graph(captured, inspector.target))
            for targets in chosen:
                watch(f"capture for {len(targets)}", partial(capture_for, targets, model))
                captures = capture_for(targets, model)
                watch(str(len(targets)), partial(compare_captured, captures, targets))

        best = least(run, runs)
        once, one = best["capture"], best["one"]
        for targets in chosen:
            every = best[str(len(targets))]
            times = (best[f"capture for {len(targets)}"] + every) / (once + one)
            table.add(name, operators, len(targets), once, one, every, times, every / one)
        keras.backend.clear_session()
    yield table
