"""Which node of a traced copy an operator of its inspection comes from."""

from __future__ import annotations

from typing import Any, Dict

from vai_inspect.core.ir.names import Names


class Located:
    """The nodes of a GraphModule by the names that the capture gives its calls."""

    def __init__(self, module: Any) -> None:
        """Names each call as the capture does.

        Args:
            module: the GraphModule.
        """
        graph = module.graph
        inputs = [node.name for node in graph.nodes if node.op == "placeholder"]
        names = Names(inputs + [path for path, _ in module.named_modules()])
        for name in inputs:
            names.take(name)
        self._nodes: Dict[str, Any] = {}
        depends = {node for node in graph.nodes if node.op == "placeholder"}
        for node in graph.nodes:
            if node.op not in ("call_module", "call_function", "call_method"):
                continue
            if depends.isdisjoint(node.all_input_nodes):
                continue
            depends.add(node)
            path = node.target if node.op == "call_module" else node.name
            self._nodes[names.take(path)] = node

    def node(self, op: str) -> Any:
        """Returns the node that an operator comes from, or None.

        An operator `a/b` is a part of the call `a`; one whose module is a single call here, such
        as `bn1.mul`, is a part of that.
        """
        found = op.split("/")[0]
        while found:
            if found in self._nodes:
                return self._nodes[found]
            found = found.rpartition(".")[0]
        return None

    def suffix(self, op: str) -> str:
        """Returns what follows a call's name in an operator's: `/b` of `a/b`."""
        base = op.split("/")[0]
        return op[len(base) :] if base in self._nodes else ""

    def knows(self, op: str) -> bool:
        """Tells whether an operator is a call of its own, or a part of one."""
        return op.split("/")[0] in self._nodes
