"""Code that cuts a network, in the words of its framework."""

from __future__ import annotations

from typing import AbstractSet, List, Optional, Sequence

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
    # A transpose that a change of the order of axes inserted is named after what it follows.
    beyond = {
        layer
        for name in cut.after
        for layer in graph[name].origin.layers
        if graph[name].kind != "transpose"
    }
    if framework == "keras":
        return _keras(ends, beyond)
    return _torch(ends, beyond) if framework == "torch" else None


def _keras(ends: Sequence[Op], beyond: AbstractSet[str]) -> Optional[str]:
    """Returns the code for a Keras model.

    Args:
        ends: the operators that the part ends with.
        beyond: the layers of what the host does.
    """
    names: List[str] = []
    notes: List[str] = []
    for op in ends:
        layer = op.origin.layers[-1] if op.origin.layers else None
        if layer is None or "/" in layer:
            return None  # within a nested model, whose tensors are not those of the outer one
        names.append(f"model.get_layer({layer!r}).output")
        if layer in beyond:
            notes.append(f"# build {layer!r} with activation=None; the host applies the activation")
    outputs = names[0] if len(names) == 1 else "[" + ", ".join(names) + "]"
    return "\n".join([*notes, f"part = keras.Model(model.input, {outputs})"])


def _torch(ends: Sequence[Op], beyond: AbstractSet[str]) -> Optional[str]:
    """Returns the code for a module whose part ends with modules, each called once.

    Args:
        ends: the operators that the part ends with.
        beyond: the modules of what the host does.
    """
    names = [op.origin.layers[-1] if op.origin.layers else None for op in ends]
    calls = [op.origin.call for op in ends]
    if (
        None in names
        or not beyond.isdisjoint(filter(None, names))
        or not all(call is not None and call.is_layer for call in calls)
    ):
        return None
    return (
        "# torch.fx has to trace the model for this; else end its forward there\n"
        "from torchvision.models.feature_extraction import create_feature_extractor\n"
        f"part = create_feature_extractor(model, {names!r})"
    )
