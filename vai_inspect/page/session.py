"""What the worker of the page calls: a file and a target go in, texts and HTML come out.

It runs in Pyodide, so no framework and no package with a compiled part is there. What is wrong with
a file or a target is an answer, `{"error": ...}`, and no exception.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from vai_inspect.comparing import choose, compare_captured
from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import (
    GraphError,
    InputShapeError,
    ModelError,
    VaiInspectError,
    listed,
    message_of,
)
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.target import Target
from vai_inspect.frameworks import KERAS_FILES, ONNX_FILES, CaptureOptions
from vai_inspect.pipeline import capture_for, inspect_graph
from vai_inspect.reports import gv, json
from vai_inspect.reports.html import page, parts
from vai_inspect.reports.picture import picture, svg
from vai_inspect.reports.text import text as text_report
from vai_inspect.reports.text.lines import on_one_line
from vai_inspect.reports.writer import stem
from vai_inspect.rules.engine import registry
from vai_inspect.rules.targets.boards import targets_of
from vai_inspect.rules.targets.lookup import lookup
from vai_inspect.shape_text import shape_in

FILES = (*KERAS_FILES, *ONNX_FILES)
Answer = Dict[str, Any]
Progress = Callable[[str], Any]

_WRITERS: Dict[str, Callable[[Inspection], str]] = {
    "txt": text_report.render,
    "json": json.render,
    "html": page.render,
    "gv": gv.render,
    "dot": picture.render,  # what the page draws the svg from
}


class Session:
    """One page: its last inspection is kept for the downloads."""

    def __init__(self, progress: Progress) -> None:
        """Starts with no inspection.

        Args:
            progress: is called with what is being done, in words.
        """
        self._progress = progress
        self._last: Optional[Inspection] = None

    def targets(self) -> List[Dict[str, str]]:
        """Returns what can be chosen: boards that boot one target, then targets, with a label."""
        every = {target.name: target for target in registry.targets()}
        names = sorted({board for target in every.values() for board in target.boards})
        boards = ((name, {target.name for target in targets_of(name)}) for name in names)
        return [
            *(
                {"value": name, "label": stands_for.pop()}
                for name, stands_for in boards
                if len(stands_for) == 1
            ),
            *({"value": name, "label": _known_as(target)} for name, target in every.items()),
        ]

    def inspect(self, path: str, target: str, shapes: str = "") -> Answer:
        """Inspects a file.

        Args:
            path: the file, as messages name it.
            target: as the inspectors take it.
            shapes: such as `1,224,224,3`, one for each input with `;` between them; empty for the
                model's own.

        Returns:
            `parts`, the HTML of each view by its name, and `stem`, the name of its files without
            their endings; or `error`.
        """

        def work() -> Answer:
            self._last = None
            found = lookup(target)
            (captured,) = self._captured((found,), path, shapes)
            self._progress(f"inspecting it for {found.name}")
            self._last = inspect_graph(captured, found)
            self._progress("writing the views")
            return {"parts": parts.parts(self._last), "stem": stem(self._last)}

        return _answer(work)

    def compare(self, path: str, shapes: str = "") -> Answer:
        """Compares all targets for a file.

        Args:
            path: see `inspect`.
            shapes: see `inspect`.

        Returns:
            `html`, the table; or `error`.
        """

        def work() -> Answer:
            targets = choose(None, None)
            captured = self._captured(targets, path, shapes)
            numbers = {target: at for at, target in enumerate(targets, 1)}

            def before(target: Target) -> None:
                self._progress(f"target {numbers[target]} of {len(targets)}: {target.name}")

            return {"html": parts.comparison(compare_captured(captured, targets, before=before))}

        return _answer(work)

    def report(self, kind: str) -> Answer:
        """Returns a report of the last inspection.

        Args:
            kind: `txt`, `json`, `html`, `gv`, or `dot` for what the picture is drawn from.

        Returns:
            `text`; or `error`.
        """
        last = self._last
        if last is None:
            return {"error": "there is no inspection yet; inspect a file first."}
        return _answer(lambda: {"text": _WRITERS[kind](last)})

    def _captured(self, targets: Sequence[Target], path: str, shapes: str) -> Tuple[Captured, ...]:
        if Path(path).suffix.lower() not in FILES:
            raise ModelError(
                f"{path} is no file that is read here: valid are {listed(FILES)}; the command line "
                "reads others, too."
            )
        given = _shapes(shapes)
        self._progress(f"reading {path}")
        return capture_for(targets, Path(path), CaptureOptions(input_args=given or None))


def _known_as(target: Target) -> str:
    return ", ".join([target.fingerprint_text, *target.boards])


def _shapes(texts: str) -> List[Tuple[int, ...]]:
    found = []
    for text in filter(None, map(str.strip, texts.split(";"))):
        shape = shape_in(text)
        if shape is None:
            raise InputShapeError(
                f"the input shape {text!r} is none; write the sizes of all axes, the batch first, "
                "as in 1,224,224,3, with a ; before that of each further input."
            )
        found.append(shape)
    return found


def with_fonts(drawn: str) -> str:
    """Returns the picture that Graphviz has drawn with fonts as wide as it reckons.

    Args:
        drawn: the SVG.
    """
    return svg.with_fonts(drawn)


def _answer(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except GraphError as error:
        return _defect(error)
    except VaiInspectError as error:
        return {"error": on_one_line(str(error))}
    except MemoryError:
        return {"error": "the browser has not enough memory for this file; use the command line."}
    except Exception as error:
        return _defect(error)


def _defect(error: Exception) -> Answer:
    defect = f"a defect of vai-inspect: {type(error).__name__}: {message_of(error)}"
    return {"error": on_one_line(defect)}
