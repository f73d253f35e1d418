"""`python -m benchmarks.calibration [--markdown] [--write]`."""

from __future__ import annotations

import argparse
import os
from typing import Iterator

from benchmarks import ROOT
from benchmarks.calibration.error import FITTED_ON, Calibration, mean_and_max
from benchmarks.table import Table

TARGET = "DPUCZDX8G_ISA1_B4096"
YAML = ROOT / "rules" / "czdx8g" / "timing.yaml"
PLOT = ROOT / "docs" / "performance-model.svg"


def main() -> None:
    """Fits, prints what came out, and writes it where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="tables as in the docs")
    parser.add_argument("--write", action="store_true", help="write what the package ships")
    wanted = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from benchmarks.calibration.measured import layers_of, rows
    from benchmarks.calibration.written import plot, timing_yaml
    from vai_inspect.rules.targets.lookup import lookup

    measured = rows()
    found = Calibration.of(measured, layers_of(measured, lookup(TARGET)))
    for table in tables(found):
        print(table.markdown() if wanted.markdown else table.text(), flush=True)
    if wanted.write:
        YAML.write_text(timing_yaml(found), encoding="utf-8")
        PLOT.write_text(plot(found), encoding="utf-8")
        print(f"written: {YAML.relative_to(ROOT)}, {PLOT.relative_to(ROOT)}")


def tables(found: Calibration) -> Iterator[Table]:
    """Yields the tables: constants, error by board, error by network."""
    yield _constants(found)
    yield _by_board(found)
    yield _by_network(found)


def _constants(found: Calibration) -> Table:
    table = Table(
        "Constants",
        ("constant", "fitted", *("without " + family for family in found.without)),
        f"Fitted on release {FITTED_ON}; then with one family of networks left out.",
    )
    for name in ("port", "memory", "fill", "host", "host_pixel"):
        every = [found.fitted, *found.without.values()]
        table.add(name, *(float(getattr(one, name)) for one in every))
    return table


def _by_board(found: Calibration) -> Table:
    table = Table(
        "Error by board",
        ("board, release", "networks", "frame mean", "max", "latency mean", "max"),
        "Percent; each network predicted by a fit without its family. `frame`: the time of a frame "
        "with all cores in use; `latency`: one frame alone, from end to end. Rank correlation of "
        "the frames per second over all boards: {:.4f} with release 2.5, {:.4f} with 3.0.".format(
            found.rank_correlation("2.5"), found.rank_correlation("3.0")
        ),
    )
    for (board, release), group in sorted(found.groups().items()):
        frame = mean_and_max(one.frame_error for one in group)
        latency = mean_and_max(one.latency_error for one in group)
        table.add(f"{board}, {release}", len(group), *frame, *latency)
    return table


def _by_network(found: Calibration) -> Table:
    boards = list(dict.fromkeys(one.row.board for one in found.predicted))
    table = Table(
        "Error by network",
        ("network", "family", *boards, *(f"{board}, alone" for board in boards)),
        f"Percent, release {FITTED_ON}, each family left out of the fit; above 0 where it is "
        "predicted too "
        "slow: the time of a frame, and one frame alone from end to end.",
    )
    chosen = [one for one in found.predicted if one.row.release == FITTED_ON]
    for network in dict.fromkeys(one.row.network for one in chosen):
        own = {one.row.board: one for one in chosen if one.row.network == network}
        errors = [own[board].frame_error for board in boards]
        errors += [own[board].latency_error for board in boards]
        family = own[boards[0]].row.family
        table.add(network, family, *(f"{error:+.1f}" for error in errors))
    return table


if __name__ == "__main__":
    main()
