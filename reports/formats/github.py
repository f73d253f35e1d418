"""Annotations of GitHub Actions: lines that a workflow's log shows beside the code."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional

from vai_inspect.core.inspection import TOOL_NAME, InspectedOp
from vai_inspect.reports.checked import (
    ERROR,
    NOTE,
    WARNING,
    Checked,
    Site,
    message,
    obstacle_message,
)
from vai_inspect.reports.formats import CheckWriter
from vai_inspect.reports.text.gate import describe
from vai_inspect.reports.text.lines import plain
from vai_inspect.reports.text.quantizer import names

_COMMANDS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}
FEW_NAMES = 3


def render(checked: Checked) -> str:
    """Returns the annotations: one for each failure, then for each obstacle and root cause.

    GitHub shows ten errors and ten warnings of a step, so operators that are on the CPU for one
    reason share an annotation, and those that only follow from others have none. What is accepted
    has none either.

    Args:
        checked: the inspection.
    """
    lines = [*_failures(checked), *_obstacles(checked), *_causes(checked)]
    return "".join(line + "\n" for line in lines)


def _failures(checked: Checked) -> Iterator[str]:
    for failure in checked.outcome.failures:
        title = f"{TOOL_NAME}: {failure.option}"
        text = f"{checked.title}: {describe(failure, checked.inspection)}"
        yield _command("error", checked.model_site, title, text)


def _obstacles(checked: Checked) -> Iterator[str]:
    for obstacle in checked.obstacles():
        level = checked.obstacle_level(obstacle)
        if level == NOTE or checked.is_known(obstacle):
            continue
        title = f"{TOOL_NAME} {checked.title}: {obstacle.id}"
        text = obstacle_message(obstacle)
        if obstacle.ops:
            text = f"{text}. Operators: {names(obstacle.ops)}"
        yield _command(_COMMANDS[level], checked.obstacle_site(obstacle), title, text)


def _causes(checked: Checked) -> Iterator[str]:
    for cause in checked.inspection.root_causes:
        found = (checked.inspection.op(name) for name in cause.ops)
        ops = [op for op in found if op is not None and op.name not in checked.outcome.accepted]
        failing = set(checked.outcome.failing)
        ops.sort(key=lambda op: op.name not in failing)
        if not ops:
            continue
        first = ops[0]
        finding = next((one for one in first.findings if one.follows is None), first.findings[0])
        level = checked.level(first, finding)
        text = f"{message(first, finding)}. {_likewise(ops[1:])}".rstrip()
        title = f"{TOOL_NAME} {checked.title}: {finding.constraint}"
        yield _command(_COMMANDS[level], checked.site(first), title, text)


def _likewise(ops: List[InspectedOp]) -> str:
    if not ops:
        return ""
    named = ", ".join(plain(op.name) for op in ops[:FEW_NAMES])
    more = f" and {len(ops) - FEW_NAMES:,} more" if ops[FEW_NAMES:] else ""
    return f"The same holds for {named}{more}."


def _command(kind: str, site: Optional[Site], title: str, text: str) -> str:
    properties: Dict[str, str] = {}
    if site is not None and not site.installed:
        properties.update(file=site.file, line=str(site.line))
    properties["title"] = plain(title)
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(plain(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


WRITER = CheckWriter("github", None, render)
