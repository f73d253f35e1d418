"""Weights that are computed in each forward."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

_MESSAGE = (
    "its {} is computed in each forward, with which the vendor's PyTorch quantiser does not cope "
    "(2.5 stops; 3.0 and 3.5 leave the layer in float, or stop at the export): bake it in first, "
    "which computes the same, for example with "
    "torch.nn.utils.parametrize.remove_parametrizations(layer, {!r}); it is judged as it is then"
)


def note_computed(graph: Graph) -> Graph:
    """Notes on layers of weight_norm, spectral_norm, standardised weights and the like.

    Source: executed.

    Requires: nothing.
    Ensures: each carries the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        name = None if call is None else call.argument("computed")
        if name is not None and any(param.role.startswith("weight") for param in op.params):
            change[op.name] = op.noted(_MESSAGE.format(name, name))
    return graph.rewritten(change) if change else graph
