"""Several models in one table: a row for each model and target."""

from __future__ import annotations

from typing import Iterator, List, Mapping, Sequence, Tuple

from vai_inspect.core.errors import count
from vai_inspect.reports.checked import Checked
from vai_inspect.reports.text.format import share
from vai_inspect.reports.text.lines import cells, plain, shortened

HEADINGS = ("MODEL", "TARGET", "DPU", "CPU", "MACS ON DPU", "SUBGRAPHS", "CROSSINGS", "CHECK")
FLUSH_RIGHT = (2, 3, 4, 5, 6)
LONGEST = 60


def render(models: Mapping[str, Sequence[Checked]]) -> Iterator[str]:
    """Yields the lines of the table.

    Args:
        models: what came of each model; nothing of one that cannot be inspected.
    """
    rows: List[Tuple[str, ...]] = [HEADINGS]
    for spec, found in models.items():
        name = shortened(plain(spec), LONGEST)
        rows += [_row(name, checked) for checked in found]
        if not found:
            rows.append((name, *[""] * 6, "cannot be inspected"))
    widths = [max(map(cells, column)) for column in zip(*rows)]
    yield ""
    yield f"{count(len(models), 'model')}:"
    for row in rows:
        padded = (
            " " * (width - cells(text)) + text
            if place in FLUSH_RIGHT
            else text + " " * (width - cells(text))
            for place, (text, width) in enumerate(zip(row, widths))
        )
        yield "  ".join(padded).rstrip()


def _row(name: str, checked: Checked) -> Tuple[str, ...]:
    total = checked.inspection.summary
    return (
        name,
        plain(checked.inspection.target.name),
        f"{total.dpu_ops:,}",
        f"{total.cpu_ops:,}",
        share(total.dpu_macs, total.macs) or "-",
        f"{total.dpu_subgraphs:,}",
        f"{total.crossings:,}",
        "fails" if checked.outcome.failures else "passes",
    )
