"""A copy of the user's model that holds shapes and settings, and no values.

The user's module is read and never touched: no mode, hook, device or parameter of it changes.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.held import Held
from vai_inspect.frontends.torch.capture.copying import Copies
from vai_inspect.frontends.torch.capture.hooks import ALL as HOOKS
from vai_inspect.frontends.torch.capture.hooks import copy_hooks, has_hooks
from vai_inspect.frontends.torch.capture.wrappers import (
    COMPUTED,
    is_parametrised,
    set_by_hooks,
    settle_weights,
    unwrapped,
)


class MetaCopy:
    """The copy.

    Attributes:
        model: the copy, in evaluation mode.
        paths: path of each of its modules, by identity.
        parameters: path of each of its parameters and buffers, by identity.
        originals: the user's tensor for each of the copy's, by identity of the copy's.
        hooked: paths of modules with forward hooks that run.
        unhooked: paths of modules with forward hooks that cannot be copied, and are not run.
    """

    def __init__(
        self,
        model: Any,
        policy: "DevicePolicy",
        held: Optional[Held] = None,
        with_hooks: bool = True,
    ) -> None:
        """Copies a model.

        Args:
            model: the user's.
            policy: where the copy's tensors are.
            held: gets what the copy shares with the user's, so that it can be set back.
            with_hooks: whether forward hooks are copied, too.
        """
        self._policy = policy
        self._held = held or Held()
        self._with_hooks = with_hooks
        self._memo: Dict[int, Any] = {}
        self._copies = Copies(self._known, self._memo, self._held)
        self._alive: List[Any] = []
        self.originals: Dict[int, Any] = {}
        self.hooked: List[str] = []
        self.unhooked: List[str] = []
        self.model = self._module(model, "")
        _at_inference(self.model)
        self.paths = {id(module): path for path, module in self.model.named_modules()}
        named = list(self.model.named_parameters()) + list(self.model.named_buffers())
        self.parameters = {id(tensor): path for path, tensor in named}

    def _module(self, module: Any, path: str) -> Any:
        import torch

        if id(module) in self._memo:
            return self._memo[id(module)]
        module = unwrapped(module)
        if id(module) in self._memo:
            return self._memo[id(module)]
        if isinstance(module, torch.jit.ScriptModule):
            raise ModelError(
                "{} is TorchScript, whose forward cannot be followed; give the nn.Module that it "
                "was made from, before torch.jit.script or torch.jit.trace.".format(
                    f"Module {path!r}" if path else "The model"
                )
            )
        cls: Any = type(module)
        copy = object.__new__(cls)
        self._memo[id(module)] = copy
        state = {k: v for k, v in vars(module).items() if k not in _CONTAINERS}
        for name in _CONTAINERS:
            if name in vars(module):
                state[name] = type(vars(module)[name])()
        vars(copy).update(state)
        prefix = path + "." if path else ""
        for name in ("_parameters", "_buffers"):
            for key, tensor in vars(module).get(name, {}).items():
                state[name][key] = None if tensor is None else self._tensor(tensor, prefix + key)
        for key, child in vars(module).get("_modules", {}).items():
            state["_modules"][key] = None if child is None else self._module(child, prefix + key)
        computed = set_by_hooks(module)
        if is_parametrised(module):
            with contextlib.suppress(Exception):  # what a parametrization of the user's raises
                computed += settle_weights(copy)
        if computed:
            vars(copy)[COMPUTED] = computed
        self._copy_hooks(module, copy, path)
        vars(copy).pop("_compiled_call_impl", None)
        for key, value in list(vars(copy).items()):
            if key not in _CONTAINERS and key not in HOOKS:
                vars(copy)[key] = self._copies.of(value, prefix + key)
        self._copies.slots(module, copy, path)
        return copy

    def _copy_hooks(self, module: Any, copy: Any, path: str) -> None:
        for name in HOOKS:
            if name in vars(module):
                vars(copy)[name] = OrderedDict()
        if self._with_hooks:

            def rebuilt(hook: Any) -> Any:
                return self._copies.of(hook, path)

            if not copy_hooks(module, copy, rebuilt, self._held):
                self.unhooked.append(path)
            if has_hooks(copy):
                self.hooked.append(path)

    def _tensor(self, tensor: Any, path: str) -> Any:
        import torch

        if id(tensor) not in self._memo:
            if type(tensor).__name__.startswith("Uninitialized"):
                raise ModelError(
                    f"Parameter {path!r} has no shape yet (a lazy module); run the model once, "
                    "then "
                    "inspect it."
                )
            copy = self._policy.copy(tensor, path)
            if isinstance(tensor, torch.nn.Parameter):
                copy = torch.nn.Parameter(copy, requires_grad=False)
            self._memo[id(tensor)] = copy
            self.originals[id(copy)] = tensor
            self._alive.append(tensor)
        return self._memo[id(tensor)]

    def _known(self, value: Any, path: str) -> Any:
        """Returns the copy of a tensor or a module; None for anything else."""
        import torch

        if isinstance(value, torch.Tensor):
            return self._tensor(value, path)
        return self._module(value, path) if isinstance(value, torch.nn.Module) else None


def _at_inference(model: Any) -> None:
    """Puts a copy in evaluation mode; exported programs refuse, and that is ignored."""
    with contextlib.suppress(Exception):
        model.eval()
    for module in model.modules():
        vars(module)["training"] = False  # not by what may be a __setattr__ of the user's


_CONTAINERS = ("_parameters", "_buffers", "_modules")
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
        dtype = torch.float32 if dtype == _half() else dtype
        return torch.zeros((), dtype=dtype).expand(shape)

    def copy(self, tensor: Any, path: str) -> Any:
        """Returns what stands for a parameter or buffer of the user's."""
        if self.device != "meta" and tensor.device.type != "meta" and tensor.numel() <= SMALL:
            here = tensor.detach().to(self.device, copy=True)
            return here.float() if here.dtype == _half() else here
        return self.empty(tuple(tensor.shape), tensor.dtype)

    def input(self, item: Any, shape: Tuple[int, ...], dtype: Any) -> Any:
        """Returns what stands for an input: a tensor, an array or a shape."""
        return self.empty(shape, dtype)

    def moved(self, tensor: Any) -> Any:
        """Returns a tensor here, as it is where it is here already."""
        return tensor if tensor.device.type == self.device else tensor.to(self.device)


def _half() -> Any:
    import torch

    return torch.float16


def meta_works() -> bool:
    """Returns whether this torch knows enough operators on the meta device."""
    import torch

    version = torch.__version__.split("+")[0].split(".")
    return int(version[0]) >= 2
