"""Follows an exported program: ATen's operators in order, put together to modules and functions.

Each operator is run on the copy's tensors, so that shapes, views and what is written in place
come out as they do where the forward itself runs. The operators of one torch.nn module, where it
is known, are one step again.
"""

from __future__ import annotations

import operator
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import torch

from vai_inspect.core.errors import CaptureError
from vai_inspect.core.ir import Frame
from vai_inspect.frontends.torch.capture.aten import INDEXING, as_function, first_only, index_of
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy
from vai_inspect.frontends.torch.capture.frames import is_users
from vai_inspect.frontends.torch.capture.in_place import writes
from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
from vai_inspect.frontends.torch.capture.nested import tensors_of
from vai_inspect.frontends.torch.capture.recorder import Recorder, operation_name
from vai_inspect.frontends.torch.capture.trace_ir import Trace, depends
from vai_inspect.frontends.torch.capture.value_dependence import is_random, that_count

Leaf = Callable[[str], Optional[Any]]
"""Returns the leaf module at a path, or None where there is none or it is not known."""
_CHECKS = ("_assert", "sym_constrain", "_guards")
_LINE = re.compile(r'File "(.+?)", line (\d+), in (\S+)')


class Program:
    """An exported program that becomes a trace."""

    def __init__(
        self, program: Any, policy: DevicePolicy, leaf: Leaf, modules: Dict[str, str]
    ) -> None:
        """Begins.

        Args:
            program: a torch.export.ExportedProgram.
            policy: where its tensors are to be.
            leaf: finds its leaf modules.
            modules: path of each of its modules, and the first path of the same module.
        """
        self._program = program
        self._policy = policy
        self._leaf = leaf
        self._first = modules
        held = {**program.state_dict, **getattr(program, "constants", {})}
        self._held = {
            path: policy.copy(one, path)
            for path, one in held.items()
            if isinstance(one, torch.Tensor)
        }
        paths = {id(one): path for path, one in self._held.items()}
        self._recorder = Recorder(paths, list(dict.fromkeys(modules.values())))
        self._root: Any = program.graph_module
        self._classes = _module_classes(self._root.graph.nodes)

    def trace(self, inputs: Sequence[Tuple[str, Any]]) -> Trace:
        """Follows the program.

        Args:
            inputs: name and value of each of its inputs, flattened.
        """
        signature = self._program.graph_signature
        paths = dict(signature.inputs_to_parameters)
        paths.update(signature.inputs_to_buffers)
        paths.update(getattr(signature, "inputs_to_lifted_tensor_constants", None) or {})
        given = iter(inputs)
        values: List[Any] = []
        for node in self._root.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in paths:
                values.append(self._held[paths[node.name]])
            else:
                name, value = next(given)
                values.append(value)
                if isinstance(value, torch.Tensor):
                    self._recorder.input(name, value)
        wanted = set(signature.user_outputs)
        with torch.no_grad():
            found = self._follow(self._root, values, lambda node: node.name in wanted)
        return self._recorder.trace(found)

    def _follow(self, root: Any, values: Sequence[Any], wanted: Callable[[Any], bool]) -> Any:
        """Follows one graph and returns what it returns of what is wanted."""
        known: Dict[Any, Any] = {}
        arriving = iter(values)
        for path, nodes in self._groups(root.graph.nodes):
            first = nodes[0]
            if first.op == "placeholder":
                known[first] = next(arriving)
            elif first.op == "get_attr":
                known[first] = self._attribute(root, first.target)
            elif first.op == "output":
                returned = first.args[0]
                listed = returned if isinstance(returned, (list, tuple)) else [returned]
                kept = [one for one in listed if not hasattr(one, "op") or wanted(one)]
                return _known(kept, known)
            elif path is not None:
                self._module(path, nodes, known)
            else:
                self._functions(nodes, known)
        return None

    def _groups(self, nodes: Any) -> Iterator[Tuple[Optional[str], List[Any]]]:
        """Yields the nodes that are one step, with the path of the leaf module that they are."""
        path: Optional[str] = None
        group: List[Any] = []
        for node in nodes:
            mine = self._leaf_path(node) if node.op == "call_function" else None
            joined = group and (
                (mine is not None and mine == path and not _same(group, node))
                or (mine is None and path is None and _indexes(group, node))
            )
            if not joined and group:
                yield path, group
                group = []
            path = mine
            group.append(node)
        if group:
            yield path, group

    def _leaf_path(self, node: Any) -> Optional[str]:
        for path in module_paths(node):
            if self._leaf(path) is not None:
                return self._first.get(path, path)
        return None

    def _scope(self, node: Any) -> str:
        stack = module_paths(node)
        return self._first.get(stack[-1], stack[-1]) if stack else ""

    def _module(self, path: str, nodes: Sequence[Any], known: Dict[Any, Any]) -> None:
        """Notes the operators of one leaf module as one step."""
        inside, read = set(nodes), []
        for node in nodes:
            read += [one for one in node.all_input_nodes if one not in inside and one not in read]
        given = tuple(one for node in read for one in tensors_of(known.get(node)))
        given = tuple(one for one in given if self._recorder.knows(one))
        for node in nodes:
            known[node] = self._run(node, known)
        left = [node for node in nodes if any(user not in inside for user in node.users)]
        outputs = [one for node in left for one in tensors_of(known[node])]
        if given and outputs:
            module = self._leaf(path)
            cls = torch_class(module)
            if cls == "MultiheadAttention":  # query, key and value may be one and the same
                given += given[-1:] * (3 - len(given))
            frames = _frames(nodes[0])
            changes = writes(None, cls, module, {})
            seen = self._recorder.seen((given, {}))
            self._recorder.step(
                cls, seen, outputs, path, module, frames, writes=changes, module_class=cls
            )
            self._recorder.returned(path, outputs[0] if len(outputs) == 1 else None)

    def _functions(self, nodes: Sequence[Any], known: Dict[Any, Any]) -> None:
        """Notes an operator, or those that stand for one `x[...]`, as one step."""
        last, base = nodes[-1], nodes[0].args[0] if nodes[0].args else None
        steps = [(operation_name(node.target), node.args[1:]) for node in nodes]
        chain = [one for one in steps if one[0] in INDEXING]
        indexed = len(chain) == len(steps) - (steps[-1][0] == "copy") and chain
        if not indexed or (len(steps) == 1 and chain[0][0] == "unsqueeze"):
            for node in nodes:
                self._function(node, known)
            return
        for node in nodes:
            known[node] = self._run(node, known)
        key = index_of(known[base].dim(), [(name, _known(args, known)) for name, args in chain])
        if key is None:
            raise CaptureError("an index of the program cuts one axis twice")
        args: Tuple[Any, ...] = (known[base], key[0] if len(key) == 1 else key)
        scope, frames = self._scope(last), _frames(last)
        if steps[-1][0] == "copy":
            item = known[last.args[1]]
            read, outputs = self._recorder.seen((*args, item)), [known[base]]
            if depends(read):
                self._recorder.step("setitem", (read, {}), outputs, scope, None, frames, True)
            return
        read = self._recorder.seen(args)
        if depends(read):
            self._recorder.step("getitem", (read, {}), [known[last]], scope, None, frames)

    def _function(self, node: Any, known: Dict[Any, Any]) -> None:
        name = operation_name(node.target)
        args, kwargs = _known(node.args, known), _known(node.kwargs, known)
        if name.startswith(_CHECKS):
            known[node] = None
            return
        inner = [one for one in args if isinstance(one, torch.fx.GraphModule)]
        if inner:
            if not name.startswith("wrap_with") or len(inner) > 1:
                raise CaptureError(f"the program holds a {name}")
            rest = args[args.index(inner[0]) + 1 :]
            known[node] = self._follow(inner[0], rest, lambda one: True)
            return
        result = known[node] = self._run(node, known)
        outputs = tensors_of(result)
        if node.target is _GETITEM or not outputs:
            return
        args, kwargs = that_count(name, args, kwargs)
        changes = writes(node.target, name, None, kwargs)
        still = args and result is args[0] and not changes
        if still and not depends(self._recorder.seen((args, kwargs))):
            return
        if first_only(name):
            outputs = outputs[:1]
        name, args, kwargs = as_function(name, args, kwargs)
        scope, frames = self._scope(node), _frames(node)
        read, cls = self._recorder.seen((args, kwargs)), self._classes.get(node, "")
        constant = not depends(read) and not is_random(name)
        self._recorder.step(name, read, outputs, scope, None, frames, changes, constant, cls)

    def _run(self, node: Any, known: Dict[Any, Any]) -> Any:
        args, kwargs = _known(node.args, known), _known(node.kwargs, known)
        args, kwargs = self._policy.brought_here(args, kwargs)
        if not tensors_of((args, kwargs)) and _takes_device(node.target):
            kwargs.setdefault("device", self._policy.device)
        return node.target(*args, **kwargs)

    def _attribute(self, root: Any, target: str) -> Any:
        if target in self._held:
            return self._held[target]
        found = root
        for part in target.split("."):
            found = getattr(found, part)
        if isinstance(found, torch.Tensor):
            self._held[target] = found = self._policy.copy(found, target)
        return found


_GETITEM = operator.getitem


def _takes_device(target: Any) -> bool:
    arguments = getattr(getattr(target, "_schema", None), "arguments", ())
    return any(one.name == "device" for one in arguments)


def _known(value: Any, known: Dict[Any, Any]) -> Any:
    return torch.fx.node.map_arg(value, lambda node: known[node])


def _same(group: Sequence[Any], node: Any) -> bool:
    """Returns whether a node begins another call of a module that is this one operator."""
    return all(one.target is node.target for one in group)


def _indexes(group: Sequence[Any], node: Any) -> bool:
    """Returns whether a node goes on with the slices of one `x[...]`."""
    if node.op != "call_function" or not node.args or node.args[0] is not group[-1]:
        return False
    names = [operation_name(one.target) for one in group if one.op == "call_function"]
    ours = len(names) == len(group) and all(name in INDEXING for name in names)
    next_one = operation_name(node.target)
    one_line = group[-1].meta.get("stack_trace") == node.meta.get("stack_trace")
    return ours and one_line and len(group[-1].users) == 1 and next_one in (*INDEXING, "copy")


def _module_classes(nodes: Any) -> Dict[Any, str]:
    """Returns the nodes that are all that a module of torch.nn does, with the module's class."""
    inside: Dict[Tuple[str, str], List[Any]] = {}
    for node in nodes:
        held = list((node.meta.get("nn_module_stack") or {}).values())
        if node.op == "call_function" and held and str(held[-1][1]).startswith("torch.nn."):
            path, cls = (str(part) for part in held[-1])
            inside.setdefault((path, cls.split(".")[-1]), []).append(node)
    # The same operator twice is a module that is called twice.
    return {
        node: cls
        for (_, cls), calls in inside.items()
        if len({one.target for one in calls}) == 1
        for node in calls
    }


def module_paths(node: Any) -> List[str]:
    """Returns the path of each module around a node, outermost first."""
    held = (node.meta.get("nn_module_stack") or {}).values()
    return [re.sub(r"^L\['self'\]\.?", "", str(path)).split("@")[0] for path, _ in held]


def _frames(node: Any) -> Tuple[Frame, ...]:
    found = _LINE.findall(node.meta.get("stack_trace") or "")
    return tuple(Frame(file, int(line), name) for file, line, name in found if is_users(file))
