"""The graph in the hands of the `graphviz` package."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.reports import samples
from vai_inspect.core.errors import ReportError
from vai_inspect.reports import json, writer


@pytest.mark.parametrize("make", [samples.mixed, samples.all_on_dpu, samples.hostile])
def test_its_text_is_that_of_the_gv_file(make, tmp_path):
    graph = make().graph()
    written = writer.write(make(), tmp_path)
    assert graph.source == written.files["gv"].read_text(encoding="utf-8")
    assert graph.filename == written.files["gv"].name


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_it_draws_itself():
    assert b"kernel_w is 17" in samples.mixed().graph().pipe(format="svg")


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ReportError, match="pip install graphviz"):
        samples.mixed().graph()


def test_a_report_that_was_read_shows_itself_though_nothing_else_was_imported(tmp_path):
    report = tmp_path / "report.json"
    report.write_text(json.render(samples.mixed()), encoding="utf-8")
    code = (
        "import sys; from vai_inspect.core.inspection import Inspection; "
        "found = Inspection.from_json(open(sys.argv[1], encoding='utf-8').read()); "
        "assert 'kernel_w is 17' in found.graph().source; print(found._repr_html_()[:5])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(report)], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("<div>", "")
