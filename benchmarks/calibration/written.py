"""What the calibration writes: the table that the package ships, and the plot of the docs."""

from __future__ import annotations

import math
from typing import Iterator, List

from benchmarks.calibration.error import FITTED_ON, Calibration, Predicted, mean_and_max

_HEAD = """\
# How long a DPUCZDX8G takes: constants that were fitted, and what is known of their error.
# Written by `python -m benchmarks.calibration --write`; change the model or the published times,
# not this file. What each figure means: rules/timing/table.py, docs/performance-model.md.
"""
_MEANING = {
    "port": ("bytes a cycle, each direction", "fitted on the board with one core"),
    "memory": ("GB/s, each direction", "fitted on the boards whose cores share the memory"),
    "fill": ("bytes", "fitted on the board with one core"),
    "host": ("ms a frame", "fitted on one frame alone"),
    "host_pixel": ("ns a pixel of the input", "fitted on one frame alone"),
}
COLOURS = {"KV260": "#1f77b4", "ZCU104": "#2ca02c", "ZCU102": "#d62728"}
SIZE, EDGE = 460, 60


def timing_yaml(found: Calibration) -> str:
    """Returns the content of timing.yaml."""
    lines = [_HEAD, "fitted:"]
    for name, (unit, source) in _MEANING.items():
        values = [getattr(one, name) for one in found.without.values()]
        lines.append(
            "  {}: {{value: {}, low: {}, high: {}, unit: '{}', source: '{}'}}".format(
                name,
                *map(_figure, (getattr(found.fitted, name), min(values), max(values))),
                unit,
                f"{source}, release {FITTED_ON}",
            )
        )
    lines += ["", "# Error in percent, each network predicted by a fit without its family:"]
    lines += ["# mean and largest.", "checked:"]
    for (board, release), group in sorted(found.groups().items()):
        lines.append(
            "  {} {}: {{networks: {}, families: {}, frame: [{:.1f}, {:.1f}], "
            "latency: [{:.1f}, {:.1f}]}}".format(
                board,
                release,
                len(group),
                len({one.row.family for one in group}),
                *mean_and_max(one.frame_error for one in group),
                *mean_and_max(one.latency_error for one in group),
            )
        )
    return "\n".join(lines) + "\n"


def plot(found: Calibration) -> str:
    """Returns measured against predicted frames per second as SVG, both axes logarithmic."""
    points = [one for one in found.predicted if one.row.release == FITTED_ON]
    low, high = _decades([value for one in points for value in _both(one)])

    def place(value: float) -> float:
        return (SIZE - 2 * EDGE) * (math.log10(value) - low) / (high - low)

    lines: List[str] = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" '
        'font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{SIZE}" height="{SIZE}" fill="white"/>',
    ]
    for power in range(low, high + 1):
        lines += _grid(EDGE + place(10**power), f"{10**power:g}")
    first, last = EDGE, SIZE - EDGE
    lines.append(_line(first, last, last, first, "#888888"))
    for one in points:
        across, upward = map(place, _both(one))
        lines.append(
            '<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="{}" fill-opacity="0.7">'
            "<title>{} on {}: {:.0f} measured, {:.0f} predicted</title></circle>".format(
                EDGE + across,
                SIZE - EDGE - upward,
                COLOURS[one.row.board],
                one.row.network,
                one.row.board,
                *_both(one),
            )
        )
    for number, (board, colour) in enumerate(COLOURS.items()):
        height = EDGE + 20 + 18 * number
        circle = '<circle cx="{}" cy="{}" r="4" fill="{}"/>'
        lines.append(circle.format(EDGE + 15, height - 4, colour))
        lines.append(f'<text x="{EDGE + 26}" y="{height}">{board}</text>')
    middle = SIZE / 2
    text = '<text x="{0}" y="{1}" text-anchor="middle"{2}>{3}</text>'
    lines.append(text.format(middle, SIZE - 18, "", "frames per second, measured"))
    turn = f' transform="rotate(-90 18 {middle})"'
    lines.append(text.format(18, middle, turn, "frames per second, predicted without the family"))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _both(one: Predicted) -> "tuple[float, float]":
    return one.row.cores / one.row.frame, one.row.cores / one.frame


def _decades(values: List[float]) -> "tuple[int, int]":
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _grid(at: float, label: str) -> Iterator[str]:
    yield _line(at, EDGE, at, SIZE - EDGE, "#dddddd")
    yield _line(EDGE, SIZE - at, SIZE - EDGE, SIZE - at, "#dddddd")
    text = '<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'
    yield text.format(at, SIZE - EDGE + 16, "middle", label)
    yield text.format(EDGE - 6, SIZE - at + 4, "end", label)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    line = '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>'
    return line.format(x1, y1, x2, y2, colour)


def _figure(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"
