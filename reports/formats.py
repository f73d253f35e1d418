"""The formats of `--report`: each by its name, with what renders it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Optional

from vai_inspect.reports.checked import Checked


@dataclass(frozen=True)
class Format:
    """A format of report that is written on request.

    Attributes:
        ending: of the file `inspect_<TARGET>.<ending>`; None for one that is printed.
        render: returns the report.
    """

    ending: Optional[str]
    render: Callable[[Checked], str]


def _html(checked: Checked) -> str:
    from vai_inspect.reports.html import page

    return page.render(checked.inspection)


def _sarif(checked: Checked) -> str:
    from vai_inspect.reports import sarif

    return sarif.render(checked)


def _junit(checked: Checked) -> str:
    from vai_inspect.reports import junit

    return junit.render(checked)


def _github(checked: Checked) -> str:
    from vai_inspect.reports import github

    return github.render(checked)


FORMATS: Dict[str, Format] = {
    "html": Format("html", _html),
    "sarif": Format("sarif", _sarif),
    "junit": Format("junit.xml", _junit),
    "github": Format(None, _github),
}
