"""Writes the reports to a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import dot, json, text
from vai_inspect.reports.atomic import replace_file


@dataclass(frozen=True)
class WrittenFiles:
    """What was written.

    Attributes:
        txt: the text report.
        gv: the graph.
        image: the picture, or None.
        full: the picture as SVG, where the PNG had to be scaled down to its largest size.
        json: the JSON report, or None.
        renderer: what drew the picture, or None.
        problem: why a picture that was asked for is missing, or None.
        older: files of the same target in the folder that an earlier run wrote and this did not.
    """

    txt: Path
    gv: Path
    image: Optional[Path] = None
    full: Optional[Path] = None
    json: Optional[Path] = None
    renderer: Optional[str] = None
    problem: Optional[str] = None
    older: Tuple[Path, ...] = ()


def write(
    inspection: Inspection, output_dir: Path, image_format: Optional[str], write_json: bool
) -> WrittenFiles:
    """Writes the reports; a picture that cannot be drawn loses none of the others.

    Args:
        inspection: what to report.
        output_dir: the folder; it is made where it is missing.
        image_format: None, `png` or `svg`.
        write_json: whether to write the JSON report too.

    Raises:
        ReportError: the folder cannot be made or written.
    """
    folder = Path(output_dir)
    name = stem(inspection)
    # All is rendered before anything is written, so that no half of a set is left behind.
    words, graph = text.render(inspection), dot.render(inspection)
    figures = json.render(inspection) if write_json else ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        txt = _write(folder / (name + ".txt"), words)
        gv = _write(folder / (name + ".gv"), graph)
        data = _write(folder / (name + ".json"), figures) if write_json else None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it.
        raise ReportError(
            "output_dir is {!r}, where nothing can be written ({}); give a folder that you may "
            "write, or one that can be made.".format(str(output_dir), _reason(error))
        ) from error
    drawn, full, renderer, problem = None, None, None, None
    if image_format is not None:
        from vai_inspect.reports import image, picture

        page = picture.render(inspection)
        drawn = folder / "{}.{}".format(name, image_format)
        try:
            renderer = image.draw(page, drawn, image_format)
            if image_format == "png" and image.is_scaled_down(drawn):
                full = folder / (name + ".svg")
                image.draw(page, full, "svg")
        except ReportError as error:
            drawn, full = (None, None) if renderer is None else (drawn, None)
            problem = str(error)
    others = (folder / (name + ending) for ending in (".png", ".svg", ".json"))
    older = tuple(
        path for path in others if path not in (drawn, full, data) and os.path.exists(path)
    )
    return WrittenFiles(txt, gv, drawn, full, data, renderer, problem, older)


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
