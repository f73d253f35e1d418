"""Writes the reports to a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import List, Mapping, Optional, Sequence, Tuple, Union

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import gv, json
from vai_inspect.reports.atomic import replace_file
from vai_inspect.reports.text import text
from vai_inspect.reports.text.format import plain

ENDINGS = ("png", "svg", "json", "html", "sarif", "junit.xml")
"""Of the files that a run writes only on request."""


@dataclass(frozen=True)
class WrittenFiles:
    """What was written.

    Attributes:
        txt: the text report.
        gv: the graph.
        images: the pictures.
        full: the picture as SVG, where the PNG had to be scaled down to its largest size.
        json: the JSON report, or None.
        more: the reports of other formats.
        renderer: what drew the picture, or None.
        problem: why a picture that was asked for is missing, or None.
        older: files of the same target in the folder that an earlier run wrote and this did not.
        removed: such files of another model, which are gone: beside reports of this one they
            would be taken for its own.
        other_model: name of that model, or None.
    """

    txt: Path
    gv: Path
    images: Tuple[Path, ...] = ()
    full: Optional[Path] = None
    json: Optional[Path] = None
    more: Tuple[Path, ...] = ()
    renderer: Optional[str] = None
    problem: Optional[str] = None
    older: Tuple[Path, ...] = ()
    removed: Tuple[Path, ...] = ()
    other_model: Optional[str] = None

    @property
    def image(self) -> Optional[Path]:
        """The picture, the first of several; None where there is none."""
        return self.images[0] if self.images else None

    @property
    def paths(self) -> Tuple[Path, ...]:
        """All that was written."""
        found = (self.txt, self.gv, *self.images, self.full, self.json, *self.more)
        return tuple(path for path in found if path is not None)


def write(
    inspection: Inspection,
    output_dir: Path,
    image_formats: Union[str, Sequence[str], None],
    write_json: bool,
    more: Optional[Mapping[str, str]] = None,
) -> WrittenFiles:
    """Writes the reports; a picture that cannot be drawn loses none of the others.

    Args:
        inspection: what to report.
        output_dir: the folder; it is made where it is missing.
        image_formats: `png`, `svg`, both or None.
        write_json: whether to write the JSON report too.
        more: further reports by the ending of their files, such as `sarif`.

    Raises:
        ReportError: the folder cannot be made or written.
    """
    folder = Path(output_dir)
    name = stem(inspection)
    # All is rendered before anything is written, so that no half of a set is left behind.
    words, graph = text.render(inspection), gv.render(inspection)
    figures = json.render(inspection) if write_json else ""
    earlier = _model_of(folder / (name + ".txt"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        txt = _write(folder / (name + ".txt"), words)
        dot = _write(folder / (name + ".gv"), graph)
        data = _write(folder / (name + ".json"), figures) if write_json else None
        others = [
            _write(folder / "{}.{}".format(name, ending), report)
            for ending, report in (more or {}).items()
        ]
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it.
        raise ReportError(
            "output_dir is {!r}, where nothing can be written ({}); give a folder that you may "
            "write, or one that can be made.".format(str(output_dir), _reason(error))
        ) from error
    wanted = (image_formats,) if isinstance(image_formats, str) else tuple(image_formats or ())
    images, full, renderer, problem = _pictures(inspection, folder, name, wanted)
    written = WrittenFiles(txt, dot, images, full, data, tuple(others), renderer, problem)
    kept = (folder / "{}.{}".format(name, ending) for ending in ENDINGS)
    older = tuple(path for path in kept if path not in written.paths and os.path.exists(path))
    if earlier in (None, plain(inspection.model.name)):
        return replace(written, older=older)
    removed = tuple(path for path in older if _is_removed(path))
    older = tuple(path for path in older if path not in removed)
    return replace(written, older=older, removed=removed, other_model=earlier)


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


def _pictures(
    inspection: Inspection, folder: Path, name: str, image_formats: Sequence[str]
) -> Tuple[Tuple[Path, ...], Optional[Path], Optional[str], Optional[str]]:
    """Draws the pictures; returns them, one in full size, the renderer, and what went wrong."""
    if not image_formats:
        return (), None, None, None
    from vai_inspect.reports.picture import picture, renderers

    page = picture.render(inspection)
    images: List[Path] = []
    full, renderer = None, None
    try:
        for image_format in dict.fromkeys(image_formats):
            path = folder / "{}.{}".format(name, image_format)
            renderer = renderers.draw(page, path, image_format)
            images.append(path)
        scaled = "png" in image_formats and renderers.is_scaled_down(folder / (name + ".png"))
        if scaled and "svg" not in image_formats:
            full = folder / (name + ".svg")
            renderers.draw(page, full, "svg")
    except ReportError as error:
        return tuple(images), None, renderer, str(error)
    return tuple(images), full, renderer, None


def _reason(error: Exception) -> str:
    """Returns what the system says, with the file where it is not the folder itself."""
    said = getattr(error, "strerror", None) or str(error)
    file = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return "{}: {}".format(file, said) if file else said


def stem(inspection: Inspection) -> str:
    """Returns the name of an inspection's files without their endings."""
    return "inspect_" + safe_name(inspection.target.name)


def safe_name(name: str) -> str:
    """Returns a target's name as part of a file name: letters, digits, dot, dash, underscore.

    Args:
        name: the target's name; a registered one comes back unchanged.
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:150] or "target"


def _write(path: Path, content: str) -> Path:
    replace_file(path, content.encode("utf-8"))
    return path
