"""Edits a copy of an ONNX model node by node."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Set, Tuple

import numpy

from vai_inspect.frontends.onnx.origin import named as node_name
from vai_inspect.frontends.onnx.rewrite.node_list import NodeList, RefusedError, names_of
from vai_inspect.frontends.onnx.tensors import Computed, Constant, Named

Array = Any
"""A numpy array; the annotations of its releases differ."""
OWN_DOMAINS = ("", "ai.onnx")
"""Names of the domain of ONNX's operators."""
_FLOATS = ("float16", "float32", "float64")
_INITIALIZERS_ARE_INPUTS = 4
"""Before this IR version, every initialiser must also be an input of the graph."""


class Edit(NodeList):
    """A copy of a model while it is changed.

    Attributes:
        opset: version of ONNX's operator set.
        sizes_fixed: whether the file fixes all sizes of its inputs except for the batch.
    """

    def __init__(self, model: Any, named: Mapping[str, Named]) -> None:
        """Copies a model.

        Args:
            model: an `onnx.ModelProto`; it is not changed.
            named: the value of each name in its graph.
        """
        import onnx
        from onnx import helper, numpy_helper

        self._helper, self._numpy = helper, numpy_helper
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self._named = named
        graph = self._model.graph
        super().__init__(graph)
        self._ops: Dict[str, Any] = {}
        for number, node in enumerate(self.nodes):
            self._ops.setdefault(node_name(node.name, node.op_type, node.output, number), node)
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._names = names_of(graph)
        self._held: Set[str] = set()
        versions = [one.version for one in model.opset_import if one.domain in OWN_DOMAINS]
        self.opset = max(versions, default=1)
        self.sizes_fixed = all(
            dim.HasField("dim_value")
            for info in graph.input
            for dim in info.type.tensor_type.shape.dim[1:]
        )

    def op(self, name: str) -> Any:
        """Returns the node that an operator of the inspection comes from.

        An operator `a/b` that is not the name of a node is a part of the node `a`.

        Raises:
            RefusedError: the graph itself has no such node.
        """
        found = name
        while found:
            if found in self._ops:
                return self._ops[found]
            found = found.rpartition("/")[0]
        raise RefusedError("no node of the graph has its name; it is in a function or a branch")

    def shape(self, tensor: str) -> Tuple[int, ...]:
        """Returns a tensor's sizes in the file's order of axes.

        Raises:
            RefusedError: they are not known.
        """
        found = self._named.get(tensor)
        if not isinstance(found, (Constant, Computed)):
            raise RefusedError(f"the shape of {tensor} is not known")
        return found.shape

    def computed(self, tensor: str) -> bool:
        """Returns whether a tensor depends on the inputs of the model."""
        return isinstance(self._named.get(tensor), Computed)

    def constant(self, tensor: str) -> Array:
        """Returns the elements of a constant tensor, or None."""
        while True:
            if tensor in self._stored:
                return self._numpy.to_array(self._stored[tensor])
            node = self.producer(tensor)
            if not plain(node, "Constant", "Identity"):
                return None
            if node.op_type == "Constant":
                return constant_of(node)
            tensor = node.input[0]

    def attribute(self, node: Any, name: str, default: Any = None) -> Any:
        """Returns an attribute of a node as a Python value."""
        for one in node.attribute:
            if one.name == name:
                value = self._helper.get_attribute_value(one)
                if isinstance(value, bytes):
                    return value.decode()
                return value if isinstance(value, (int, float)) else list(value)
        return default

    def hold(self, values: Array, like: str, near: Any, suffix: str) -> str:
        """Returns the name of a new initialiser.

        Args:
            values: its elements.
            like: the tensor whose element type it has.
            near: the node that it is named after.
            suffix: of its name.

        Raises:
            RefusedError: the element type is not supported.
        """
        found = self._named.get(like)
        dtype = found.dtype if isinstance(found, (Constant, Computed)) else ""
        if dtype not in _FLOATS:
            raise RefusedError(f"its element type is {dtype or 'not known'}")
        name = self._names.take(f"{near.name or near.output[0]}_{suffix}")
        array = numpy.asarray(values).astype(dtype)
        self._model.graph.initializer.append(self._numpy.from_array(array, name))
        self._stored[name] = self._model.graph.initializer[-1]
        self._held.add(name)
        if self._model.ir_version < _INITIALIZERS_ARE_INPUTS:
            kind = self._helper.np_dtype_to_tensor_dtype(array.dtype)
            info = self._helper.make_tensor_value_info(name, kind, array.shape)
            self._model.graph.input.append(info)
        return name

    def node(self, op_type: str, inputs: Sequence[str], near: Any, suffix: str, **more: Any) -> Any:
        """Returns a new node with one output, not yet in the graph.

        Args:
            op_type: its operator, in ONNX's domain.
            inputs: its inputs.
            near: the node from which it has its name and origin.
            suffix: suffix of its name; empty for a node that replaces `near` with its name and
                output.
            more: its attributes.
        """
        output = self._names.take(f"{near.output[0]}_{suffix}") if suffix else near.output[0]
        name = self._names.take(f"{near.name}_{suffix}") if suffix and near.name else near.name
        made = self._helper.make_node(op_type, list(inputs), [output], name or None, **more)
        if hasattr(near, "metadata_props"):
            made.metadata_props.extend(near.metadata_props)
        return made

    def finished(self) -> Any:
        """Returns the new model, without tensors that only the replaced nodes read."""
        graph = self._model.graph
        before = {name for one in graph.node for name in one.input}
        kept = self.kept()
        read = _read_by(kept)
        while True:
            needed = read | self.outside
            left = [
                one
                for one in kept
                if needed.intersection(one.output) or not before.intersection(one.output)
            ]
            if len(left) == len(kept):
                break
            kept, read = left, _read_by(left)
        del graph.node[:]
        graph.node.extend(kept)
        unread = (before | self._held) - read - self.outside
        for tensors in (graph.initializer, graph.input):
            for tensor in list(tensors):
                if tensor.name in self._stored and tensor.name in unread:
                    tensors.remove(tensor)
        given = {name for one in kept for name in one.output}
        known = (
            given | {info.name for info in graph.input} | {one.name for one in graph.initializer}
        )
        for info in list(graph.value_info):
            if info.name not in known:
                graph.value_info.remove(info)
        return self._model


def _read_by(nodes: Sequence[Any]) -> Set[str]:
    return {name for one in nodes for name in one.input if name}


Program = Callable[[Edit, Any], None]
"""Applies a rewrite at a node; a `RefusedError` says why it is not applied."""


def plain(node: Any, *op_types: str) -> bool:
    """Returns whether a node is an operator of ONNX's domain of one of these types."""
    return node is not None and node.domain in OWN_DOMAINS and node.op_type in op_types


def constant_of(node: Any) -> Array:
    """Returns the elements of a `Constant` node; None for text and sparse tensors."""
    from onnx import helper, numpy_helper

    for one in node.attribute:
        if one.name == "value":
            return numpy_helper.to_array(one.t)
        if one.name in ("value_float", "value_floats"):
            return numpy.array(helper.get_attribute_value(one), dtype=numpy.float32)
        if one.name in ("value_int", "value_ints"):
            return numpy.array(helper.get_attribute_value(one), dtype=numpy.int64)
    return None


def number_of(edit: Edit, tensor: str) -> Optional[float]:
    """Returns the number of a constant of one element, or None."""
    found = edit.constant(tensor)
    return float(found.reshape(-1)[0]) if found is not None and found.size == 1 else None
