from __future__ import annotations

import io
import sys
import time

import pytest

from vai_inspect.reports.console.progress import working


class Terminal(io.StringIO):
    def isatty(self):
        return True


def _told(monkeypatch, stream, seconds, **options):
    monkeypatch.setattr(sys, "stderr", stream)
    with working("reading\nthe model", **options):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not stream.getvalue():
            time.sleep(0.01)
    return stream.getvalue()


def test_what_takes_long_is_reported_at_a_terminal(monkeypatch):
    shown = _told(monkeypatch, Terminal(), 30, after=0.01)
    assert shown == "vai-inspect: reading\\nthe model ...\n"


@pytest.mark.parametrize(
    ("stream", "options"),
    [
        (io.StringIO(), {"after": 0.0}),
        (Terminal(), {"after": 0.0, "quiet": True}),
        (Terminal(), {"after": 1000.0}),
    ],
    ids=["a log", "nothing wanted", "it is quick"],
)
def test_else_nothing_is_reported(monkeypatch, stream, options):
    assert _told(monkeypatch, stream, 0.2, **options) == ""


def test_no_standard_error_is_no_reason_to_fail(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with working("reading"):
        done = True
    assert done


def test_an_error_goes_through(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(KeyError), working("reading"):
        raise KeyError("x")
