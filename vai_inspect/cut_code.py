"""Code that cuts a network, in the words of its framework."""

from __future__ import annotations

from typing import List, Optional, Sequence

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition.cut import Cut


def cut_code(graph: Graph, cut: Cut) -> Optional[str]:
    """Returns code that makes the DPU's part of a model, or None where only words help.

    Args:
        graph: the graph.
        cut: where the part begins and ends.
    """
    if cut.before or not cut.end:
        return None
    ends = [graph[name] for name in cut.end]
    framework = ends[0].origin.framework
    if framework == "keras":
        return _keras(ends)
    return _torch(ends) if framework == "torch" else None


def _keras(ends: Sequence[Op]) -> Optional[str]:
    names: List[str] = []
    for op in ends:
        layer = op.origin.layers[-1] if op.origin.layers else None
        if layer is None or "/" in layer:
            return None  # within a nested model, whose tensors are not those of the outer one
        names.append(f"model.get_layer({layer!r}).output")
    outputs = names[0] if len(names) == 1 else "[" + ", ".join(names) + "]"
    return f"part = keras.Model(model.input, {outputs})"


def _torch(ends: Sequence[Op]) -> Optional[str]:
    names = [op.origin.layers[-1] if op.origin.layers else None for op in ends]
    calls = [op.origin.call for op in ends]
    if None in names or not all(call is not None and call.is_layer for call in calls):
        return None
    return (
        "from torchvision.models.feature_extraction import create_feature_extractor\n"
        f"part = create_feature_extractor(model, {names!r})"
    )
