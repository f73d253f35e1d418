"""What fixing a model needs of Keras."""

from __future__ import annotations

from typing import Any, Sequence

from vai_inspect.core.inspection import Inspection
from vai_inspect.fixing import Applied, Fixable
from vai_inspect.frontends.keras.rewrite import Changeable, changeable
from vai_inspect.pipeline import BaseInspector, inspect_captured
from vai_inspect.rules.engine import registry


class KerasFixable(Fixable):
    """A live Keras model that rewrites are done on."""

    def __init__(self, changed: Changeable, inspector: BaseInspector, input_args: Any) -> None:
        """Keeps a model of its own, and how it is inspected; see `keras_fixable`."""
        self._changed = changed
        self._inspector = inspector
        self._input_args = input_args
        self.notes = changed.notes

    @property
    def model(self) -> Any:
        """A Functional or Sequential model."""
        return self._changed.model

    def inspect(self) -> Inspection:
        """Reads it as any other model."""
        return inspected(self.model, self._inspector, self._input_args)

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


def keras_fixable(model: Any, inspector: BaseInspector, input_args: Any) -> KerasFixable:
    """Returns a copy of a live Keras model that rewrites can be done on.

    Args:
        model: the model, which stays as it is.
        inspector: inspects it.
        input_args: see `Inspector.inspect`.

    Raises:
        VaiInspectError: it cannot be read, or a layer cannot be made again from its config.
    """
    batch = registry.family(inspector.target.family).batch
    return KerasFixable(changeable(model, input_args, batch), inspector, input_args)


def inspected(model: Any, inspector: BaseInspector, input_args: Any) -> Inspection:
    """Returns the inspection of a live model, with a plan; nothing is printed or written."""
    captured = inspector.capture(model, input_args)
    return inspect_captured(captured, inspector.target)


__all__ = ["KerasFixable", "inspected", "keras_fixable"]
