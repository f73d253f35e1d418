"""Says in the end how many made-up cases ran, where they were asked for by hand."""

from __future__ import annotations

from typing import Any

from tests.hostile.amount import RAN, TIMES


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TIMES > 1 and RAN:
        terminalreporter.section("made-up cases")
        for kind, number in sorted(RAN.items()):
            terminalreporter.write_line("{:8,}  {}".format(number, kind))
