"""The first rung: torch.fx's tracer, with shapes known while it traces.

fx puts a proxy in place of every tensor and sees every module, function, method and operator
that takes one. Here each proxy also holds a tensor without values, and what is called is run on
that at once. So a size is a plain number in the user's forward, and control flow that depends on
sizes alone is followed; control flow that depends on values is not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Tuple

from vai_inspect.core.ir import Frame
from vai_inspect.frontends.torch.form import Trace
from vai_inspect.frontends.torch.frames import user_frames
from vai_inspect.frontends.torch.inputs import Inputs
from vai_inspect.frontends.torch.leaves import is_leaf
from vai_inspect.frontends.torch.proxy import TensorProxy, proxies_in, replaced
from vai_inspect.frontends.torch.recorder import IN_PLACE, Recorder, operation_name
from vai_inspect.frontends.torch.shadow import Place, Shadow

import torch.fx  # isort: skip


def trace(shadow: Shadow, inputs: Inputs, place: Place) -> Trace:
    """Follows the model's forward with fx.

    Args:
        shadow: a copy of the model without values.
        inputs: what the forward is called with.
        place: where the copy's tensors are.

    Raises:
        Exception: whatever the user's forward or fx raises where the trace does not succeed.
    """
    recorder = Recorder(shadow.parameters, list(shadow.paths.values()))
    tracer = _Tracer(shadow, recorder, place)
    args, kwargs = inputs.filled(lambda name, one: tracer.input(name, one))
    root = _Root(shadow.model, args, kwargs)
    with torch.no_grad(), _factories_on(place), _all_functions_followed():
        tracer.trace(root)
    return recorder.trace(replaced(root.result))


class _Root(torch.nn.Module):
    """Calls the user's model, so that even the model itself is a called module."""

    def __init__(self, model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        super().__init__()
        self.model = model
        self.given = (args, kwargs)
        self.result: Any = None

    def forward(self) -> None:
        """Stands for a forward; `run_users_forward` does the work."""


def run_users_forward(root: _Root) -> None:
    """Runs the forward; the name marks where the user's frames begin."""
    args, kwargs = root.given
    root.result = root.model(*args, **kwargs)


class _Tracer(torch.fx.Tracer):
    def __init__(self, shadow: Shadow, recorder: Recorder, place: Place) -> None:
        super().__init__()
        self._shadow = shadow
        self._recorder = recorder
        self._place = place
        self._scopes: List[str] = [""]
        self._within = False
        self._proxies: Dict[int, TensorProxy] = {}
        self._made = torch.fx.Graph()

    def input(self, name: str, tensor: Any) -> TensorProxy:
        """Returns a proxy for an input of the model."""
        self._recorder.input(name, tensor)
        return self._proxy_of(tensor)

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> Tuple[Any, List[Any]]:
        """Has fx run the whole model, the user's arguments in their own structure."""
        return run_users_forward, [self.root]

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Dict[str, Any]) -> Any:
        """Leaves parameters as they are: what is computed from them alone is a constant."""
        return attr_val

    _module_getattr = getattr  # torch 1.12

    def path_of_module(self, mod: Any) -> str:
        """Returns the module's path in the user's model."""
        path = self._shadow.paths.get(id(mod))
        if path is None:  # a module that is kept in a plain list or made by the forward
            scope = self._scopes[-1]
            name = type(mod).__name__
            path = "{}.{}".format(scope, name) if scope else name
        return path

    def call_module(self, m: Any, forward: Any, args: Any, kwargs: Any) -> Any:
        """Notes a leaf module as one step and follows the forward of any other."""
        if self._within or not proxies_in((args, kwargs)):
            return forward(*args, **kwargs)
        path = self.path_of_module(m)
        if is_leaf(m):
            return self._run(m.forward, type(m).__name__, args, kwargs, path, m)
        self._scopes.append(path)
        try:
            return forward(*args, **kwargs)
        finally:
            self._scopes.pop()

    def create_proxy(
        self, kind: str, target: Any, args: Any, kwargs: Any, *_rest: Any, **_named: Any
    ) -> Any:
        """Runs a function or method on the tensors behind the proxies and notes it."""
        if kind == "call_method":
            return self._run(_method(target), operation_name(target), args, kwargs)
        name = operation_name(target)
        return self._run(target, name, args, kwargs)

    def _run(
        self,
        function: Any,
        name: str,
        args: Any,
        kwargs: Any,
        scope: Any = None,
        module: Any = None,
    ) -> Any:
        given, named = replaced(args), replaced(kwargs)
        frames: Tuple[Frame, ...] = user_frames(2)
        with self._not_followed():
            here, settings = self._here(given), self._here(named)
            result = function(*here, **settings)
        if isinstance(result, torch.Tensor):
            result = self._place.moved(result)
        outputs = _tensors(result)
        if name == "setitem":
            outputs = [given[0]]
        if not outputs or name in _FACTORIES:
            return result
        self._recorder.step(
            name,
            given,
            named,
            outputs,
            self._scopes[-1] if scope is None else scope,
            module,
            frames,
            writes=_writes(function, module, named),
        )
        return self._wrapped(result)

    def _here(self, value: Any) -> Any:
        """Returns arguments with foreign tensors and devices brought to the copy's device."""
        if isinstance(value, torch.Tensor):
            return self._place.moved(value)
        if isinstance(value, torch.device):
            return torch.device(self._place.device)
        if isinstance(value, dict):
            return {
                key: self._place.device
                if key == "device" and item is not None
                else self._here(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            items = [self._here(item) for item in value]
            return items if isinstance(value, list) else tuple(items)
        return value

    @contextmanager
    def _not_followed(self) -> Iterator[None]:
        before, self._within = self._within, True
        try:
            yield
        finally:
            self._within = before

    def _wrapped(self, value: Any) -> Any:
        """Returns a result with a proxy for each tensor in it, in the same containers."""
        if isinstance(value, torch.Tensor):
            return self._proxy_of(value) if self._recorder.knows(value) else value
        if isinstance(value, dict):
            return type(value)((key, self._wrapped(item)) for key, item in value.items())
        if isinstance(value, (list, tuple)):
            items = [self._wrapped(item) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        return value

    def _proxy_of(self, tensor: Any) -> TensorProxy:
        found = self._proxies.get(id(tensor))
        if found is None:
            node = self._made.create_node("placeholder", "t{}".format(len(self._proxies)))
            found = TensorProxy(node, self, tensor)
            self._proxies[id(tensor)] = found
        return found


_FACTORIES = frozenset(
    ("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor")
    + ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like")
)
"""What asks a tensor for its shape and type alone: what they give is a constant."""


def _method(name: str) -> Any:
    def call(owner: Any, *args: Any, **kwargs: Any) -> Any:
        if name in ("cuda", "cpu"):
            return owner
        if name == "to":
            args = tuple("meta" if _is_device(one) and owner.is_meta else one for one in args)
            args = tuple(owner.device if _is_device(one) else one for one in args)
        return getattr(owner, name)(*args, **kwargs)

    call.__name__ = name
    return call


def _is_device(value: Any) -> bool:
    return isinstance(value, torch.device) or (
        isinstance(value, str) and value.split(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta")
    )


def _writes(function: Any, module: Any, kwargs: Dict[str, Any]) -> bool:
    if module is not None:
        dropout = "Dropout" in type(module).__name__  # it does nothing at inference
        return bool(getattr(module, "inplace", False)) and not dropout
    name = str(getattr(function, "__name__", ""))
    if "dropout" in name:
        return False
    in_place = name.endswith("_") and not name.endswith("__")
    return in_place or name == "setitem" or name in IN_PLACE or bool(kwargs.get("inplace"))


def _tensors(value: Any) -> List[Any]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [one for item in value for one in _tensors(item)]
    return []


@contextmanager
def _all_functions_followed() -> Iterator[None]:
    """Has fx follow the functions, too, that libraries of models tell it to leave alone.

    They do so for control flow on sizes, which are plain numbers here.
    """
    module: Any = torch.fx._symbolic_trace
    wrapped = getattr(module, "_wrapped_fns_to_patch", None)
    if wrapped is None:
        yield
        return
    module._wrapped_fns_to_patch = type(wrapped)()
    try:
        yield
    finally:
        module._wrapped_fns_to_patch = wrapped


@contextmanager
def _factories_on(place: Place) -> Iterator[None]:
    """Makes tensors that the forward creates on the copy's device, where torch can do so."""
    if place.device == "meta" and hasattr(torch, "set_default_device"):
        with torch.device("meta"):
            yield
    else:
        yield
