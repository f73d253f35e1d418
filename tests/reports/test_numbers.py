"""Counts are grouped by thousands, the same everywhere."""

from __future__ import annotations

import io
import re

import pytest

from tests.reports import samples
from vai_inspect.core.allowlist import Allowlist
from vai_inspect.core.comparison import Comparison
from vai_inspect.reports.console import console
from vai_inspect.reports.html import notebook
from vai_inspect.reports.text import comparison, text

BIG = samples.many(1200)  # 1,200 operators on each device, as many subgraphs and root causes


def printed(inspection):
    stream = io.StringIO()
    console.show(inspection, 1, stream)
    return stream.getvalue()


def html_text(inspection):
    return re.sub(r"<[^>]*>", " ", notebook.render(inspection))


SHOWN = {
    "text": text.render,
    "console": printed,
    "notebook": html_text,
    "repr": repr,
    "comparison": lambda one: comparison.render(Comparison.of([one], Allowlist())),
}


@pytest.mark.parametrize("name", SHOWN)
def test_counts_are_grouped(name):
    shown = SHOWN[name](BIG)
    assert "1,200" in shown
    # Names, shapes and fingerprints are no counts.
    assert re.findall(r"(?<![\w.,x])\d{4,}(?![\w.])", shown) == []


def test_a_root_cause_says_what_it_is():
    (first, *_) = BIG.root_causes
    assert repr(first) == (
        "<RootCause czdx8g.conv.kernel: 1 sigmoid (gate0): {}; 1 to the DPU if fixed alone>".format(
            first.message
        )
    )
    assert len(repr(BIG.root_causes[:2])) < 400
