"""JUnit XML: a test case for each operator, for the test views of CI servers."""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple
from xml.etree.ElementTree import Element, SubElement, tostring

from vai_inspect.core.findings import Device
from vai_inspect.core.gate import ALLOWED, KNOWN
from vai_inspect.core.inspection import TOOL_NAME, InspectedOp
from vai_inspect.reports.checked import ERROR, NOTE, Checked, Site, message, obstacle_message
from vai_inspect.reports.formats import CheckWriter
from vai_inspect.reports.text.format import grounds
from vai_inspect.reports.text.gate import describe
from vai_inspect.reports.text.lines import plain

_WHY = {ALLOWED: "allowed on the CPU", KNOWN: "on the CPU in the baseline, too"}


def render(checked: Checked) -> str:
    """Returns the JUnit report of an inspection.

    An operator on the DPU passes. One on the CPU fails where the check fails on it; else it is
    skipped, with the reasons. What the vendor's quantiser stops at or changes is a test case of
    its own, and so is a condition on totals where it fails. So a report without failures goes with
    exit code 0.

    Args:
        checked: the inspection.
    """
    cases = [*_totals(checked), *_obstacles(checked), *_operators(checked)]
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suites = Element("testsuites", {"name": TOOL_NAME, **counts})
    suite = SubElement(suites, "testsuite", {"name": checked.title, **counts})
    properties = SubElement(suite, "properties")
    for name, value in _properties(checked):
        SubElement(properties, "property", {"name": name, "value": value})
    suite.extend(cases)
    if checked.inspection.warnings:
        SubElement(suite, "system-err").text = "\n".join(map(plain, checked.inspection.warnings))
    _indent(suites)
    body = tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _properties(checked: Checked) -> Iterator[Tuple[str, str]]:
    inspection = checked.inspection
    yield "model", plain(inspection.model.name)
    yield "target", plain(inspection.target.name)
    yield "fingerprint", inspection.target.fingerprint_text
    for name, figure in vars(inspection.summary).items():
        yield name, str(figure).lower() if isinstance(figure, bool) else str(figure)


def _totals(checked: Checked) -> Iterator[Element]:
    for failure in checked.outcome.failures:
        if not failure.ops and not failure.obstacles:
            case = _case(failure.option.lstrip("-"), checked)
            SubElement(case, "failure", {"message": describe(failure, checked.inspection)})
            yield case


def _obstacles(checked: Checked) -> Iterator[Element]:
    for obstacle in checked.obstacles():
        level = checked.obstacle_level(obstacle)
        if level == NOTE:
            continue
        case = _case(" ".join([obstacle.id, *obstacle.ops[:1]]), checked)
        _place(case, checked.obstacle_site(obstacle))
        text = obstacle_message(obstacle)
        if level == ERROR:
            said = {"type": plain(obstacle.id), "message": text}
            SubElement(case, "failure", said).text = ", ".join(map(plain, obstacle.ops))
        else:
            SubElement(case, "skipped", {"message": text})
        yield case


def _place(case: Element, site: Optional[Site]) -> None:
    if site is not None and not site.installed:
        case.set("file", site.file)
        case.set("line", str(site.line))


def _operators(checked: Checked) -> Iterator[Element]:
    failing = set(checked.outcome.failing)
    for op in checked.inspection.ops:
        if op.constant or op.device is Device.USER:
            continue
        case = _case(op.name, checked)
        _place(case, checked.site(op))
        if op.name in failing:
            first = op.findings[0] if op.findings else None
            kind = plain(first.constraint) if first is not None else op.type
            said = {"type": kind, "message": message(op, first) if first else plain(op.name)}
            SubElement(case, "failure", said).text = "\n".join(_reasons(op))
        elif op.device is Device.CPU:
            why = _WHY.get(checked.outcome.accepted.get(op.name, ""), "on the CPU")
            SubElement(case, "skipped", {"message": ": ".join([why, *_reasons(op)[:1]])})
        yield case


def _reasons(op: InspectedOp) -> List[str]:
    lines = []
    for finding in op.findings:
        lines.append(message(op, finding))
        lines.append("rule: " + grounds(finding))
    return lines


def _case(name: str, checked: Checked) -> Element:
    return Element("testcase", {"classname": checked.title, "name": plain(name)})


def _indent(element: Element, depth: int = 0) -> None:
    """Puts each element on a line of its own; `xml.indent` is of Python 3.9."""
    children = list(element)
    if not children:
        return
    element.text = "\n" + "  " * (depth + 1)
    for child in children:
        _indent(child, depth + 1)
        child.tail = "\n" + "  " * (depth + 1)
    children[-1].tail = "\n" + "  " * depth


WRITER = CheckWriter("junit", "junit.xml", render)
