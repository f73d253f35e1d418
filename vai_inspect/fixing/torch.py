"""What `fix` does itself for PyTorch: a traced copy of the user's module, changed node by node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

from vai_inspect.capture_lock import capture_lock
from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ModelError, ReportError
from vai_inspect.core.fixed import Fixed
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.safe_isinstance import is_a
from vai_inspect.fixing import Applied, Fixable, fix_model
from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.torch.capture.exported import is_program
from vai_inspect.frontends.torch.capture.failures import brief
from vai_inspect.frontends.torch.files.exported_program import EXPORTED, load_file
from vai_inspect.frontends.torch.rewrite import PROGRAMS
from vai_inspect.frontends.torch.rewrite.copies import Pair, first_pair
from vai_inspect.frontends.torch.rewrite.exporting import export
from vai_inspect.frontends.torch.rewrite.tracing import traced
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports.atomic import replace_file


class TorchFixable(Fixable):
    """A traced copy, and its twin with random weights that is run to compare."""

    def __init__(self, inspector: BaseInspector, pair: Pair, notes: Tuple[str, ...] = ()) -> None:
        """Keeps a pair of copies, and how one is inspected; see `fix_torch`."""
        super().__init__(inspector)
        self._pair = pair
        self.notes = notes
        self.inputs = pair.args
        self._own: Dict[str, str] = {}

    @property
    def model(self) -> Any:
        """The GraphModule."""
        return self._pair.module

    def captured(self) -> Captured:
        """Reads the copy; its operators have the names of the user's.

        The copy's own may be others: its code has no variable `max`.
        """
        captured = self._inspector.capture(self.model, list(self._pair.args))
        names = self._pair.users_names([op.name for op in captured.graph])
        self._own = {users: own for own, users in names.items()}
        return captured.renamed(names)

    def name_of(self, op: str) -> str:
        """Returns what the user's model calls an operator, or what it stands in place of."""
        return self._pair.replaced_name(self._own.get(op, op))

    def name_after(self, given: Inspection) -> None:
        """Notes what the user's model calls the operators of the copy, which are the same."""
        own = self.inspect()
        if [op.op.kind for op in own.ops] == [op.op.kind for op in given.ops]:
            self._pair.name_after({one.name: other.name for one, other in zip(own.ops, given.ops)})

    def apply(self, rewrite: str, ops: Sequence[str]) -> Applied:
        """Does a rewrite on a copy of the copy."""
        program = PROGRAMS.get(rewrite)
        if program is None:
            return Applied(None, dict.fromkeys(ops, "it is advice only: fix does not automate it"))
        own = {self._own.get(op, op): op for op in ops}
        pair, left_own = self._pair.changed(program, list(own))
        left = {own[op]: reason for op, reason in left_own.items()}
        made = TorchFixable(self._inspector, pair, self.notes) if pair is not None else None
        return Applied(made, left)

    def error_of(self, other: Fixable) -> float:
        """Returns how far another copy's outputs are from this one's."""
        assert isinstance(other, TorchFixable)
        return self._pair.error_of(other._pair)


def fix_torch(
    model: Any,
    inspector: BaseInspector,
    input_args: Any,
    approximate: bool = False,
    device: Any = "cpu",
    trust: bool = False,
) -> Fixed:
    """Does the rewrites of a module's plan on a copy.

    Args:
        model: the module; it is left as it is.
        inspector: for the target.
        input_args: as of `Inspector.inspect`.
        approximate: whether rewrites that change the function are done, too.
        device: where the copy runs.
        trust: whether code in a model file may run.

    Raises:
        VaiInspectError: as of `Inspector.inspect`; and the forward cannot be traced.
    """
    if is_a(model, (str, os.PathLike)):
        path = Path(os.fspath(model))
        if path.suffix.lower() in EXPORTED:
            raise ModelError(f"MODEL {str(path)!r}: {_NO_MODULES}")
        model = load_file(path, trust)[0]
    if is_program(model):
        raise ModelError(_NO_MODULES)
    with generators_kept():  # new modules are filled with random numbers first
        given = inspect_graph(inspector.capture(model, input_args, device), inspector.target)
        with capture_lock():
            found = traced(model, input_args, device)
        notes = []
        if found.batch_fixed:
            notes.append(
                "the batch is fixed to that of the inputs, as the forward makes a number of it: "
                + ", ".join(found.batch_fixed)
            )
        pair, reason = first_pair(found)
        if reason:
            notes.append(
                f"changes are checked in float32, as the forward fails in float64: {reason}"
            )
        start = TorchFixable(inspector, pair, tuple(notes))
        start.name_after(given)
        return fix_model(given, start, approximate)


_NO_MODULES = (
    "fix changes the modules of a model, and an exported program has none; give the nn.Module "
    "that it was exported from."
)


def save(fixed: Fixed, path: Path, pickled: bool) -> Tuple[str, ...]:
    """Writes the new module: as an exported program, or pickled.

    The batch of a program is open, unless the module fixes it or torch cannot export it open.

    Args:
        fixed: the result of a fix.
        path: the file.
        pickled: whether the module is pickled as a whole.

    Returns:
        What else is to be known of the file, a sentence each.

    Raises:
        ReportError: it cannot be exported, or the file cannot be written.
    """
    import io

    import torch

    stream = io.BytesIO()
    notes: Tuple[str, ...] = ()
    try:
        if pickled:
            torch.save(fixed.model, stream)
        else:
            program, notes = export(fixed.model, fixed.inputs)
            torch.export.save(program, stream)
    except Exception as error:  # whatever torch makes of the user's module
        hint = "" if pickled else "; give --output FILE.pt --pickle to pickle the module"
        raise ReportError(f"the new model cannot be written: {brief(error)}{hint}.") from error
    try:
        replace_file(path, stream.getvalue())
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror or error}.") from error
    return notes
