"""The work of the command `inspect`: one model after the other, on every target."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from vai_inspect.cli.errors import warn
from vai_inspect.cli.reading import read_model
from vai_inspect.cli.sites import layer_sites, model_site
from vai_inspect.core.errors import ReportError, clipped
from vai_inspect.core.gate import QUANTIZER, Gate
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.target import Target
from vai_inspect.frameworks import CaptureOptions
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reporting import show_and_write
from vai_inspect.reports.checked import Checked
from vai_inspect.reports.console import console
from vai_inspect.reports.console.progress import working
from vai_inspect.reports.formats import CheckWriter
from vai_inspect.reports.text import gate as gate_text
from vai_inspect.reports.text.format import allow_hint
from vai_inspect.reports.writer import WRITERS, for_check


@dataclass
class Job:
    """What is evaluated for every model, and what came of those that are done.

    Attributes:
        targets: the DPUs.
        options: how the models are read.
        kwargs: for callables.
        verbose: as of `Inspector.inspect`.
        formats: of the reports beside those that are always written.
        writes: whether anything is written or printed for each model.
        gate: what the inspections are compared with.
        done: the inspections, checked, in their order.
        labels: the MODEL of each of `done`.
        unread: models that could not be inspected.
    """

    targets: Tuple[Target, ...]
    options: CaptureOptions
    kwargs: Dict[str, Any]
    verbose: int
    formats: Tuple[str, ...]
    writes: bool
    gate: Gate
    done: List[Checked] = field(default_factory=list)
    labels: List[str] = field(default_factory=list)
    unread: List[str] = field(default_factory=list)

    def run(self, spec: str, folder: Path) -> None:
        """Inspects one model on every target and writes what was asked for.

        Args:
            spec: the MODEL of the command line.
            folder: for its reports.

        Raises:
            VaiInspectError: it cannot be loaded, inspected or reported.
        """
        quiet = not self.verbose
        captures = read_model(spec, self.kwargs, self.targets, self.options, quiet)
        for target, captured in zip(self.targets, captures):
            with working(f"inspecting {captured.model.name} for {target.name}", quiet):
                inspection = inspect_graph(captured, target)
            checked = self._checked(spec, inspection)
            self.done.append(checked)
            self.labels.append(spec)
            if self.writes:
                self._write(checked, folder)

    def _checked(self, spec: str, inspection: Inspection) -> Checked:
        outcome = self.gate.check(inspection)
        if not any(isinstance(WRITERS[name], CheckWriter) for name in self.formats):
            return Checked(inspection, outcome)
        keras = inspection.model.framework == "keras"
        return Checked(
            inspection,
            outcome,
            model_site=model_site(spec),
            layer_sites=layer_sites(spec) if keras else {},
            rules=_sentences(inspection),
        )

    def _write(self, checked: Checked, folder: Path) -> None:
        wanted = [for_check(WRITERS[name], checked) for name in self.formats]
        problem = show_and_write(checked.inspection, folder, self.verbose, wanted)
        for one in wanted:
            if one.ending is None:
                console.tell(one.render(checked.inspection).decode("utf-8").splitlines())
        if problem is not None:
            warn(problem)

    def failures(self) -> Iterator[str]:
        """Yields one line for each condition that an inspection does not meet."""
        several = len(set(self.labels)) > 1
        for spec, checked in zip(self.labels, self.done):
            for failure in checked.outcome.failures:
                hint = ""
                if failure.ops and self.gate.fail_on != QUANTIZER:
                    hint = allow_hint(self.gate.allowlist.for_the_rest(checked.inspection))
                model = spec + ": " if several else ""
                what = gate_text.describe(failure, checked.inspection)
                yield f"{model}{failure.option}: {what}{hint}"

    def print_summary(self, specs: Sequence[str]) -> None:
        """Prints a table of all models.

        Args:
            specs: every MODEL, in the order of the command line.
        """
        from vai_inspect.reports.text import models

        rows = {spec: [] for spec in specs}  # type: Dict[str, List[Checked]]
        for spec, checked in zip(self.labels, self.done):
            rows[spec].append(checked)
        console.tell(models.render(rows))


def folders(specs: Sequence[str], folder: Path) -> List[Path]:
    """Returns a folder for each model: the one that is given, or one in it for each of several.

    Args:
        specs: every MODEL, each once.
        folder: the folder of the command line.
    """
    if len(specs) == 1:
        return [folder]
    brief = [_label(re.split(r"[/\\:]", spec)[-1]) for spec in specs]
    return [
        folder / (label if brief.count(label) == 1 else _label(spec))
        for label, spec in zip(brief, specs)
    ]


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")[:150] or "model"


def read_baselines(paths: Sequence[Path]) -> Tuple[Inspection, ...]:
    """Returns the inspections of JSON reports.

    Args:
        paths: files with one report or a list of them.

    Raises:
        ReportError: one of them is no such file.
    """
    import json

    found: List[Inspection] = []
    for path in paths:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            reports = data if isinstance(data, list) else [data]
            found += [Inspection.from_dict(report) for report in reports]
        except OSError as error:
            raise ReportError(
                f"--baseline {path}: {error.strerror or error}; give a JSON report, as --json "
                "writes it."
            ) from error
        except (ValueError, ReportError) as error:
            raise ReportError(
                f"--baseline {path} is no JSON report of vai-inspect: {clipped(str(error), 300)}"
            ) from error
    return tuple(found)


def _sentences(inspection: Inspection) -> Mapping[str, str]:
    """Returns the sentence of each constraint and of each rule about the quantiser."""
    from vai_inspect.rules.engine import registry, rule_book
    from vai_inspect.rules.quantizers.facts import FACTS
    from vai_inspect.rules.quantizers.rule_book import rules_of

    target = inspection.target
    table = rule_book.table(registry.family(target.family), (target,))
    found = {id: sentence for id, _, sentence, _ in table}
    flow = FACTS.get(inspection.model.framework)
    found.update((rule.id, rule.sentence) for rule in (rules_of(flow) if flow else ()))
    return found
