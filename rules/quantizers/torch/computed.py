"""Weights that are computed in each forward."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

_MESSAGE = (
    "its {} is computed in each forward, which the vendor's PyTorch quantiser does not support "
    "(2.5 fails; 3.0 and 3.5 leave the layer in float, or fail at the export): bake it in first "
    "(same function), for example with "
    "torch.nn.utils.parametrize.remove_parametrizations(layer, {!r}); the verdict assumes that"
)


def note_computed(graph: Graph) -> Graph:
    """Adds a message to layers with weight_norm, spectral_norm, standardised weights and the like.

    Source: executed.

    Requires: nothing.
    Ensures: each has the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        name = None if call is None else call.argument("computed")
        if name is not None and any(param.role.startswith("weight") for param in op.params):
            change[op.name] = op.noted(_MESSAGE.format(name, name))
    return graph.rewritten(change) if change else graph
