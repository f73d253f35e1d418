"""Which networks have which obstacle of the vendor's quantisers.

    python -m benchmarks.obstacles PACKAGE > FILE
    python -m benchmarks.obstacles --table FILE ...

PACKAGE is torchvision, keras, ultralytics, timm or smp. A line of JSON for each network: by
release the obstacles that fail or change the function, with the number of their operators, and
those that are left in the DPU's part after the plan of 3.5 has cut the ends off. The table counts
the networks by obstacle.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from benchmarks.survey import NETWORKS, Build
from vai_inspect.core.capture import Captured
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.release import RELEASES
from vai_inspect.rules.targets.lookup import lookup

TARGET = "DPUCZDX8G_ISA1_B4096"
_OTHERS = ("quantized_", "raft", "r3d", "mc3", "r2plus1d", "s3d", "mvit", "swin3d")
"""Networks of torchvision that are no classifiers, detectors or segmentation."""


def captured(package: str, build: Build) -> Captured:
    """Returns a network as it is read, before any quantiser."""
    if package == "keras":
        from vai_inspect.frontends.keras import capture

        model, _ = build()
        open_axes = any(None in one.shape[1:] for one in model.inputs)
        return capture(model, (1, 224, 224, 3) if open_axes else None)
    import torch

    from vai_inspect.frontends.torch import capture as capture_torch

    try:
        with torch.device("meta"):
            model, given = build()
    except Exception:  # what asks for values as it is made
        model, given = build()
    return capture_torch(model.eval(), given)


def obstacles(found: Captured) -> Dict[str, Any]:
    """Returns the obstacles of a network by release, and those left after the plan's cuts."""
    from vai_inspect.pipeline import inspect_graph

    each: Dict[str, Any] = {}
    for release in RELEASES:
        report = quantized(found, release=release).quantizer
        each[release] = {}
        for one in report.blocking if report else ():  # several of a rule differ in their text
            count = each[release].get(one.id, ("", 0))[1] + len(one.ops)
            each[release][one.id] = [one.outcome.value, count]
    inspection = inspect_graph(quantized(found), lookup(TARGET))
    left = [step.obstacle for step in inspection.steps if step.obstacle is not None]
    return {"releases": each, "left": left}


def networks(package: str) -> Iterator[Tuple[str, Build]]:
    """Yields the networks of a package."""
    for name, build in NETWORKS[package]():
        if not name.startswith(_OTHERS):
            yield name, build


def table(rows: List[Dict[str, Any]]) -> Iterator[str]:
    """Yields the lines of a Markdown table: networks by obstacle, in each release."""
    by_release: Dict[str, "Counter[str]"] = {release: Counter() for release in RELEASES}
    left: "Counter[str]" = Counter()
    outcomes: Dict[str, str] = {}
    free: "Counter[str]" = Counter()
    for row in rows:
        for release, found in row["releases"].items():
            by_release[release].update(list(found))
            outcomes.update((id, outcome) for id, (outcome, _) in found.items())
            free[release] += not found
        left.update(set(row["left"]))
        free["left"] += not row["left"]
    columns = [*RELEASES, "3.5 after the cuts"]
    yield "| obstacle | {} |".format(" | ".join(columns))
    yield "|---|{}".format("---|" * len(columns))
    yield "| none | {} |".format(" | ".join(str(free[one]) for one in (*RELEASES, "left")))
    for id in sorted(outcomes, key=lambda one: (-by_release[RELEASES[-1]][one], one)):
        counts = [by_release[release][id] for release in RELEASES]
        listed = " | ".join(str(one or "") for one in (*counts, left[id]))
        yield "| `{}` ({}) | {} |".format(id, outcomes[id], listed)


def main() -> int:
    """Prints a line for each network, or a table of such lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.obstacles", description=__doc__)
    parser.add_argument("packages", nargs="+", help="{} or files".format(", ".join(NETWORKS)))
    parser.add_argument("--table", action="store_true", help="print the table of files")
    parser.add_argument("--names", default="", help="a pattern that names match")
    parser.add_argument("--part", default="0/1", help="I/N: each Nth network from the Ith on")
    wanted = parser.parse_args()
    if wanted.table:
        for path in wanted.packages:
            lines = Path(path).read_text("utf-8").splitlines()
            read = [json.loads(line) for line in lines if line.startswith("{")]
            rows = [row for row in read if "error" not in row]
            print("{}, {} networks:\n".format(Path(path).stem, len(rows)))
            print("\n".join(table(rows)) + "\n")
        return 0
    at, parts = (int(one) for one in wanted.part.split("/"))
    warnings.simplefilter("ignore")
    for package in wanted.packages:
        if package not in ("keras", "torchvision"):
            from tests.torchvision_models import torchvision_models

            torchvision_models()  # what timm and others import, without its C operators
        for number, (name, build) in enumerate(networks(package)):
            if number % parts == at and re.search(wanted.names, name):
                start = time.process_time()
                try:
                    row = obstacles(captured(package, build))
                except (Exception, SystemExit) as error:
                    row = {"error": "{}: {}".format(type(error).__name__, error)}
                row["seconds"] = round(time.process_time() - start, 1)
                print(json.dumps({"name": name, **row}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
