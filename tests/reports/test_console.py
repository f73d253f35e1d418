from __future__ import annotations

import io

from tests.reports import samples
from vai_inspect.core.findings import Device
from vai_inspect.reports.console import console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown(inspection, level=1, stream=None):
    stream = stream or io.StringIO()
    console.show(inspection, level, stream)
    return stream.getvalue()


def test_level_0_prints_nothing():
    assert _shown(samples.mixed(), 0) == ""


def test_markup_in_names_is_not_interpreted():
    shown = _shown(samples.hostile(), 2)
    assert "│ [red]markup[/red] [/] :smile: " in shown
    assert "\x1b" not in shown
    assert "\\x1b[31m" in shown
    assert "\nassigned device: dpu" not in shown


def test_colours_only_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in _shown(samples.mixed(), 2)
    assert "\x1b[" in _shown(samples.mixed(), 2, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b[31m" not in _shown(samples.mixed(), 2, Terminal())


def test_a_name_that_the_stream_cannot_write_costs_nothing_else():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console.show(samples.hostile(), 2, stream)
    stream.flush()
    shown = raw.getvalue().decode("ascii")
    assert "\\u4e2d\\u6587" in shown
    assert "{record|<f0>}" in shown


def test_a_long_table_is_whole_on_request_only():
    """At verbose 1 thirty rows, of each five names; at verbose 2 all."""
    ops = [samples.op("in", "data", device=Device.USER)]
    for number in range(40):
        kernel = samples.saying("reason {}.".format(number))
        for name in ("a", "b", "c", "d", "e", "f", "g") if not number else ("h",):
            ops.append(samples.op("{}{}".format(name, number), "relu", ["in"], device=Device.CPU,
                                  findings=(kernel,)))  # fmt: skip
    inspection = samples.inspection("many", ops, {})
    one, two = _shown(inspection, 1), _shown(inspection, 2)
    assert one.count("reason ") == 30
    assert "and 10 more rows, of 10 operators; the text report and --verbose 2 have them" in one
    assert "│ and 2 more" in one
    assert two.count("reason ") == 40
    assert "more" not in two
    assert "│ g0 " in two


def test_standard_output_is_the_default(capsys):
    console.show(samples.all_on_dpu(), 1)
    assert "All the operators are assigned to the DPU." in capsys.readouterr().out
