"""The table of all formats of reports, and how a folder is written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Mapping, Optional, Sequence, Set, Tuple, Union

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import formats, gv, json
from vai_inspect.reports.atomic import replace_file
from vai_inspect.reports.checked import Checked
from vai_inspect.reports.formats import CheckWriter, TextWriter, Writer
from vai_inspect.reports.text import text
from vai_inspect.reports.text.lines import plain


@dataclass(frozen=True)
class PictureWriter:
    """The graph as a picture; its name is its ending."""

    name: str

    @property
    def ending(self) -> str:
        """Of its file."""
        return self.name

    def render(self, inspection: Inspection) -> bytes:
        """Returns the picture of an inspection.

        Raises:
            ReportError: there is no renderer, or none could draw this graph.
        """
        from vai_inspect.reports.picture import picture, renderers

        return renderers.drawn(picture.render(inspection), self.name)[1]


ALWAYS = (TextWriter("txt", "txt", text.render), TextWriter("gv", "gv", gv.render))
"""What every run writes."""

PICTURES = (PictureWriter("png"), PictureWriter("svg"))
"""What is drawn last: it may take seconds, and fail where no renderer is installed."""

ON_REQUEST = formats.writers()
"""The formats of `--report`."""

_ALL: Tuple[Writer, ...] = (
    *ALWAYS,
    *PICTURES,
    TextWriter("json", "json", json.render),
    *ON_REQUEST,
)
WRITERS: Dict[str, Writer] = {one.name: one for one in _ALL}
"""Every format by its name."""

Format = Union[str, Writer]


@dataclass(frozen=True)
class WrittenFiles:
    """What was written.

    Attributes:
        files: the reports by the name of their format.
        full: the picture as SVG, where the PNG had to be scaled down to its largest size.
        problem: why a picture that was asked for is missing, or None.
        older: files of the same target in the folder that an earlier run wrote and this did not.
        removed: such files of another model, which are gone: beside reports of this one they
            would be taken for its own.
        other_model: name of that model, or None.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    full: Optional[Path] = None
    problem: Optional[str] = None
    older: Tuple[Path, ...] = ()
    removed: Tuple[Path, ...] = ()
    other_model: Optional[str] = None

    @property
    def paths(self) -> Tuple[Path, ...]:
        """All that was written."""
        return (*self.files.values(), *((self.full,) if self.full is not None else ()))


def write(
    inspection: Inspection, folder: Union[str, Path], formats: Sequence[Format] = ()
) -> WrittenFiles:
    """Writes reports to a folder; a picture that cannot be drawn loses none of the others.

    Args:
        inspection: what to report.
        folder: the folder; it is made where it is missing.
        formats: what to write beside the text and the graph: names of `WRITERS`, or writers.

    Raises:
        ReportError: there is no such format, or the folder cannot be made or written.
    """
    wanted = {one.name: one for one in (*ALWAYS, *map(writer, formats)) if one.ending is not None}
    name = stem(inspection)
    paths = {key: Path(folder) / f"{name}.{one.ending}" for key, one in wanted.items()}
    # All is rendered before anything is written, so that no half of a set is left behind.
    contents = {key: one.render(inspection) for key, one in wanted.items() if one not in PICTURES}
    earlier = _model_of(paths["txt"])
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for key, content in contents.items():
            replace_file(paths[key], content)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it.
        raise ReportError(
            f"output_dir is {str(folder)!r}, where nothing can be written ({_reason(error)}); give "
            "a folder that you may write, or one that can be made."
        ) from error
    pictures = {key: path for key, path in paths.items() if key not in contents}
    drawn, full, problem = _draw(inspection, pictures)
    files = {key: path for key, path in paths.items() if key in contents or key in drawn}
    written = WrittenFiles(files, full, problem)
    return _beside(written, earlier, inspection, Path(folder))


def writer(format: Format) -> Writer:
    """Returns the writer of a format.

    Args:
        format: its name, or the writer itself.

    Raises:
        ReportError: there is no format of this name.
    """
    if not isinstance(format, str):
        return format
    if format not in WRITERS:
        raise ReportError(f"the format of a report is {format!r}; valid are {', '.join(WRITERS)}.")
    return WRITERS[format]


def _model_of(path: Path) -> Optional[str]:
    """Returns the model that a text report is of, or None where there is no such report."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(text.GRAPH_NAME):
                    return line[len(text.GRAPH_NAME) :].rstrip("\n")
    except (OSError, ValueError):
        pass
    return None


def _is_removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def for_check(writer: Writer, checked: Checked) -> Writer:
    """Returns a writer that knows what a check made of the inspection, where it reports that.

    Args:
        writer: any writer.
        checked: the inspection with the check's outcome.
    """
    return replace(writer, checked=checked) if isinstance(writer, CheckWriter) else writer


def _draw(
    inspection: Inspection, paths: Mapping[str, Path]
) -> Tuple[Set[str], Optional[Path], Optional[str]]:
    """Draws pictures; returns which, one in full size, and what went wrong."""
    drawn: Set[str] = set()
    if not paths:
        return drawn, None, None
    from vai_inspect.reports.picture import renderers

    try:
        for name, path in paths.items():
            renderers.save(WRITERS[name].render(inspection), path)
            drawn.add(name)
        if drawn == {"png"} and renderers.is_scaled_down(paths["png"]):
            full = paths["png"].with_suffix(".svg")
            renderers.save(WRITERS["svg"].render(inspection), full)
            return drawn, full, None
    except ReportError as error:
        return drawn, None, str(error)
    return drawn, None, None


def _beside(
    written: WrittenFiles, earlier: Optional[str], inspection: Inspection, folder: Path
) -> WrittenFiles:
    """Adds what an earlier run left in the folder; removes it where it is of another model."""
    on_request = (one.ending for one in WRITERS.values() if one not in ALWAYS and one.ending)
    kept = (folder / f"{stem(inspection)}.{ending}" for ending in on_request)
    older = tuple(path for path in kept if path not in written.paths and os.path.exists(path))
    if earlier in (None, plain(inspection.model.name)):
        return replace(written, older=older)
    removed = tuple(path for path in older if _is_removed(path))
    older = tuple(path for path in older if path not in removed)
    return replace(written, older=older, removed=removed, other_model=earlier)


def _reason(error: Exception) -> str:
    """Returns what the system says, with the file where it is not the folder itself."""
    said = getattr(error, "strerror", None) or str(error)
    file = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return f"{file}: {said}" if file else said


def stem(inspection: Inspection) -> str:
    """Returns the name of an inspection's files without their endings."""
    return "inspect_" + safe_name(inspection.target.name)


def safe_name(name: str) -> str:
    """Returns a target's name as part of a file name: letters, digits, dot, dash, underscore.

    Args:
        name: the target's name; a registered one comes back unchanged.
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:150] or "target"
