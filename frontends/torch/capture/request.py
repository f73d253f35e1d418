"""A model and what it is called with, of which every strategy gets a copy of its own.

A strategy that fails may leave a copy with half of its state changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vai_inspect.core.errors import ModelError, VaiInspectError
from vai_inspect.frontends.held import Held
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy
from vai_inspect.frontends.torch.capture.failures import reason
from vai_inspect.frontends.torch.capture.inputs import Inputs, resolve_inputs
from vai_inspect.frontends.torch.capture.meta_copy import MetaCopy


@dataclass(frozen=True)
class Copy:
    """A copy of the model, its arguments beside it.

    Attributes:
        request: what it was made for.
        meta_copy: the copy.
        inputs: what its forward is called with.
        policy: where the tensors of both are.
    """

    request: CaptureRequest
    meta_copy: MetaCopy
    inputs: Inputs
    policy: DevicePolicy

    def run(self) -> Any:
        """Runs the forward and follows nothing; returns what it returns."""
        import torch

        args, kwargs = self.inputs.filled(lambda name, one: one)
        with torch.no_grad():
            return self.meta_copy.model(*args, **kwargs)


@dataclass(frozen=True)
class CaptureRequest:
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

    def copied(self, policy: DevicePolicy) -> Copy:
        """Returns a copy at a place.

        Raises:
            ModelError: the model cannot be copied.
            InputShapeError: the inputs do not fit the forward's arguments.
        """
        self.held.restore()  # of what ran on a copy before
        try:
            meta_copy = MetaCopy(self.model, policy, self.held, self.with_hooks)
            inputs = resolve_inputs(meta_copy.model, self.input_args, policy)
        except RecursionError as error:
            raise ModelError("The modules of the model are nested too deeply.") from error
        except VaiInspectError:
            raise
        except Exception as error:
            # What the user's classes define may run here, and raise anything.
            raise ModelError(f"The model cannot be copied: {reason(error)}.") from error
        return Copy(self, meta_copy, inputs, policy)

    def without_values(self) -> Copy:
        """Returns a copy that holds shapes alone."""
        return self.copied(DevicePolicy())

    def with_values(self, share: bool = True) -> Copy:
        """Returns a copy on which the forward really computes; see `RealDevicePolicy`."""
        from vai_inspect.frontends.torch.capture.real_tensors import RealDevicePolicy

        return self.copied(RealDevicePolicy(self.device, share))

    @property
    def has_values(self) -> bool:
        """Whether the model's weights are real."""
        tensors = [*self.model.parameters(), *self.model.buffers()]
        return not any(tensor.device.type == "meta" for tensor in tensors)
