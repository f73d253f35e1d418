"""What fixing a model needs of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from vai_inspect.capture_lock import capture_lock
from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import ReportError
from vai_inspect.core.fixed import Fixed
from vai_inspect.fixing import Applied, Fixable, fix_model
from vai_inspect.frontends.keras.config import is_path
from vai_inspect.frontends.keras.config.loading import loaded
from vai_inspect.frontends.keras.live.model_kind import reason_of
from vai_inspect.frontends.keras.rewrite import Changeable, changeable
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import inspect_graph
from vai_inspect.reports.atomic import replacing
from vai_inspect.rules.engine import registry


class KerasFixable(Fixable):
    """A live Keras model that rewrites are done on."""

    def __init__(self, changed: Changeable, inspector: BaseInspector, input_args: Any) -> None:
        """Keeps a model of its own, and how it is inspected; see `fix_keras`."""
        super().__init__(inspector)
        self._changed = changed
        self._input_args = input_args
        self.notes = changed.notes

    @property
    def model(self) -> Any:
        """A Functional or Sequential model."""
        return self._changed.model

    def captured(self) -> Captured:
        """Reads it as any other model."""
        return self._inspector.capture(self.model, self._input_args)

    def apply(self, rewrite: str, ops: Sequence[str]) -> Applied:
        """Makes the functional graph again, with other layers at some calls."""
        found = self._changed.apply(rewrite, ops)
        new = found.model
        made = None if new is None else KerasFixable(new, self._inspector, self._input_args)
        return Applied(made, found.left)

    def error_of(self, other: Fixable) -> float:
        """In float64, of twins of both models with random weights."""
        assert isinstance(other, KerasFixable)
        return self._changed.error_of(other._changed)


def fix_keras(
    model: Any, inspector: BaseInspector, input_args: Any, approximate: bool, trust: bool
) -> Fixed:
    """Returns what `fix` makes of a Keras model.

    Args:
        model: a live model, which stays as it is, or a file of one.
        inspector: inspects it.
        input_args: see `Inspector.inspect`.
        approximate: see `fix_model`.
        trust: whether Keras may load a file.

    Raises:
        VaiInspectError: it cannot be read or loaded, or a layer cannot be made again from its
            config.
    """
    live = loaded(model, trust) if is_path(model) else model
    batch = registry.family(inspector.target.family).batch
    with capture_lock():
        given = inspect_graph(inspector.capture(live, input_args), inspector.target)
        start = KerasFixable(changeable(live, input_args, batch), inspector, input_args)
        return fix_model(given, start, approximate)


def save(fixed: Fixed, path: Path) -> None:
    """Writes the new model with Keras's own `save`, whole or not at all.

    Raises:
        ReportError: it cannot be written.
    """
    try:
        with replacing(path) as part:
            fixed.model.save(part)
    except Exception as error:
        # Keras raises whatever a layer of the user's leads it to.
        raise ReportError(f"{path} cannot be written: {reason_of(error).rstrip('.')}.") from error
