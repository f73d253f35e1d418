"""What all targets cost compared with one: `python benchmarks/compare.py [NETWORK ...]`.

Processor time within the process, after imports, the least of several runs, for networks of
`keras.applications`, with the targets of release 2.5 and with all. "times" is capture and these
targets by capture and one target; "again" leaves the capture out.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Callable, Iterator, Tuple

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


def measured(name: str) -> Iterator[Tuple[object, ...]]:
    """Yields the rows of the table."""
    model = getattr(keras.applications, name)(weights=None, input_shape=(224, 224, 3))
    inspector = Inspector(ONE)
    captured = inspector.capture(model, None, "cpu")
    capture = least(lambda: inspector.capture(model, None, "cpu"))
    one = least(lambda: inspect_captured(captured, inspector.target))
    ops = len(inspect_captured(captured, inspector.target).ops)
    known = choose(None, None)
    for targets in ([target for target in known if "2.5" in target.releases], known):
        every = least(partial(compare_captured, captured, targets))
        times, again = (capture + every) / (capture + one), every / one
        figures = ("{:.1f}".format(number) for number in (capture, one, every))
        yield (name, ops, len(targets), *figures, "{:.2f}".format(times), "{:.2f}".format(again))


def main() -> None:
    """Prints the table."""
    row = "{:<18}" + "{:>12}" * (len(HEAD) - 1)
    print(row.format(*HEAD))
    for name in sys.argv[1:] or NETWORKS:
        for figures in measured(name):
            print(row.format(*figures), flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
