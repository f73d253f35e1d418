"""Measures the effect of a change on the outputs by running the changed nodes before and after.

All other nodes are the same in both models, so that nothing else can differ.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Set, Tuple

import numpy

from vai_inspect.frontends.onnx.rewrite.edit import constant_of, plain
from vai_inspect.frontends.onnx.tensors import Computed, Constant, Named

SEED = 20240229
LOCAL = ("Clip", "Conv", "Neg", "Relu")
"""Operators that compute the same at every position of a map, so that a small map suffices."""
SMALL = 32
"""Rows and columns of a small map."""


class Region(NamedTuple):
    """Nodes of a model that are run separately.

    Attributes:
        nodes: the nodes, in the order of the model.
        held: their constant inputs, floats in float64.
        read: their other inputs.
    """

    nodes: List[Any]
    held: Dict[str, Any]
    read: Set[str]


def difference(before: Any, after: Any, named: Mapping[str, Named]) -> float:
    """Returns the difference of the outputs of the changed nodes from those before.

    They run in float64 on random inputs, with the weights of the model.

    Args:
        before: an `onnx.ModelProto`.
        after: the same with some nodes replaced.
        named: the value of each name in the two graphs.

    Returns:
        The largest difference of a tensor that other nodes read, as a share of its range; infinity
        if one is missing, has another shape or is not finite.

    Raises:
        Exception: the evaluator cannot run a node.
    """
    same = _serialised(before) & _serialised(after)
    old, new = (_region(model, same, named) for model in (before, after))
    changed = [node for node in old.nodes if _bytes(node) not in same]
    given = {name for node in changed for name in node.output if name}
    wanted = sorted(given & _read_elsewhere(before, same))
    made = {name for node in new.nodes for name in node.output}
    if not set(wanted) <= made:
        return float("inf")
    random = numpy.random.default_rng(SEED)
    local = all(plain(node, *LOCAL) for node in (*old.nodes, *new.nodes))
    shapes = {name: _shape(named[name], local) for name in sorted(old.read | new.read)}
    fed = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    errors = (
        _error(one, other)
        for one, other in zip(_run(before, old, wanted, fed), _run(after, new, wanted, fed))
    )
    return max(errors, default=0.0)


def _serialised(model: Any) -> Set[bytes]:
    return {_bytes(node) for node in model.graph.node}


def _bytes(node: Any) -> bytes:
    found: bytes = node.SerializeToString(deterministic=True)
    return found


def _region(model: Any, same: Set[bytes], named: Mapping[str, Named]) -> Region:
    """Returns the nodes that are not in both models, and those that compute sizes for them."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    producers = {name: node for node in model.graph.node for name in node.output if name}
    taken: Set[int] = set()
    held: Dict[str, Any] = {}
    read: Set[str] = set()
    nodes = list(model.graph.node)
    numbers = {id(node): number for number, node in enumerate(nodes)}
    left = [node for node in nodes if _bytes(node) not in same]
    left = [node for node in left if not plain(node, "Constant")]
    while left:
        node = left.pop()
        taken.add(numbers[id(node)])
        for name in node.input:
            producer = producers.get(name)
            if name in stored:
                held[name] = _double(numpy_helper.to_array(stored[name]))
            elif plain(producer, "Constant"):
                held[name] = _double(constant_of(producer))
            elif name and (producer is None or _is_float(named.get(name))):
                read.add(name)
            elif producer is not None and numbers[id(producer)] not in taken:
                left.append(producer)
    inner = [nodes[number] for number in sorted(taken)]
    read -= {name for node in inner for name in node.output}
    return Region(inner, held, read)


def _read_elsewhere(model: Any, same: Set[bytes]) -> Set[str]:
    """Returns the inputs of nodes that both models have, and the model's outputs."""
    found = {info.name for info in model.graph.output}
    for node in model.graph.node:
        if _bytes(node) in same:
            found.update(node.input)
    return found


def _run(model: Any, region: Region, wanted: Iterable[str], fed: Mapping[str, Any]) -> List[Any]:
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    graph = helper.make_graph(
        region.nodes,
        "changed",
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in region.read],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in wanted],
        [numpy_helper.from_array(value, name) for name, value in region.held.items()],
    )
    alone = helper.make_model(graph, opset_imports=model.opset_import)
    alone.ir_version = model.ir_version
    with numpy.errstate(all="ignore"):
        found: Any = ReferenceEvaluator(alone).run(None, {name: fed[name] for name in region.read})
    return list(found)


def _is_float(found: Any) -> bool:
    return not isinstance(found, (Constant, Computed)) or found.dtype.startswith("float")


def _double(values: Any) -> Any:
    return values.astype(numpy.float64) if values.dtype.kind == "f" else values


def _shape(found: Named, local: bool) -> Tuple[int, ...]:
    assert isinstance(found, (Constant, Computed))
    if not local:
        return found.shape
    return (*found.shape[:2], *(min(size, SMALL) for size in found.shape[2:]))


def _error(one: Any, other: Any) -> float:
    if one.shape != other.shape:
        return float("inf")
    largest = float(numpy.abs(one - other).max(initial=0.0))
    span = float(one.max(initial=0.0) - one.min(initial=0.0))
    if not numpy.isfinite(largest) or not numpy.isfinite(span):
        return float("inf")
    if largest == 0:
        return 0.0
    return largest / span if span else float("inf")
