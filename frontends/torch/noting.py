"""Runs one call of the forward on the copy's tensors and notes it; what fx and eager share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch

from vai_inspect.frontends.torch.devices import brought_here
from vai_inspect.frontends.torch.frames import user_frames
from vai_inspect.frontends.torch.recorder import IN_PLACE, Recorder
from vai_inspect.frontends.torch.shadow import Place, Shadow


class Noting:
    """The calls of one running forward.

    Attributes:
        recorder: holds the trace.
        place: where the copy's tensors are.
        within: whether a call runs that is noted as a whole, so that those inside it are not.
    """

    def __init__(self, shadow: Shadow, place: Place) -> None:
        self.recorder = Recorder(shadow.parameters, list(shadow.paths.values()))
        self.place = place
        self.within = False
        self._shadow = shadow
        self._scopes: List[str] = [""]

    def path_of(self, module: Any) -> str:
        """Returns a module's path in the user's model."""
        path = self._shadow.paths.get(id(module))
        if path is None:  # a module that is kept in a plain list or made by the forward
            scope = self._scopes[-1]
            name = type(module).__name__
            path = "{}.{}".format(scope, name) if scope else name
        return path

    def run(
        self,
        function: Callable[..., Any],
        name: str,
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
        module: Optional[Any] = None,
        ran: Optional[Callable[..., Any]] = None,
    ) -> Any:
        """Runs a call and notes it as one step, where it gives tensors.

        Args:
            function: what is called.
            name: the operation's name, see `Step`.
            args: positional arguments, with the copy's tensors.
            kwargs: keyword arguments, likewise.
            module: the leaf module that is called; None for a function.
            ran: what is run in its place, with the same arguments.

        Returns:
            What the call returns.
        """
        with self.as_a_whole():
            here = brought_here(tuple(args), self.place), brought_here(kwargs, self.place)
            result = (ran or function)(*here[0], **here[1])
            if isinstance(result, torch.Tensor):
                result = self.place.moved(result)
            outputs = [args[0]] if name == "setitem" else tensors_of(result)
            if outputs and name not in FACTORIES:
                self.recorder.step(
                    name,
                    _tensor_first(name, args),
                    kwargs,
                    outputs,
                    self._scopes[-1] if module is None else self.path_of(module),
                    module,
                    user_frames(),
                    writes=writes(function, name, module, kwargs),
                )
        return result

    @contextmanager
    def as_a_whole(self) -> Iterator[None]:
        """Leaves what is called meanwhile out of the trace."""
        before, self.within = self.within, True
        try:
            yield
        finally:
            self.within = before

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        """Says that what is called meanwhile is called in a module's forward."""
        self._scopes.append(self.path_of(module))
        try:
            yield
        finally:
            self._scopes.pop()


def _tensor_first(name: str, args: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """Returns `2 * x` as `x * 2`, as torch itself runs it."""
    number = name in ("add", "mul") and len(args) == 2 and isinstance(args[0], (int, float))
    return args[::-1] if number else args


FACTORIES = frozenset(
    ("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor")
    + ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like")
)
"""What asks a tensor for its shape and type alone: what they give is a constant."""


def writes(function: Any, name: str, module: Any, kwargs: Dict[str, Any]) -> bool:
    """Tells whether a call changes its outputs in place."""
    if module is not None:
        dropout = "Dropout" in type(module).__name__  # it does nothing at inference
        return bool(getattr(module, "inplace", False)) and not dropout
    if "dropout" in name:
        return False
    schema = getattr(function, "_schema", None)
    called = str(getattr(schema, "name", None) or getattr(function, "__name__", ""))
    in_place = called.endswith("_") and not called.endswith("__")
    return in_place or name == "setitem" or called in IN_PLACE or bool(kwargs.get("inplace"))


def tensors_of(value: Any) -> List[Any]:
    """Returns the tensors in what a call returned, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [one for item in value for one in tensors_of(item)]
    return []


def run_users_forward(model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Runs the forward; the name marks where the user's frames begin."""
    return model(*args, **kwargs)


def _default_device() -> str:
    """Returns where tensors are made that name no device."""
    try:
        return str(torch.get_default_device())
    except (AttributeError, RuntimeError):  # torch before 2.3; a device that is not there
        return "unknown"


@contextmanager
def factories_on(place: Place) -> Iterator[None]:
    """Makes tensors that the forward creates on the copy's device, where torch can do so."""
    if hasattr(torch, "set_default_device") and _default_device() != place.device:
        with torch.device(place.device):
            yield
    else:
        yield
