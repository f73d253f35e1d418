"""The interface of the vendor's TF2 inspector, for scripts that were written for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple, Union

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.frameworks import FRAMEWORKS, CaptureOptions
from vai_inspect.pipeline import TargetSpec, capture, inspect_graph
from vai_inspect.rules.targets.lookup import lookup

_PICTURES = (".png", ".svg")
PathLike = Union[str, Path]


class VitisInspector:
    """Has the methods of `vitis_inspect.VitisInspector`, and returns an `Inspection`.

    Examples:
        >>> from vai_inspect.keras import VitisInspector
        >>> inspector = VitisInspector(target="DPUCZDX8G_ISA1_B4096")
        >>> result = inspector.inspect_model(model, plot=True, plot_file="model.svg",
        ...                                  dump_results=True,
        ...                                  dump_results_file="inspect_results.txt", verbose=0)
    """

    def __init__(self, target: Optional[TargetSpec] = None) -> None:
        """Looks the target up.

        Args:
            target: a target's name, a fingerprint, a board or an arch.json.

        Raises:
            TargetError: it names no target; the vendor's inspector needs one too.
        """
        self.target = lookup(target)

    def inspect_model(
        self,
        model: Any = None,
        input_shape: Any = None,
        dump_model: bool = False,
        dump_model_file: PathLike = "inspect_model.h5",
        plot: bool = False,
        plot_file: PathLike = "model.svg",
        dump_results: bool = False,
        dump_results_file: PathLike = "inspect_results.txt",
        verbose: int = 0,
        trust: bool = False,
        **others: Any,
    ) -> Inspection:
        """Inspects a model, prints what is on the CPU and writes the files asked for.

        Args:
            model: the Keras model; the name `float_model` is accepted as well.
            input_shape: the shape of its input, batch first (None or a number) or left out; a
                list of shapes for several inputs.
            dump_model: accepted; the vendor's annotated model is not written, the report has all.
            dump_model_file: accepted for the sake of `dump_model`.
            plot: whether to draw the graph.
            plot_file: the picture, a `.svg` or a `.png`.
            dump_results: whether to write the text report.
            dump_results_file: the text report.
            verbose: 0 prints the operators on the CPU, more prints every operator.
            trust: see `vai_inspect.keras.Inspector.inspect`.
            others: `float_model`, and further options of the vendor's, which change nothing.

        Returns:
            What became of each operator; the vendor's returns nothing.

        Raises:
            ModelError: it is no Keras model, or not built.
            InputShapeError: a shape does not fit the model.
            ReportError: the report cannot be written, or the picture is neither svg nor png.
        """
        from vai_inspect.reports.console import console, notebook

        _check_plot_file(plot, Path(plot_file))
        model = others.pop("float_model", model)
        options = CaptureOptions(_shapes(model, input_shape), trust=trust)
        captured = capture(model, self.target, options, FRAMEWORKS["keras"])
        result = inspect_graph(captured, self.target)
        console.show(result, 2 if verbose else 1, beside_html=notebook.shows_results())
        written: List[Path] = []
        if dump_results:
            written.append(_dump(result, Path(dump_results_file)))
        if plot:
            try:
                written.append(_plot(result, Path(plot_file)))
            except ReportError as error:
                # A picture that cannot be drawn loses nothing else.
                print(f"vai-inspect: {error}", file=sys.stderr)
        console.tell(f"written: {name}" for name in written)
        ignored = sorted(others) + (["dump_model"] if dump_model else [])
        if ignored:
            print(f"vai-inspect: ignored: {', '.join(ignored)}", file=sys.stderr)
        return result


def _shapes(model: Any, given: Any) -> Any:
    """Returns the shapes batch first, open where the vendor's scripts leave it out."""
    ranks = [len(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if given is None or isinstance(given, dict) or not ranks:
        return given
    if all(size is None or isinstance(size, int) for size in given):
        return _batched(given, ranks[0])
    return [_batched(shape, rank) for shape, rank in zip(given, ranks)] + list(given)[len(ranks) :]


def _batched(shape: Any, rank: int) -> Tuple[Any, ...]:
    return ((None,) if len(shape) == rank - 1 else ()) + tuple(shape)


def _check_plot_file(plot: bool, path: Path) -> None:
    if plot and path.suffix.lower() not in _PICTURES:
        raise ReportError(
            f"plot_file is {str(path)!r}; valid are files that end in {' or '.join(_PICTURES)}."
        )


def _dump(result: Inspection, path: Path) -> Path:
    from vai_inspect.reports import atomic
    from vai_inspect.reports.text import text

    content = text.render(result).encode("utf-8")
    return _written(path, "dump_results_file", lambda: atomic.replace_file(path, content))


def _plot(result: Inspection, path: Path) -> Path:
    from vai_inspect.reports.picture import picture, renderers

    graph, kind = picture.render(result), path.suffix.lower()[1:]
    return _written(path, "plot_file", lambda: renderers.draw(graph, path, kind))


def _written(path: Path, option: str, write: Callable[[], Any]) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write()
    except (OSError, ValueError) as error:
        raise ReportError(
            f"{option} is {str(path)!r}, which cannot be written "
            f"({getattr(error, 'strerror', None) or error}); give a file in a folder that you may "
            "write."
        ) from error
    return path


__all__ = ["VitisInspector"]
