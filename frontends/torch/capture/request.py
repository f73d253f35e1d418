"""A model and what it is called with, of which every rung gets copies of its own.

A strategy that fails may leave a copy with half of its state changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vai_inspect.core.errors import ModelError, VaiInspectError
from vai_inspect.frontends.held import Held
from vai_inspect.frontends.torch.capture.failures import reason
from vai_inspect.frontends.torch.capture.inputs import Inputs, resolve_inputs
from vai_inspect.frontends.torch.capture.meta_copy import Place, Shadow


@dataclass(frozen=True)
class Copy:
    """A copy of the model, its arguments beside it.

    Attributes:
        shadow: the copy.
        inputs: what its forward is called with.
        place: where the tensors of both are.
    """

    shadow: Shadow
    inputs: Inputs
    place: Place

    def run(self) -> Any:
        """Runs the forward and follows nothing; returns what it returns."""
        import torch

        args, kwargs = self.inputs.filled(lambda name, one: one)
        with torch.no_grad():
            return self.shadow.model(*args, **kwargs)


@dataclass(frozen=True)
class Subject:
    """What is captured.

    Attributes:
        model: the user's module.
        input_args: see `capture`.
        device: where real tensors are where the forward needs them.
        held: what the copies share with the user's model, to be set back.
        with_hooks: whether its forward hooks run.
    """

    model: Any
    input_args: Any
    device: Any = "cpu"
    held: Held = field(default_factory=Held)
    with_hooks: bool = True

    def copied(self, place: Place) -> Copy:
        """Returns a copy at a place.

        Raises:
            ModelError: the model cannot be copied.
            InputShapeError: the inputs do not fit the forward's arguments.
        """
        self.held.restore()  # of what ran on a copy before
        try:
            shadow = Shadow(self.model, place, self.held, self.with_hooks)
            return Copy(shadow, resolve_inputs(shadow.model, self.input_args, place), place)
        except RecursionError as error:
            raise ModelError("The modules of the model are nested too deeply.") from error
        except VaiInspectError:
            raise
        except Exception as error:
            # What the user's classes define may run here, and raise anything.
            raise ModelError("The model cannot be copied: {}.".format(reason(error))) from error

    def without_values(self) -> Copy:
        """Returns a copy that holds shapes alone."""
        return self.copied(Place())

    @property
    def has_values(self) -> bool:
        """Whether the model's weights are real."""
        tensors = [*self.model.parameters(), *self.model.buffers()]
        return not any(tensor.device.type == "meta" for tensor in tensors)
