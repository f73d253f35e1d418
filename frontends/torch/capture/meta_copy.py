"""A copy of the user's model that holds shapes and settings, and no values.

The user's module is read and never touched: no mode, hook, device or parameter of it changes.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any, Dict, List, Optional

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.held import Held
from vai_inspect.frontends.torch.capture.copying import Copies
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy
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
        policy: DevicePolicy,
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
        import torch

        self._policy = policy
        self._held = held or Held()
        self._with_hooks = with_hooks
        self._memo: Dict[int, Any] = {}
        makers = ((torch.Tensor, self._tensor), (torch.nn.Module, self._module))
        self._copies = Copies(makers, self._memo, self._held)
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
            subject = f"Module {path!r}" if path else "The model"
            raise ModelError(
                f"{subject} is TorchScript, whose forward cannot be followed; give the nn.Module "
                "that it was made from, before torch.jit.script or torch.jit.trace."
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
        own = {k: v for k, v in vars(copy).items() if k not in _CONTAINERS and k not in HOOKS}
        self._copies.attributes(copy, module, path, own)
        return copy

    def _copy_hooks(self, module: Any, copy: Any, path: str) -> None:
        for name in HOOKS:
            if name in vars(module):
                vars(copy)[name] = OrderedDict()
        if not self._with_hooks or not has_hooks(module):
            return
        if not copy_hooks(module, copy, lambda hook: self._copies.of(hook, path), self._held):
            self.unhooked.append(path)
        if has_hooks(copy):
            self.hooked.append(path)

    def _tensor(self, tensor: Any, path: str) -> Any:
        import torch

        if id(tensor) not in self._memo:
            if type(tensor).__name__.startswith("Uninitialized"):
                raise ModelError(
                    f"Parameter {path!r} has no shape yet (a lazy module); run the model once, "
                    "then inspect it."
                )
            copy = self._policy.copy(tensor, path)
            if isinstance(tensor, torch.nn.Parameter):
                copy = torch.nn.Parameter(copy, requires_grad=False)
            self._memo[id(tensor)] = copy
            self.originals[id(copy)] = tensor
            self._alive.append(tensor)
        return self._memo[id(tensor)]


def _at_inference(model: Any) -> None:
    """Puts a copy in evaluation mode; exported programs refuse, and that is ignored."""
    with contextlib.suppress(Exception):
        model.eval()
    for module in model.modules():
        vars(module)["training"] = False  # not by what may be a __setattr__ of the user's


_CONTAINERS = ("_parameters", "_buffers", "_modules")
