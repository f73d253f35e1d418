"""An inspection with what a check made of it, as the formats for CI are given it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

from vai_inspect.core.findings import Finding
from vai_inspect.core.gate import Gate, GateOutcome
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.core.quantizer import Obstacle, Outcome
from vai_inspect.reports.text.format import doubt, file_name
from vai_inspect.reports.text.lines import plain
from vai_inspect.reports.text.quantizer import STAGES

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Site:
    """A line of a source file.

    Attributes:
        file: the path from the working folder on, with slashes; for a file of an installed
            package, from the package on.
        line: counted from 1.
        installed: whether the file is no file of the user's.
    """

    file: str
    line: int
    installed: bool = False


@dataclass(frozen=True)
class Checked:
    """An inspection, and what a check made of it.

    Attributes:
        inspection: the inspection.
        outcome: what the gate let pass and what it did not.
        model_site: where the model is made, or None where that is no file of the user's.
        layer_sites: lines at which layers are named, for frameworks whose models do not know
            the line that made them; by the layer's name.
        rules: sentence of each constraint and of each rule about the quantiser, by its id.
    """

    inspection: Inspection
    outcome: GateOutcome
    model_site: Optional[Site] = None
    layer_sites: Mapping[str, Site] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, inspection: Inspection) -> Checked:
        """Returns an inspection with a check that demands nothing.

        Args:
            inspection: the inspection.
        """
        return cls(inspection, Gate().check(inspection))

    @property
    def title(self) -> str:
        """The model and the target."""
        inspection = self.inspection
        return f"{plain(inspection.model.name)} on {plain(inspection.target.name)}"

    def site(self, op: InspectedOp) -> Optional[Site]:
        """Returns the line of the user's code that made an operator, or the nearest known.

        That is the innermost frame in the working folder, else the line that names the layer,
        else where the model is made, else the innermost frame in an installed package.

        Args:
            op: an operator of the inspection.
        """
        frames = [(frame.file, frame.line) for frame in op.op.origin.source if frame.line > 0]
        for file, line in reversed(frames):
            own = within_working_folder(file)
            if own is not None:
                return Site(own, line)
        for layer in op.op.origin.layers:
            named = self.layer_sites.get(re.split(r"[./]", layer)[-1])
            if named is not None:
                return named
        if self.model_site is not None:
            return self.model_site
        return Site(file_name(frames[-1][0]), frames[-1][1], installed=True) if frames else None

    def level(self, op: InspectedOp, finding: Finding) -> str:
        """Returns how serious a finding is: an error fails the check, a note costs nothing.

        Args:
            op: the operator.
            finding: one of its findings.
        """
        if op.name in self.outcome.failing:
            return ERROR if finding.follows is None else NOTE
        costs = op.name not in {one.name for one in self.inspection.left_to_host()}
        return WARNING if finding.follows is None and costs else NOTE

    def obstacles(self) -> Tuple[Obstacle, ...]:
        """Returns what the vendor's quantiser stops at, changes or warns of, the worst first.

        What it leaves in float is not among them: those operators are on the CPU and say so.
        """
        quantizer = self.inspection.quantizer
        every = quantizer.obstacles if quantizer is not None else ()
        return tuple(one for one in every if one.outcome is not Outcome.FLOAT)

    def obstacle_level(self, obstacle: Obstacle) -> str:
        """Returns how serious an obstacle is, as `level`; a note is only warned of."""
        if obstacle in self.outcome.blocked:
            return ERROR
        return NOTE if obstacle.outcome is Outcome.WARNS else WARNING

    def obstacle_site(self, obstacle: Obstacle) -> Optional[Site]:
        """Returns the line of the first operator of an obstacle that has one; else the model's."""
        found = (self.inspection.op(name) for name in obstacle.ops)
        sites = (self.site(op) for op in found if op is not None)
        return next((site for site in sites if site is not None), self.model_site)

    def is_known(self, obstacle: Obstacle) -> bool:
        """Tells whether the baseline has an obstacle already."""
        return (obstacle.id, obstacle.ops) in self.outcome.obstacles


def within_working_folder(file: str) -> Optional[str]:
    """Returns a path from the working folder on, with slashes; None for one that is elsewhere.

    Args:
        file: a path as a frame holds it.
    """
    if file.startswith("<") or re.search(r"[/\\](site|dist)-packages[/\\]", file):
        return None
    try:
        here = os.getcwd()
        path = os.path.relpath(os.path.realpath(file), os.path.realpath(here))
    except (OSError, ValueError):  # no working folder, or another drive
        return None
    if path.startswith("..") or os.path.isabs(path) or not os.path.isfile(file):
        return None
    return path.replace(os.sep, "/")


def message(op: InspectedOp, finding: Finding) -> str:
    """Returns what a finding says of an operator, with what to change, on one line.

    Args:
        op: the operator.
        finding: one of its findings.
    """
    unsure = doubt(finding)
    said = f"{plain(op.name)} ({plain(op.type)}): {plain(finding.message)}"
    said += f" ({unsure})" if unsure else ""
    if finding.suggestion and finding.follows is None:
        return f"{said}. What to change: {plain(finding.suggestion)}"
    return said


def obstacle_message(obstacle: Obstacle) -> str:
    """Returns what is said of an obstacle, with what to change, on one line.

    Args:
        obstacle: the obstacle.
    """
    where = ", ".join(filter(None, (STAGES[obstacle.stage.value], obstacle.code)))
    said = f"{plain(obstacle.message)} [{where}]"
    if obstacle.suggestion:
        return f"{said}. What to change: {plain(obstacle.suggestion)}"
    return said


def on_the_cpu(checked: Checked) -> Tuple[InspectedOp, ...]:
    """Returns the operators on the CPU that have findings, in graph order.

    Args:
        checked: the inspection.
    """
    return tuple(op for op in checked.inspection.ops if op.findings and not op.constant)
