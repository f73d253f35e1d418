"""An inspection printed, and its reports written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Optional, Sequence, Union

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.console.progress import working
from vai_inspect.reports.writer import PICTURES, Format, WrittenFiles, write, writer

IMAGE_FORMATS = tuple(one.name for one in PICTURES)


def check_options(verbose_level: Any, image_format: Any) -> None:
    """Checks the options that need no model, before any work is done.

    Raises:
        ReportError: one of them has no meaning.
    """
    if verbose_level not in (0, 1, 2):
        raise ReportError(
            f"verbose_level is {verbose_level!r}; valid are 0 (print nothing), 1 (operators on "
            "the CPU) and 2 "
            "(every operator)."
        )
    if image_format is not None and image_format not in IMAGE_FORMATS:
        raise ReportError(
            f"image_format is {image_format!r}; valid are None, "
            f"{' and '.join(map(repr, IMAGE_FORMATS))}."
        )


def show_and_write(
    inspection: Inspection,
    output_dir: Union[str, Path, None],
    verbose_level: int,
    formats: Sequence[Format] = (),
) -> Optional[str]:
    """Prints an inspection and writes its reports; a picture that fails loses nothing else.

    Args:
        inspection: what to report.
        output_dir: the folder; None writes nothing.
        verbose_level: as of `BaseInspector.inspect`.
        formats: as of `reports.writer.write`.

    Returns:
        Why a picture that was asked for is missing, or None.

    Raises:
        ReportError: the folder cannot be written.
        OSError: standard output cannot be written; the reports are there all the same.
    """
    from vai_inspect.reports.console import console, notebook

    unshown: Optional[OSError] = None
    try:
        console.show(inspection, verbose_level, beside_html=notebook.shows_results())
    except OSError as error:  # such as a closed pipe
        unshown = error
    written = None
    if output_dir is not None:
        drawing = any(writer(one) in PICTURES for one in formats)
        with working("drawing the graph" if drawing else "writing", quiet=not verbose_level):
            written = write(inspection, output_dir, formats)
    if unshown is not None:
        raise unshown
    if written is None:
        return None
    if verbose_level:
        console.tell(_listed(written))
    return written.problem


def _listed(written: WrittenFiles) -> Iterator[str]:
    for path in written.paths:
        yield f"written: {path}"
    if written.full is not None:
        yield "the png had to be scaled down; the svg beside it has the full size"
    if written.older:
        listed = ", ".join(map(str, written.older))
        yield f"left from an earlier run, not of this one: {listed}"
    if written.removed:
        listed = ", ".join(map(str, written.removed))
        yield f"removed, as they were of another model, {written.other_model}: {listed}"
