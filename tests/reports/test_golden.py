"""Every report, whole, as a user reads it."""

from __future__ import annotations

import io

import pytest

from tests.reports import samples
from vai_inspect.reports import gv, json
from vai_inspect.reports.console import console
from vai_inspect.reports.text import text

SAMPLES = {"all_on_dpu": samples.all_on_dpu, "mixed": samples.mixed}
REPORTS = {"txt": text.render, "gv": gv.render, "json": json.render}


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("report", REPORTS)
def test_report(sample, report, golden):
    golden("{}.{}".format(sample, report), REPORTS[report](SAMPLES[sample]()))


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("level", [1, 2])
def test_console(sample, level, golden):
    stream = io.StringIO()
    console.show(SAMPLES[sample](), level, stream)
    golden("{}.console{}".format(sample, level), stream.getvalue())
