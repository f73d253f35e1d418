"""What a program sees of the graph that it changes."""

from __future__ import annotations

import copy
import operator
from typing import Any, Callable, Dict, List, Optional, Tuple

import torch
import torch.fx

from vai_inspect.frontends.torch.rewrite.in_place import writes

Node = torch.fx.Node


class RefusedError(Exception):
    """A program does not match where it is asked for; the text says why."""


class Edit:
    """A GraphModule under change.

    A program works on nodes; a node that an earlier change of the same rewrite removed is no
    longer in `graph`.

    Attributes:
        module: the GraphModule.
        graph: its graph.
        changed: whether anything was changed.
    """

    def __init__(self, module: Any) -> None:
        self.changed = False
        self.module = module
        self.graph = module.graph

    def called(self, node: Any, *classes: str) -> Any:
        """Returns the module that a node calls, where its class is one of those named, or None."""
        if not isinstance(node, Node) or node.op != "call_module":
            return None
        found = self.module.get_submodule(node.target)
        names = {cls.__name__ for cls in type(found).__mro__}
        return found if not classes or names.intersection(classes) else None

    def is_call(self, node: Any, *names: str) -> bool:
        """Tells whether a node calls a function or method of one of these names."""
        return isinstance(node, Node) and call_name(node) in names

    def argument(self, node: Any, index: int, name: str, default: Any = None) -> Any:
        """Returns an argument of a call, by position (the tensor is 0) or by name."""
        return node.args[index] if index < len(node.args) else node.kwargs.get(name, default)

    def shape(self, node: Any) -> Tuple[int, ...]:
        """Returns the shape that a node gives.

        Raises:
            RefusedError: it gives no tensor.
        """
        found = node.meta.get("shape") if isinstance(node, Node) else None
        if found is None:
            raise RefusedError("its input is no single tensor")
        return tuple(found)

    def constant(self, node: Any) -> Optional[Any]:
        """Returns the tensor that a node reads of the module, or None."""
        if not isinstance(node, Node) or node.op != "get_attr":
            return None
        owner, _, attribute = node.target.rpartition(".")
        return getattr(self.module.get_submodule(owner), attribute)

    def users(self, node: Any) -> List[Any]:
        """Returns the nodes that read a node, in graph order."""
        return list(node.users)

    def only_user(self, node: Any) -> Any:
        """Returns the one node that reads a node; None where there are several or none."""
        return next(iter(node.users)) if len(node.users) == 1 else None

    def add(self, module: Any, source: Any, before: Any, suffix: str) -> Any:
        """Adds a module, called on a node.

        Args:
            module: the module; it comes to the element type and device of the weights.
            source: the node that it reads.
            before: the node in front of which it is called.
            suffix: follows that node's name in the module's.
        """
        self.changed = True
        module.eval()
        path = self._free(f"{before.name}_{suffix}")
        self.module.add_submodule(path, module)
        with self.graph.inserting_before(before):
            return self.graph.call_module(path, (source,))

    def insert(self, target: Any, args: Tuple[Any, ...], before: Any) -> Any:
        """Adds a call of a function in front of a node."""
        self.changed = True
        with self.graph.inserting_before(before):
            return self.graph.call_function(target, args)

    def buffer(self, tensor: Any, before: Any, suffix: str) -> Any:
        """Adds a constant, a parameter if it trains, and returns the node that reads it."""
        self.changed = True
        name = self._free(f"{before.name}_{suffix}")
        if tensor.requires_grad:
            self.module.register_parameter(name, torch.nn.Parameter(tensor))
        else:
            self.module.register_buffer(name, tensor)
        with self.graph.inserting_before(before):
            return self.graph.get_attr(name)

    def swap(self, node: Any, module: Any) -> None:
        """Has a node that calls a module call another in its place.

        It takes the other's path, unless that is called elsewhere, too.

        Raises:
            RefusedError: the module has hooks.
        """
        old = self.called(node)
        if old is not None and (old._forward_hooks or old._forward_pre_hooks):
            raise RefusedError("the module has forward hooks")
        self.changed = True
        module.eval()
        path = node.target
        if sum(one.op == "call_module" and one.target == path for one in self.graph.nodes) > 1:
            path = self._free(node.name)
        self.module.add_submodule(path, module)
        node.target = path

    def to_module(self, node: Any, module: Any, suffix: str) -> Any:
        """Has a module, called on a node's first input, take the node's place; returns its call."""
        if self.called(node) is not None:
            self.swap(node, module)
            return node
        made = self.add(module, node.args[0], node, suffix)
        self.replace(node, made)
        return made

    def replace(self, node: Any, new: Any) -> None:
        """Has whatever reads a node read another, and drops what nothing reads any more."""
        self.changed = True
        node.replace_all_uses_with(new)
        if new.meta.get("shape") is None:
            new.meta["shape"] = node.meta.get("shape")
        users = node.meta.get("op", node.meta.get("replaces"))
        if users is not None and new.op != "placeholder":
            new.meta.setdefault("replaces", users)
        self.drop(node)

    def drop(self, node: Any) -> None:
        """Drops a node that nothing reads, and those before it that only it read."""
        if node.users or node.op in ("placeholder", "output"):
            return
        read = list(node.all_input_nodes)
        self.graph.erase_node(node)
        for one in read:
            if one.graph is self.graph and not one._erased and not writes(one):
                self.drop(one)

    def like(self, node: Any) -> Dict[str, Any]:
        """Returns element type and device of the weights, as the makers of tensors take them."""
        tensors = [*self.module.parameters(), *self.module.buffers()]
        known = next((one for one in tensors if one.is_floating_point()), None)
        if known is None:
            return {}
        return {"dtype": known.dtype, "device": known.device}

    def _free(self, wanted: str) -> str:
        name, number = wanted, 0
        while hasattr(self.module, name):
            number += 1
            name = f"{wanted}_{number}"
        return name


def call_name(node: Any) -> str:
    """Returns the plain name of the function or method that a node calls; else ""."""
    if node.op == "call_method":
        name = str(node.target)
    elif node.op == "call_function":
        name = getattr(node.target, "__name__", "")
    else:
        return ""
    name = name[:-1] if name.endswith("_") and not name.startswith("_") else name
    return _SYNONYMS.get(name, name)


_SYNONYMS = {
    "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "truediv": "div",
    "ipow": "pow", "multiply": "mul", "divide": "div", "true_divide": "div", "subtract": "sub",
}  # fmt: skip


def is_number(value: Any) -> bool:
    """Tells whether an argument is a plain number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def operands(node: Any) -> Tuple[Any, Any]:
    """Returns both operands of a sum or product.

    Raises:
        RefusedError: it has another number of them.
    """
    if len(node.args) == 2 and not node.kwargs:
        return node.args[0], node.args[1]
    if len(node.args) == 1 and set(node.kwargs) == {"other"}:
        return node.args[0], node.kwargs["other"]
    raise RefusedError("it has more arguments than two operands")


def axes_of(value: Any, rank: int) -> Tuple[int, ...]:
    """Returns axes as numbers from 0, sorted."""
    if value is None:
        return tuple(range(rank))
    found = (value,) if isinstance(value, int) else tuple(value)
    return tuple(sorted(axis % rank for axis in found))


def carried(tensor: Any, *sources: Any) -> Any:
    """Returns a tensor that is computed from the user's, without its history.

    Args:
        tensor: the tensor.
        sources: what it is computed from; it trains where one of them does.
    """
    return tensor.detach().requires_grad_(any(one.requires_grad for one in sources))


def shared_copy(module: Any) -> Any:
    """Returns a copy of a GraphModule that shares its tensors, which nobody writes to."""
    tensors = [*module.parameters(), *module.buffers()]
    made = copy.deepcopy(module, {id(one): one for one in tensors})
    type(made).__name__ = type(module).__name__
    return made


Program = Callable[[Edit, Any], None]
"""Does a rewrite at a node; raises `RefusedError` where it does not match there."""
add, mul = operator.add, operator.mul
