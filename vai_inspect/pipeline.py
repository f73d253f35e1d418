"""The pipeline: capture, passes, rules, partition, reports."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence, Tuple, Union

from vai_inspect._version import __version__
from vai_inspect.captures import captured_for, open_batch
from vai_inspect.core.capture import Captured
from vai_inspect.core.cost import count_macs
from vai_inspect.core.errors import ReportError
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import InspectedOp, Inspection, Subgraph
from vai_inspect.core.partition import Placement, crossings, root_causes, subgraphs
from vai_inspect.core.passes import normalise
from vai_inspect.core.target import Target
from vai_inspect.core.views import set_view
from vai_inspect.estimating import Times
from vai_inspect.planning import Planned, plan
from vai_inspect.reports.console.progress import working
from vai_inspect.reports.text.format import plain
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.quantizers.check import placed_in
from vai_inspect.rules.quantizers.release import checked_release, target_in
from vai_inspect.turns import captures_alone

TargetSpec = Union[str, int, Path, Target]
Messages = Mapping[str, Tuple[str, ...]]
IMAGE_FORMATS = ("png", "svg")


def inspect_captured(captured: Captured, target: Target) -> Inspection:
    """Inspects a captured model on a target; writes and prints nothing.

    Args:
        captured: what a frontend read.
        target: the DPU.

    Raises:
        GraphError: the frontend or a pass made an unsound graph, which is a defect of ours.
    """
    return inspect_each(captured, (target,))[0]


@paused()
def inspect_each(
    captured: Captured,
    targets: Iterable[Target],
    causes: bool = True,
    planned: Optional[bool] = None,
) -> Tuple[Inspection, ...]:
    """Inspects a captured model on targets; the graph is normalised once for them all.

    Args:
        captured: what a frontend read.
        targets: the DPUs.
        causes: whether to look for the root causes and the times of single operators, too, which
            takes most of the time.
        planned: whether to make a plan; by default where root causes are looked for.

    Returns:
        An inspection for each target, in their order.

    Raises:
        GraphError: the frontend or a pass made an unsound graph, which is a defect of ours.
    """
    inspecting = _Inspecting(captured)
    plans = causes if planned is None else planned
    return tuple(inspecting.on(target, causes, plans) for target in targets)


class _Inspecting:
    """A captured model, and what is the same of it on every target."""

    def __init__(self, captured: Captured) -> None:
        self.captured = captured
        self.graph = normalise(captured.graph, captured.batch_norm_into)
        self.macs = {op.name: count_macs(op, self.graph) for op in self.graph}
        self.consumers = {
            op.name: tuple(reader.name for reader in self.graph.consumers(op)) for op in self.graph
        }

    def on(self, target: Target, causes: bool, plans: bool) -> Inspection:
        graph, family = self.graph, registry.family(target.family)
        quantizer = self.captured.quantizer
        found = evaluate(family, target, graph)
        placement = found.placement
        parts = subgraphs(graph, placement.devices)
        times = Times(graph.ops, target)
        warnings = [*self.captured.warnings, *open_batch(self.captured, target)]
        warnings += [*registry.warnings(), *found.warnings]
        for op in graph:
            if op.kind == "data":
                told = found.messages.get(op.name, ())
                warnings += ["input {}: {}".format(op.name, text) for text in told]
        if not family.written:
            warnings.append(
                "the rules of {} are not written yet: every operator is unknown, none is said to "
                "run on the DPU".format(family.dpu)
            )
        asked = quantizer and placed_in(quantizer, self.captured.graph, graph)
        planned = plan(graph, target, placement, asked) if plans else Planned()
        if planned.incomplete:
            warnings.append("the network is too large to look at every rewrite for the plan")
        inspection = Inspection(
            model=self.captured.model,
            target=target,
            ops=self._ops(placement, found.messages, parts),
            subgraphs=parts,
            crossings=crossings(graph, placement.devices, parts),
            root_causes=root_causes(graph, found.own, found.context, placement, dpu_ms=times.dpu_ms)
            if causes
            else (),
            warnings=tuple(warnings),
            tool_version=__version__,
            steps=planned.steps,
            quantizer=asked,
        )
        return times.added_to(inspection, each=causes)

    def _ops(
        self, placement: Placement, messages: Messages, parts: Tuple[Subgraph, ...]
    ) -> Tuple[InspectedOp, ...]:
        part_of = {name: part.name for part in parts for name in part.ops}
        return tuple(
            InspectedOp(
                op=op,
                consumers=self.consumers[op.name],
                device=placement.devices[op.name],
                findings=placement.findings.get(op.name, ()),
                messages=op.messages + messages.get(op.name, ()),
                subgraph=part_of.get(op.name),
                macs=self.macs[op.name].count,
                macs_untold=self.macs[op.name].untold,
            )
            for op in self.graph
        )


class BaseInspector:
    """What the inspectors of all frameworks share.

    Attributes:
        target: the DPU that models are inspected for.
        release: the Vitis AI release whose quantiser is asked; None for that of 3.5.
        batch_may_be_open: whether a model of this framework can leave its batch open.
        recorded: whether the shapes that a Keras model recorded of itself are taken, where the
            inputs are its own but for the batch, in place of asking each layer.
    """

    batch_may_be_open = False
    recorded = False

    def __init__(self, target: TargetSpec, release: Optional[str] = None) -> None:
        """Looks the target up.

        Args:
            target: a target's name in any case, a fingerprint (text or int), a board that boots one
                target (`KV260`), an arch.json (path as text or `pathlib.Path`), or a `Target`.
            release: `2.5`, `3.0` or `3.5`: the quantiser of that Vitis AI release, and its build
                of the target's name. None: the quantiser of 3.5, and the build of 2.5 where
                releases differ.

        Raises:
            TargetError: it names no target, or none of the release; the message says what was
                received, what is valid.
            ReleaseError: the release is none of those.
        """
        self.release = checked_release(release)
        self.target = target_in(target, self.release)

    def capture(
        self, model: Any, input_args: Any = None, device: Any = "cpu", trust: bool = False
    ) -> Captured:
        """Reads a model into the IR; threads take turns.

        Args:
            model: see `inspect`.
            input_args: see `inspect`.
            device: see `inspect`.
            trust: see `inspect`.

        Raises:
            VaiInspectError: as of `inspect`.
        """
        return self.capture_for((self.target,), model, input_args, device, trust)[0]

    def capture_for(
        self,
        targets: Iterable[Target],
        model: Any,
        input_args: Any = None,
        device: Any = "cpu",
        trust: bool = False,
    ) -> Tuple[Captured, ...]:
        """Reads a model for targets, once for each batch that they want; see `captured_for`.

        Args:
            targets: the DPUs.
            model: see `inspect`.
            input_args: see `inspect`.
            device: see `inspect`.
            trust: see `inspect`.

        Raises:
            VaiInspectError: as of `inspect`.
        """

        def read(batch: int) -> Captured:
            return self._captured(model, input_args, device, batch, trust)

        with captures_alone():
            if self.batch_may_be_open:
                return captured_for(targets, read)
            return (read(1),) * len(tuple(targets))

    def _captured(
        self, model: Any, input_args: Any, device: Any, batch: int, trust: bool
    ) -> Captured:
        """Reads the model into the IR; each framework has its own way."""
        raise NotImplementedError

    def inspect(
        self,
        model: Any,
        input_args: Any = None,
        device: Any = "cpu",
        output_dir: Union[str, Path, None] = "vai_inspect_result",
        verbose_level: int = 1,
        image_format: Optional[str] = None,
        write_json: bool = False,
        trust: bool = False,
        write_html: bool = False,
    ) -> Inspection:
        """Inspects a model, prints what `verbose_level` asks for and writes the reports.

        Args:
            model: the float model; it comes back unchanged.
            input_args: for Keras a shape such as `(1, 224, 224, 3)`, or a list or dict of them,
                that replaces the model's own; None takes the model's. A batch that is left open
                is the one that the target's family wants: 4 on DPUCADF8H, else 1. For PyTorch
                what the forward is called with: a tensor, a tuple or dict of tensors, or shapes.
            device: where PyTorch runs real tensors when it must; Keras ignores it.
            output_dir: folder for `inspect_<TARGET>.txt` and `.gv` (always), `.png` or `.svg`
                (with `image_format`), `.json` (with `write_json`) and `.html` (with `write_html`);
                None writes nothing.
            verbose_level: 0 prints nothing, 1 the operators on the CPU with the reasons, 2 every
                operator with its device. A notebook shows the first by itself, where the result
                is the last value of a cell; there it is not printed.
            image_format: None, "png" or "svg".
            write_json: whether to write the JSON report too.
            trust: whether code in a model file may run, where only the framework's own loader
                can read it: `.pt`, `.pth`, `.pt2`, and a Keras file whose config alone does not
                say its shapes.
            write_html: whether to write the page too: one file that works offline.

        Raises:
            ModelError: the model is not one of this framework's, not built, or not trusted.
            InputShapeError: an input has a variable dimension, or a shape does not fit.
            CaptureError: the model's graph cannot be read.
            ReportError: the folder cannot be written, or an option is none of the above. What
                was found has been printed by then.
        """
        check_options(verbose_level, image_format)
        quiet = not verbose_level
        with captures_alone():
            # A fork waits for the end of this, not for what another thread is about to import.
            from vai_inspect.reports import writer  # noqa: F401
            from vai_inspect.reports.console import console, notebook  # noqa: F401

            with working("reading the model", quiet):
                captured = self.capture(model, input_args, device, trust)
            with working("inspecting it for {}".format(self.target.name), quiet):
                inspection = inspect_captured(captured, self.target)
        wanted = write_html and output_dir is not None
        more = {"html": _page(inspection)} if wanted else None
        problem = show_and_write(
            inspection, output_dir, verbose_level, image_format, write_json, more
        )
        if problem is not None and verbose_level:
            print("vai-inspect: {}".format(plain(problem)), file=sys.stderr)
        return inspection


def check_options(verbose_level: Any, image_format: Any) -> None:
    """Checks the options that need no model, before any work is done.

    Raises:
        ReportError: one of them has no meaning.
    """
    if verbose_level not in (0, 1, 2):
        raise ReportError(
            "verbose_level is {!r}; valid are 0 (print nothing), 1 (operators on the CPU) and 2 "
            "(every operator).".format(verbose_level)
        )
    if image_format is not None and image_format not in IMAGE_FORMATS:
        raise ReportError(
            "image_format is {!r}; valid are None, {}.".format(
                image_format, " and ".join(repr(name) for name in IMAGE_FORMATS)
            )
        )


def show_and_write(
    inspection: Inspection,
    output_dir: Union[str, Path, None],
    verbose_level: int,
    image_format: Union[str, Sequence[str], None],
    write_json: bool,
    more: Optional[Mapping[str, str]] = None,
) -> Optional[str]:
    """Prints an inspection and writes its reports; a picture that fails loses nothing else.

    Returns:
        Why a picture that was asked for is missing, or None.

    Raises:
        ReportError: the folder cannot be written.
        OSError: standard output cannot be written; the reports are there all the same.
    """
    from vai_inspect.reports import writer
    from vai_inspect.reports.console import console, notebook

    unshown: Optional[OSError] = None
    try:
        console.show(inspection, verbose_level, beside_html=notebook.shows_results())
    except OSError as error:  # whoever read it went away, say
        unshown = error
    written = None
    if output_dir is not None:
        with working("drawing the graph" if image_format else "writing", quiet=not verbose_level):
            written = writer.write(inspection, Path(output_dir), image_format, write_json, more)
    if unshown is not None:
        raise unshown
    if written is None:
        return None
    if verbose_level:
        lines = ["written: {}".format(path) for path in written.paths]
        if written.full is not None:
            lines.append("the png had to be scaled down; the svg beside it has the full size")
        if written.older:
            listed = ", ".join(str(path) for path in written.older)
            lines.append("left from an earlier run, not of this one: {}".format(listed))
        if written.removed:
            listed = ", ".join(str(path) for path in written.removed)
            lines.append(
                "removed, as they were of another model, {}: {}".format(written.other_model, listed)
            )
        console.tell(lines)
    return written.problem


def _page(inspection: Inspection) -> str:
    from vai_inspect.reports.html import page

    return page.render(inspection)


def _html(inspection: Inspection) -> str:
    from vai_inspect.reports.html import notebook

    return notebook.render(inspection)


def _graph(inspection: Inspection) -> Any:
    from vai_inspect.reports import graphviz_source

    return graphviz_source.source(inspection)


set_view(Inspection, "html", _html)
set_view(Inspection, "graph", _graph)
