"""A traced copy and its twin, changed alike: the one to keep, the other to compare outputs with."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import torch
import torch.fx

from vai_inspect.core.errors import CaptureError
from vai_inspect.core.ir.names import Names
from vai_inspect.frontends.torch.capture.failures import brief
from vai_inspect.frontends.torch.capture.nested import tensors_of
from vai_inspect.frontends.torch.rewrite.edit import Edit, Program, RefusedError, shared_copy
from vai_inspect.frontends.torch.rewrite.graph_tracer import shape_of
from vai_inspect.frontends.torch.rewrite.locate import Located
from vai_inspect.frontends.torch.rewrite.random_weights import inputs_like, randomised
from vai_inspect.frontends.torch.rewrite.tracing import Traced


class Pair:
    """A copy and its twin.

    Attributes:
        module: the copy, with the user's weights.
        args: inputs of the user's shapes.
    """

    def __init__(
        self, module: Any, twin: Any, args: Tuple[Any, ...], dtype: Any = torch.float64
    ) -> None:
        """Keeps both.

        Args:
            module: see `Pair`.
            twin: the same with random weights.
            args: see `Pair`.
            dtype: element type of the twin.
        """
        self._dtype = dtype
        self.module = module
        self.args = args
        self._twin = twin

    @cached_property
    def located(self) -> Located:
        """The nodes by the names of the inspection."""
        return Located(self.module)

    @cached_property
    def outputs(self) -> Tuple[Any, ...]:
        """What the twin gives on random inputs; notes the shapes of all nodes.

        Raises:
            Exception: the twin fails.
        """
        shapes = _Shapes(self._twin)
        with torch.no_grad():
            found = tensors_of(shapes.run(*inputs_like(self.args, self._dtype)))
        for node in self.module.graph.nodes:
            if node.name in shapes.found:
                node.meta["shape"] = shapes.found[node.name]
        return tuple(found)

    def users_names(self, ops: Sequence[str]) -> Dict[str, str]:
        """Returns what the user's model calls operators, and new ones their own names.

        Args:
            ops: names of all operators of the inspection.
        """
        users = {op: self._named(op, "op") for op in ops}
        names = Names(users.values())
        made = {op: names.take(name) for op, name in users.items() if name != op}
        return {op: made[op] if op in made else names.take(op) for op in ops}

    def replaced_name(self, op: str) -> str:
        """Returns what the user's model calls an operator or what it stands in place of.

        Args:
            op: its name in the inspection.
        """
        users = self._named(op, "op")
        return users if users != op else self._named(op, "replaces")

    def _named(self, op: str, key: str) -> str:
        node = self.located.node(op) if self.located.knows(op) else None
        named = node.meta.get(key) if node is not None else None
        return op if named is None else named + self.located.suffix(op)

    def name_after(self, names: Mapping[str, str]) -> None:
        """Notes what the user's model calls the operators.

        Args:
            names: the user's name of each operator of the inspection.
        """
        for own, users in names.items():
            suffix = self.located.suffix(own)
            if self.located.knows(own) and users.endswith(suffix):
                self.located.node(own).meta["op"] = users[: len(users) - len(suffix)]

    def changed(
        self, program: Program, ops: Sequence[str]
    ) -> Tuple[Optional["Pair"], Dict[str, str]]:
        """Returns a pair with a rewrite done at operators, and why not at the others.

        Args:
            program: does the rewrite at a node.
            ops: names of operators of the inspection.
        """
        left: Dict[str, str] = {}
        nodes: Dict[str, str] = {}
        for op in ops:
            node = self.located.node(op)
            if node is None:
                left[op] = "the call that it comes from is not found in the traced copy"
            else:
                nodes[op] = node.name
        if not self.outputs:  # asking for them notes the shapes
            return None, dict.fromkeys(ops, "the model returns no tensor")
        both = self._copies()
        for op, name in nodes.items():
            reason, intact = _done(program, both, name)
            if reason:
                left[op] = reason
            if not intact:  # again, without this one
                both = self._copies()
                for done, again in nodes.items():
                    if done == op:
                        break
                    if done not in left:
                        _done(program, both, again)
        if len(left) == len(ops):
            return None, left
        made, twin = both
        for one in both:
            one.delete_all_unused_submodules()
            one.graph.lint()
            one.recompile()
        return Pair(made, twin, self.args, self._dtype), left

    def _copies(self) -> Tuple[Any, Any]:
        return shared_copy(self.module), shared_copy(self._twin)

    def error_of(self, other: "Pair") -> float:
        """Returns the largest difference of another pair's outputs, as a share of their range."""
        mine = self.outputs
        try:
            found = other.outputs
        except Exception:  # what a changed graph raises
            return float("inf")
        if [one.shape for one in mine] != [one.shape for one in found]:
            return float("inf")
        return max((_difference(*both) for both in zip(mine, found)), default=0.0)


def first_pair(traced: Traced) -> Tuple[Pair, str]:
    """Returns a traced copy with its twin in float64, or in float32 with the reason.

    Raises:
        CaptureError: the twin fails on random inputs.
    """
    reason = ""
    for dtype in (torch.float64, torch.float32):
        try:
            twin = randomised(traced.module, dtype)
        except Exception as error:  # what the user's tensors raise
            raise CaptureError(
                f"The model cannot be copied to check changes: {brief(error)}."
            ) from error
        pair = Pair(traced.module, twin, traced.args, dtype)
        try:
            pair.outputs  # noqa: B018
        except Exception as error:  # what the user's forward raises
            reason = reason or brief(error)
        else:
            return pair, reason
    raise CaptureError(
        "The model's forward fails on random inputs, with which changes are checked: "
        f"{reason}; have it take the element type of its inputs, and any values."
    )


def _done(program: Program, modules: Sequence[Any], name: str) -> Tuple[str, bool]:
    """Does a program at a node of modules; returns why not, and whether they are intact."""
    intact = True
    for module in modules:
        node = next((one for one in module.graph.nodes if one.name == name), None)
        if node is None:
            continue  # it was a part of what is done already
        edit = Edit(module)
        try:
            program(edit, node)
        except RefusedError as error:
            return str(error), intact and not edit.changed
        except Exception as error:  # of a call that no program was written for
            return f"the rewrite fails there: {brief(error)}", False
        intact = intact and not edit.changed
    return "", True


def _difference(one: Any, other: Any) -> float:
    if not one.numel():
        return 0.0
    one, other = one.double(), other.double()
    if not bool(torch.isfinite(one).all()):
        return float("inf")
    reach = float(one.max() - one.min()) or float(one.abs().max()) or 1.0
    found = float((one - other).abs().max()) / reach
    return found if found == found else float("inf")


class _Shapes(torch.fx.Interpreter):
    """Runs a graph and keeps the shape that each node gives."""

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.found: Dict[str, Any] = {}

    def run_node(self, n: Any) -> Any:
        """Runs one node."""
        value = super().run_node(n)
        self.found[n.name] = shape_of(value)
        n.meta["shape"] = self.found[n.name]
        return value
