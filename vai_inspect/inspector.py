"""What the inspectors of all frameworks share: shells over the pipeline and the writers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, List, Optional, Union

from vai_inspect.capture_lock import capture_lock
from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import Inspection
from vai_inspect.frameworks import CaptureOptions, Framework
from vai_inspect.pipeline import TargetSpec, capture, inspect_graph
from vai_inspect.reporting import check_options, show_and_write
from vai_inspect.reports.console.progress import working
from vai_inspect.reports.text.lines import plain
from vai_inspect.reports.writer import Format
from vai_inspect.rules.quantizers.release import checked_release, target_in


class BaseInspector:
    """What the inspectors of all frameworks share.

    Attributes:
        framework: the framework that models are of; None to find it for each.
        target: the DPU that models are inspected for.
        release: the Vitis AI release whose quantiser is used; None for that of 3.5.
        convert: whether operators that the quantiser replaces by other functions are replaced.
        trust: whether code in every model file may run.
    """

    framework: Optional[Framework] = None
    trust = False

    def __init__(
        self, target: TargetSpec, release: Optional[str] = None, convert: bool = True
    ) -> None:
        """Looks the target up.

        Args:
            target: a target's name in any case, a fingerprint (text or int), a board that boots one
                target (`KV260`), an arch.json (path as text or `pathlib.Path`), or a `Target`.
            release: `2.5`, `3.0` or `3.5`: the quantiser of that Vitis AI release, and its build
                of the target's name. None: the quantiser of 3.5, and the build of 2.5 where
                releases differ.
            convert: whether the model is judged as the vendor's quantiser of its framework deploys
                it. That of Keras replaces sigmoid, swish, the slope 0.1 of a leaky ReLU and more by
                what the DPU has, that of PyTorch nn.ReLU6 and the slope of a leaky ReLU, that of
                ONNX nothing; each replacement is a message on its operator. Where False, it is
                judged as written.

        Raises:
            TargetError: it names no target, or none of the release; the message says what was
                received, what is valid.
            ReleaseError: the release is none of those.
        """
        self.release = checked_release(release)
        self.target = target_in(target, self.release)
        self.convert = convert

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
        options = CaptureOptions(
            input_args, device, trust or self.trust, self.convert, self.release
        )
        return capture(model, self.target, options, self.framework)

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
                operator with its device. A notebook shows the first on its own, where the result
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
        with capture_lock():
            # A fork waits for the end of this, not for what another thread is about to import.
            from vai_inspect.reports.console import console, notebook  # noqa: F401

            with working("reading the model", quiet):
                captured = self.capture(model, input_args, device, trust)
            with working(f"inspecting it for {self.target.name}", quiet):
                inspection = inspect_graph(captured, self.target)
        formats: List[Format] = [] if image_format is None else [image_format]
        formats += ["json"] if write_json else []
        formats += ["html"] if write_html else []
        problem = show_and_write(inspection, output_dir, verbose_level, formats)
        if problem is not None and verbose_level:
            print(f"vai-inspect: {plain(problem)}", file=sys.stderr)
        return inspection
