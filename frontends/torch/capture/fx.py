"""The first strategy: torch.fx's tracer, with shapes known while it traces.

fx puts a proxy in place of every tensor and sees every module, function, method and operator
that takes one. Here each proxy also holds a tensor without values, and what is called is run on
that at once. So a size is a plain number in the user's forward, and control flow that depends on
sizes alone is followed; control flow that depends on values is not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Tuple

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.call_tracer import (
    CallTracer,
    factories_on,
    run_users_forward,
)
from vai_inspect.frontends.torch.capture.device_policy import moving
from vai_inspect.frontends.torch.capture.in_place import writes
from vai_inspect.frontends.torch.capture.modes import can_see_functions, functions_seen
from vai_inspect.frontends.torch.capture.proxy import (
    TensorProxy,
    is_proxy,
    proxies_are_tensors,
    proxies_in,
    replaced,
)
from vai_inspect.frontends.torch.capture.recorder import operation_name
from vai_inspect.frontends.torch.capture.request import Copy
from vai_inspect.frontends.torch.capture.trace_ir import Trace

import torch.fx  # isort: skip


def trace(copy: Copy) -> Trace:
    """Follows the model's forward with fx.

    Args:
        copy: of the model, without values.

    Raises:
        Exception: whatever the user's forward or fx raises where the trace does not succeed.
    """
    call_tracer = CallTracer(copy.meta_copy, copy.policy)
    tracer = _Tracer(call_tracer)
    args, kwargs = copy.inputs.filled(lambda name, one: tracer.input(name, one))
    root = _Root(copy.meta_copy.model, args, kwargs)
    with torch.no_grad(), factories_on(copy.policy), all_functions_followed():
        with proxies_are_tensors(), functions_seen(tracer.function):
            tracer.trace(root)
        return call_tracer.recorder.trace(replaced(root.result))


class _Root(torch.nn.Module):
    """Calls the user's model, so that even the model itself is a called module."""

    def __init__(self, model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        super().__init__()
        self.model = model
        self.given = (args, kwargs)
        self.result: Any = None

    def forward(self) -> None:
        """Stands for a forward; `_run_root` does the work."""


def _run_root(root: _Root) -> None:
    root.result = run_users_forward(root.model, *root.given)


class _Tracer(torch.fx.Tracer):
    def __init__(self, call_tracer: CallTracer) -> None:
        super().__init__()
        self._call_tracer = call_tracer
        self._proxies: Dict[int, TensorProxy] = {}
        self._made = torch.fx.Graph()
        self._unseen = not can_see_functions()

    def input(self, name: str, tensor: Any) -> TensorProxy:
        """Returns a proxy for an input of the model."""
        self._call_tracer.recorder.input(name, tensor)
        return self._proxy_of(tensor)

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> Tuple[Any, List[Any]]:
        """Has fx run the model itself, the user's arguments in their own structure."""
        return _run_root, [self.root]

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Dict[str, Any]) -> Any:
        """Leaves parameters as they are: what is computed from them alone is a constant."""
        return attr_val

    _module_getattr = getattr  # torch 1.12

    def path_of_module(self, mod: Any) -> str:
        """Returns the module's path in the user's model."""
        return self._call_tracer.path_of(mod)

    def call_module(self, m: Any, forward: Any, args: Any, kwargs: Any) -> Any:
        """Notes a leaf module as one step and follows the forward of any other."""
        return self._call_tracer.module(m, forward, args, kwargs, self._run)

    def function(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Notes a function, method or property that no proxy is given to."""
        if self._call_tracer.within or proxies_in((args, kwargs)):
            return function(*args, **kwargs)
        return self._wrapped(self._call_tracer.function(function, args, kwargs))

    def create_proxy(
        self, kind: str, target: Any, args: Any, kwargs: Any, *_rest: Any, **_named: Any
    ) -> Any:
        """Runs a function or method on the tensors of the proxies and notes it."""
        if kind == "call_method":
            method = moving(target) or _method(target)
            return self._run(method, operation_name(target), args, kwargs)
        name = operation_name(target)
        return self._run(target, name, args, kwargs)

    def _run(
        self,
        function: Any,
        name: str,
        args: Any,
        kwargs: Any,
        module: Any = None,
        module_class: str = "",
    ) -> Any:
        constant = bool(args) and not is_proxy(args[0])
        if self._unseen and constant and writes(function, name, module, kwargs):
            # No proxy stands for what is written, so what reads it would not be seen.
            raise CaptureError(
                f"the forward writes into a tensor that does not depend on its inputs ({name})"
            )
        args, kwargs = replaced((args, kwargs))
        result = self._call_tracer.run(function, name, args, kwargs, module, module_class)
        return self._wrapped(result)

    def _wrapped(self, value: Any) -> Any:
        """Returns a result with a proxy for each tensor in it, in the same containers."""
        if isinstance(value, torch.Tensor):
            return self._proxy_of(value) if self._call_tracer.recorder.knows(value) else value
        if isinstance(value, dict):
            return type(value)((key, self._wrapped(item)) for key, item in value.items())
        if isinstance(value, (list, tuple)):
            items = [self._wrapped(item) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        return value

    def _proxy_of(self, tensor: Any) -> TensorProxy:
        found = self._proxies.get(id(tensor))
        if found is None:
            node = self._made.create_node("placeholder", f"t{len(self._proxies)}")
            found = TensorProxy(node, self, tensor)
            self._proxies[id(tensor)] = found
        return found


def _method(name: str) -> Any:
    def call(owner: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(owner, name)(*args, **kwargs)

    call.__name__ = name
    return call


@contextmanager
def all_functions_followed() -> Iterator[None]:
    """Has fx follow functions that libraries of models mark as leaves, too.

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
