"""Functions and layers given as `activation=`, or to an Activation layer.

The quantiser separates a layer from its activation, so both forms are equivalent.
"""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.findings import Remedy, approximate, exact
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.quantizers.keras.supported_layers import FORM

TAKEN = frozenset(("linear", "relu", "sigmoid", "silu", "softmax", "swish"))
"""Functions that it quantises, by name or from tf.nn, and that the converter of its file supports.

Sigmoid and swish are converted first. Source: quantiser and converter of 3.5, executed.
"""

# The hard_sigmoid of Keras 2 is another function.
_HARD_SIGMOID = Remedy("write it as relu6(x + 3) * (1 / 6), with a ReLU(6) layer")
_HARD_SWISH = exact(
    "write it as x * relu6(x + 3) * (1 / 6), with ReLU(6) and Multiply layers", FORM
)
WRITTEN_OUT: Dict[str, Remedy] = {
    **dict.fromkeys(("HardSigmoid", "hard_sigmoid"), _HARD_SIGMOID),
    **dict.fromkeys(("HardSilu", "hard_silu", "hard_swish"), _HARD_SWISH),
}
"""Forms that it recognises, for operations and functions that it does not."""

_INSTEAD: Dict[str, Remedy] = {
    **WRITTEN_OUT,
    "leaky_relu": approximate(
        "use the layer LeakyReLU(0.1), whose slope it converts to the DPU's 26/256", "leaky"
    ),
    "relu6": exact("use the layer ReLU(6)", FORM),
}
OWN_LAYERS = Remedy("write it with Keras layers")

Found = Tuple[str, Remedy]


def refused(activation: str) -> Optional[Found]:
    """Returns why an activation is not quantised and the remedy, or None if it is quantised.

    Source: executed, quantiser and converter of 3.5.

    Args:
        activation: as in `CallForm.arguments`: `keras.relu`, `tensorflow.relu`, `layer.ReLU`;
            `named.relu` if only its name is that of Keras; `mine` for a user's own function.
    """
    library, _, name = activation.rpartition(".")
    if library == "layer":
        return (
            f"it keeps only the class name {name} of a layer passed as an activation, without the "
            "settings (a LeakyReLU gets the slope 0.3), and the conversion of its file fails",
            exact("put {layer} after it as a separate layer", FORM, layer=name),
        )
    if not library:
        return (
            f"it supports Keras functions by name, and {name} is your own function",
            WRITTEN_OUT.get(name, OWN_LAYERS),
        )
    if name in TAKEN:
        return None
    remedy = _INSTEAD.get(name, approximate("use relu"))
    if name == "leaky_relu":
        return (
            "it rejects the function leaky_relu as an activation (release 3.5: 'Only some Keras "
            "activations ... are supported')",
            remedy,
        )
    return (
        f"it does not support the activation {name}, and the conversion of its file fails ('is an "
        "unknown op that requires a specific shape')",
        remedy,
    )


def note_own_functions(graph: Graph) -> Graph:
    """Adds a message where a user's function is treated as the Keras function of the same name.

    The quantiser clones the model from its config, which stores an activation by name unless it is
    registered. `frontends.keras` reads a live model in the same way as its file.

    Requires: nothing.
    Ensures: each such operator has the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        given = "" if call is None else call.argument("activation") or ""
        library, _, name = given.rpartition(".")
        if library == "named":
            change[op.name] = op.noted(
                f"the model's config stores the activation {name} by name only, and the vendor's "
                "Keras quantiser clones the model from its config: the verdict is for Keras's own "
                f"{name}; if yours computes something else, write it with layers"
            )
    return graph.rewritten(change) if change else graph
