"""Where the tensors of a copy are, whatever device the user's forward names."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from vai_inspect.frontends.torch.capture.nested import mapped

SMALL = 2**16
"""Elements of a tensor whose values are kept, for a forward that asks for them."""


class DevicePolicy:
    """Where the copy's tensors are: on the meta device, which holds shapes alone.

    torch before 2.0 knows too few operators there; then it is the CPU, with tensors whose
    elements are all one and the same in memory. Half precision, which that CPU does not compute
    with, is single there.

    Attributes:
        device: as torch names it.
        values: whether tensors here hold values that mean something.
    """

    values = False

    def __init__(self) -> None:
        self.device = "meta" if meta_works() else "cpu"

    def empty(self, shape: Tuple[int, ...], dtype: Any) -> Any:
        """Returns a tensor of no values and next to no memory."""
        import torch

        if self.device == "meta":
            return torch.empty(shape, dtype=dtype, device="meta")
        dtype = torch.float32 if dtype == torch.float16 else dtype
        return torch.zeros((), dtype=dtype).expand(shape)

    def copy(self, tensor: Any, path: str) -> Any:
        """Returns what stands for a parameter or buffer of the user's."""
        import torch

        if self.device != "meta" and tensor.device.type != "meta" and tensor.numel() <= SMALL:
            here = tensor.detach().to(self.device, copy=True)
            return here.float() if here.dtype == torch.float16 else here
        return self.empty(tuple(tensor.shape), tensor.dtype)

    def input(self, item: Any, shape: Tuple[int, ...], dtype: Any) -> Any:
        """Returns what stands for an input: a tensor, an array or a shape."""
        return self.empty(shape, dtype)

    def moved(self, tensor: Any) -> Any:
        """Returns a tensor here, as it is where it is here already."""
        return tensor if tensor.device.type == self.device else tensor.to(self.device)

    def brought_here(self, args: Any, kwargs: Any) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
        """Returns the arguments of a call with their tensors, and devices that they name, here."""
        args, kwargs = mapped((tuple(args), kwargs), self._here)
        if kwargs.get("device") is not None:
            kwargs["device"] = self.device
        return args, kwargs

    def _here(self, value: Any) -> Any:
        import torch

        if issubclass(type(value), torch.Tensor):
            return self.moved(value)
        return torch.device(self.device) if isinstance(value, torch.device) else value


_KINDS = ("cpu", "cuda", "mps", "xpu", "meta")
_MOVES = ("cpu", "cuda", "to")


def moving(name: str) -> Optional[Callable[..., Any]]:
    """Returns what stands for a method that moves a tensor elsewhere: it stays here.

    Args:
        name: of the method.
    """
    if name not in _MOVES:
        return None

    def move(owner: Any, *args: Any, **kwargs: Any) -> Any:
        if name != "to":
            return owner
        here = tuple(owner.device if _is_device(one) else one for one in args)
        return owner.to(*here, **kwargs)

    move.__name__ = name
    return move


def _is_device(value: Any) -> bool:
    """Returns whether an argument names a device."""
    import torch

    if isinstance(value, str):
        return value.split(":")[0] in _KINDS
    return isinstance(value, torch.device)


def meta_works() -> bool:
    """Returns whether this torch knows enough operators on the meta device."""
    import torch

    version = torch.__version__.split("+")[0].split(".")
    return int(version[0]) >= 2
