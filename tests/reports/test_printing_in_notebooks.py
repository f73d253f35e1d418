"""In a notebook nothing is printed that the HTML shows again."""

from __future__ import annotations

import io
import types

import pytest

from tests.reports import samples
from vai_inspect.reporting import show_and_write
from vai_inspect.reports.console import console, notebook


@pytest.fixture
def kernel(monkeypatch):
    """What a module of a notebook finds loaded."""
    import sys

    shell = types.SimpleNamespace(kernel=object())
    module = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", module)
    return shell


def test_a_notebook_is_known_and_a_terminal_is_none(kernel, monkeypatch):
    assert notebook.shows_results()
    del kernel.kernel  # IPython in a terminal
    assert not notebook.shows_results()
    monkeypatch.undo()
    assert not notebook.shows_results()


@pytest.mark.parametrize(("level", "whole"), [(0, False), (1, False), (2, True)])
def test_only_what_the_html_lacks_is_printed(kernel, tmp_path, capsys, level, whole):
    show_and_write(samples.mixed(), tmp_path, level)
    printed = capsys.readouterr().out
    assert ("every operator:" in printed) is whole
    assert "operators on the CPU:" not in printed
    assert ("written: " in printed) is (level > 0)


def test_elsewhere_all_is_printed():
    stream = io.StringIO()
    console.show(samples.mixed(), 1, stream)
    assert "operators on the CPU:" in stream.getvalue()
