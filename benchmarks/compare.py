"""What all targets cost compared with one: `python benchmarks/compare.py [NETWORK ...]`.

Processor time within the process, after imports, the least of several runs, for networks of
`keras.applications`. "times" is capture and all targets by capture and one target; "again" leaves
the capture out.
"""

from __future__ import annotations

import sys
import time
from typing import Callable, Tuple

import keras

from vai_inspect.comparing import choose, compare_captured
from vai_inspect.inspector import inspect_captured
from vai_inspect.keras import Inspector

NETWORKS = ("ResNet50", "EfficientNetB0", "DenseNet121", "MobileNetV2", "InceptionV3")
ONE = "DPUCZDX8G_ISA1_B4096"
HEAD = ("network", "operators", "targets", "capture ms", "one ms", "all ms", "times", "again")


def least(function: Callable[[], object], runs: int = 5) -> float:
    """Returns the least processor time of several runs in milliseconds."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        function()
        taken.append(1000 * (time.process_time() - start))
    return min(taken)


def measured(name: str) -> Tuple[object, ...]:
    """Returns a row of the table."""
    model = getattr(keras.applications, name)(weights=None, input_shape=(224, 224, 3))
    inspector = Inspector(ONE)
    targets = choose(None, None)
    captured = inspector.capture(model, None, "cpu")
    capture = least(lambda: inspector.capture(model, None, "cpu"))
    one = least(lambda: inspect_captured(captured, inspector.target))
    every = least(lambda: compare_captured(captured, targets))
    ops = len(inspect_captured(captured, inspector.target).ops)
    times, again = (capture + every) / (capture + one), every / one
    figures = ("{:.1f}".format(number) for number in (capture, one, every))
    return (name, ops, len(targets), *figures, "{:.2f}".format(times), "{:.2f}".format(again))


def main() -> None:
    """Prints the table."""
    row = "{:<18}" + "{:>12}" * (len(HEAD) - 1)
    print(row.format(*HEAD))
    for name in sys.argv[1:] or NETWORKS:
        print(row.format(*measured(name)), flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
