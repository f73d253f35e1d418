"""Where a copy's tensors hold values: for a forward whose course depends on them."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import torch

from vai_inspect.core.errors import CaptureError, message_of
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy


class RealDevicePolicy(DevicePolicy):
    """A device on which the forward really computes.

    Parameters are the user's own memory where they are on this device already, so that a model
    of 1 GB costs no second one; `shared` lists them, and nothing may write there.
    Buffers and inputs, which a forward may well change, are copies.

    Attributes:
        shared: path of each parameter whose memory is the user's, by its address.
        made_up: whether the model has weights without values, which were made up.
    """

    values = True

    def __init__(self, device: Any, share: bool = True) -> None:
        """Chooses the device.

        Args:
            device: as torch names it.
            share: whether parameters may be the user's own memory.

        Raises:
            CaptureError: there is no such device here.
        """
        try:
            torch.zeros(1, device=device)
        except Exception as error:
            text = message_of(error) or type(error).__name__
            raise CaptureError(
                f"the forward needs real tensors, and the device {str(device)!r} cannot be used "
                f"({text[:120]}); give "
                'device="cpu"'
            ) from error
        self.device = str(device)
        self.shared: Dict[int, str] = {}
        self.made_up = False
        self._share = share
        self._random = torch.Generator(device="cpu").manual_seed(0)

    def empty(self, shape: Tuple[int, ...], dtype: Any) -> Any:
        """Returns a tensor of made-up values: from 0 to 1, zeros for whole numbers."""
        if dtype.is_floating_point:
            made = torch.rand(shape, generator=self._random, device="cpu")
        else:
            made = torch.zeros(shape, device="cpu")
        return made.to(self.device).to(dtype)

    def copy(self, tensor: Any, path: str) -> Any:
        """Returns a parameter or buffer with the user's values."""
        if tensor.device.type == "meta":
            self.made_up = True
            # As small as a weight is, so that what is computed stays finite.
            made = self.empty(tuple(tensor.shape), tensor.dtype)
            if path.endswith("var"):  # a variance is above 0
                return made + 0.5
            return (made - 0.5) * 0.1 if tensor.dtype.is_floating_point else made
        here = tensor.detach().to(self.device)
        if address(here) != address(tensor):
            return here
        if self._share and isinstance(tensor, torch.nn.Parameter):
            self.shared[address(here)] = path
            return here
        return here.clone()

    def input(self, item: Any, shape: Tuple[int, ...], dtype: Any) -> Any:
        """Returns a copy of a tensor or array that was given, or made-up values for a shape."""
        if isinstance(item, torch.Tensor) and item.device.type != "meta":
            return item.detach().to(self.device, copy=True)
        if not isinstance(item, (list, tuple, torch.Tensor)) and hasattr(item, "__array__"):
            return torch.tensor(item, device="cpu").to(self.device).to(dtype)
        return self.empty(shape, dtype)

    def moved(self, tensor: Any) -> Any:
        """Returns a tensor here, as it is where it is here already."""
        return tensor.to(self.device)


def address(tensor: Any) -> int:
    """Returns the address of a tensor's memory; 0 if it has none."""
    if tensor.device.type == "meta":
        return 0
    storage = getattr(tensor, "untyped_storage", tensor.storage)
    return int(storage().data_ptr())
