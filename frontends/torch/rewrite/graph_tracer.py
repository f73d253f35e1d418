"""Writes the graph of a running forward: every call, with the value that it gave.

Sizes are plain numbers, but for the batch, which stays open where the forward asks for it. Leaf
modules are called as they are, the forward of any other is followed.
"""

from __future__ import annotations

import inspect
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
import torch.fx

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.data_dependence import asked
from vai_inspect.frontends.torch.capture.failures import DataDependentError
from vai_inspect.frontends.torch.capture.frames import at_users_line, short, user_frames
from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
from vai_inspect.frontends.torch.capture.nested import plain, tensors_of
from vai_inspect.frontends.torch.capture.proxy import proxies_in
from vai_inspect.frontends.torch.capture.recorder import IN_PLACE, operation_name
from vai_inspect.frontends.torch.rewrite.in_place import redirect_readers
from vai_inspect.frontends.torch.rewrite.positions import in_positions
from vai_inspect.frontends.torch.rewrite.traced_value import (
    Sizes,
    TracedValue,
    nodes_of,
    values_of,
)

LEAVES = ("FrozenBatchNorm2d",)
"""Classes of modules beside torch's own that are one call of the graph, too."""


class GraphTracer(torch.fx.Tracer):
    """Writes the graph of a running forward.

    Attributes:
        given: the inputs, in the order of the graph's arguments.
        fixed: lines at which the batch became a plain number.
    """

    def __init__(self, meta_copy: Any) -> None:
        super().__init__()
        self.given: List[Any] = []
        self.fixed: List[str] = []
        self._paths: Dict[int, str] = meta_copy.paths
        self._scopes: List[str] = [""]
        self._within = False
        self._depends: Dict[torch.fx.Node, bool] = {}
        self._valued: Dict[torch.fx.Node, str] = {}
        self._batch: Optional[int] = None
        self._expected: Any = None

    def followed(
        self, model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]
    ) -> Tuple[Any, Any]:
        """Returns the graph of a forward, and what the forward returned."""
        self._call = (args, kwargs)
        graph = self.trace(model)
        graph._tracer_cls = torch.fx.Tracer  # what a pickled copy is traced with again
        redirect_readers(model, graph)
        return graph, self._expected

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> Tuple[Any, List[Any]]:
        """Gives the forward a placeholder for each tensor that it is called with."""
        args, kwargs = self._call
        names = _names_of(self.root, len(args))
        given = [self._input(name, one) for name, one in zip(names, args)]
        named = {name: self._input(name, one) for name, one in kwargs.items()}

        def run_users_forward(root: Any) -> Any:  # frames outside of it do not count
            result = root(*given, **named)
            self._expected = values_of(result)
            return nodes_of(result)

        run_users_forward.__annotations__.clear()  # fx would write them into the new forward
        return run_users_forward, [self.root]

    def _input(self, name: str, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            if tensors_of(value):
                raise CaptureError(f"its argument {name!r} is a container of tensors")
            return value
        self.given.append(value.clone())
        if self._batch is None and value.dim():
            self._batch = int(value.shape[0])
        node = self.graph.placeholder(name)
        self._depends[node] = True
        return TracedValue(node, self, value)

    def sizes(self, proxy: TracedValue) -> Tuple[Any, ...]:
        """Returns a tensor's sizes as plain numbers, but for the batch, which stays open.

        Raises:
            DataDependentError: they depend on values, so they hold for these inputs alone.
        """
        self.check_values(proxy)
        sizes: List[Any] = [int(size) for size in proxy.value.shape]
        if sizes and self._depends.get(proxy.node) and sizes[0] == self._batch:
            sizes[0] = self.create_proxy("call_method", "size", (proxy, 0), {})
        return Sizes(sizes)

    def check_values(self, proxy: TracedValue) -> None:
        """Refuses to make a number of what depends on the values of an input; see `sizes`."""
        how = self._valued.get(proxy.node)
        if how is not None:
            raise DataDependentError(how)

    def depends(self, proxy: TracedValue) -> bool:
        """Returns whether a tensor depends on an input."""
        return self._depends.get(proxy.node, True)

    def fix_batch(self) -> None:
        """Notes that the batch becomes a plain number here."""
        lines = user_frames()
        self.fixed.append(short(lines[-1]) if lines else "the forward")

    def path_of_module(self, mod: Any) -> str:
        """Returns a module's path in the user's model."""
        return self._paths.get(id(mod), self._scopes[-1])

    def call_module(self, m: Any, forward: Any, args: Any, kwargs: Any) -> Any:
        """Writes a call of a leaf module, and follows any other."""
        if self._within:
            return forward(*args, **kwargs)
        path = self._paths.get(id(m))
        leaf = torch_class(m) or type(m).__name__ in LEAVES
        if path and leaf and proxies_in((args, kwargs)):
            return self.create_proxy("call_module", path, args, kwargs)
        self._scopes.append(self._scopes[-1] if path is None else path)
        try:
            return forward(*args, **kwargs)
        finally:
            self._scopes.pop()

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Dict[str, Any]) -> Any:
        """Has parameters read by the graph, so that they stay parameters."""
        if self._within or not isinstance(attr_val, torch.nn.Parameter):
            return attr_val
        for name, one in self.root.named_parameters():
            if one is attr_val:
                if name not in parameter_proxy_cache:
                    made = self.create_proxy("get_attr", name, (), {})
                    parameter_proxy_cache[name] = made
                return parameter_proxy_cache[name]
        return attr_val

    _module_getattr = getattr  # torch 1.12

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: Any,
        kwargs: Any,
        *_rest: Any,
        **_named: Any,
    ) -> Any:
        """Runs a call on the values of the proxies, and writes it."""
        if self._within:
            raise CaptureError("a call inside of a call was followed")
        if kind == "call_method" and target == "size" and not self._keeps_size(args):
            sizes = self.sizes(args[0])
            axis = args[1] if len(args) > 1 else kwargs.get("dim")
            return sizes if axis is None else sizes[axis]
        called = self.root.get_submodule(target) if kind == "call_module" else target
        args, kwargs = in_positions(kind, called, args, kwargs)
        self._within = True
        try:
            value = self._ran(kind, target, values_of(args), values_of(kwargs))
        finally:
            self._within = False
        scope = self._scopes[-1]
        name = _node_name(kind, target, scope)  # fx itself knows no scopes
        node = self.create_node(
            kind, target, self.create_arg(nodes_of(args)), self.create_arg(nodes_of(kwargs)), name
        )
        node.meta["shape"] = shape_of(value)
        read = [proxy.node for proxy in proxies_in((args, kwargs))]
        self._depends[node] = any(self._depends.get(one, False) for one in read)
        how = next((self._valued[one] for one in read if one in self._valued), "")
        if not how and self._depends[node] and kind in ("call_function", "call_method"):
            how = _asked(target, values_of(args), values_of(kwargs))
        if how:
            self._valued[node] = how
        return TracedValue(node, self, value)

    def _keeps_size(self, args: Any) -> bool:
        """Returns whether a call of `size` is the one that `sizes` itself writes."""
        return len(args) == 2 and args[1] == 0 and self._open(args[0])

    def _open(self, proxy: Any) -> bool:
        shape: Sequence[int] = getattr(proxy.value, "shape", ())
        return bool(shape) and self._depends.get(proxy.node, False) and shape[0] == self._batch

    def _ran(self, kind: str, target: Any, args: Any, kwargs: Any) -> Any:
        if kind == "call_function":
            return target(*args, **kwargs)
        if kind == "call_method":
            return getattr(args[0], target)(*args[1:], **kwargs)
        if kind == "call_module":
            return self.root.get_submodule(target)(*args, **kwargs)
        owner, _, attribute = target.rpartition(".")
        return getattr(self.root.get_submodule(owner), attribute)

    def create_arg(self, a: Any) -> Any:
        """Returns an argument as a node has it."""
        return a if type(a) is torch.fx.Node else super().create_arg(plain(a))

    def iter(self, obj: Any) -> Iterator[Any]:
        """Returns the parts of what a call gave."""
        return obj.__iter__()  # type: ignore[no-any-return]

    def to_bool(self, obj: Any) -> bool:
        """Returns what a number is; a tensor is refused."""
        return bool(obj)


def _asked(target: Any, args: Any, kwargs: Any) -> str:
    """Returns how a call asks for values, with the user's line; else an empty text."""
    name = operation_name(target)
    how = asked(name, name, args, kwargs)
    return at_users_line(how) if how else ""


def shape_of(value: Any) -> Any:
    """Returns the shape of a tensor, or None for anything else."""
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def _node_name(kind: str, target: Any, scope: str) -> str:
    """Returns the name of a node: the path of the module around the call, and what is called."""
    if kind in ("call_module", "get_attr"):
        return str(target).replace(".", "_")
    called = target if isinstance(target, str) else getattr(target, "__name__", "call")
    called = IN_PLACE.get(called, called).strip("_")
    return scope.replace(".", "_") + "_" + called if scope else called


def _names_of(model: Any, count: int) -> List[str]:
    try:
        names = list(inspect.signature(model.forward).parameters)
    except (TypeError, ValueError):
        names = []
    return [names[at] if at < len(names) else f"input_{at + 1}" for at in range(count)]
