"""Functions and layers given as `activation=`, or to an Activation layer.

The quantiser takes a layer and its activation apart, so that both forms are one.
"""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.findings import Remedy, approximate, exact
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.quantizers.keras.supported_layers import FORM

TAKEN = frozenset(("linear", "relu", "sigmoid", "silu", "softmax", "swish"))
"""Functions that it quantises, by name or as tf.nn's, and that the conversion of its file knows.

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
"""What it recognises instead of an operation or function."""

_INSTEAD: Dict[str, Remedy] = {
    **WRITTEN_OUT,
    "leaky_relu": approximate(
        "use the layer LeakyReLU(0.1), whose slope it converts to the DPU's 26/256", "leaky"
    ),
    "relu6": exact("use the layer ReLU(6)", FORM),
}
OWN_LAYERS = Remedy("write it with layers of Keras's own")

Found = Tuple[str, Remedy]


def refused(activation: str) -> Optional[Found]:
    """Returns why an activation is not quantised and what to do instead; None where it is.

    Source: executed, quantiser and converter of 3.5.

    Args:
        activation: as `CallForm.arguments` has it: `keras.relu`, `tensorflow.relu`, `layer.ReLU`;
            `named.relu` where it is Keras's by its name alone; `mine` for one of the user's own.
    """
    library, _, name = activation.rpartition(".")
    if library == "layer":
        return (
            f"of a layer given as an activation it keeps the name of the class, {name}, without "
            "the settings (a LeakyReLU gets the slope 0.3), and the conversion of its file stops "
            "there",
            exact("put {layer} after it, as a layer of its own", FORM, layer=name),
        )
    if not library:
        return (
            f"it knows functions of Keras's by name, and {name} is a function of your own",
            WRITTEN_OUT.get(name, OWN_LAYERS),
        )
    if name in TAKEN:
        return None
    remedy = _INSTEAD.get(name, approximate("use relu"))
    if name == "leaky_relu":
        return (
            "it refuses the function leaky_relu as an activation (release 3.5: 'Only some Keras "
            "activations ... are supported')",
            remedy,
        )
    return (
        f"it does not know the activation {name}, and the conversion of its file stops there ('is "
        "an unknown op that requires a specific shape')",
        remedy,
    )


def note_own_functions(graph: Graph) -> Graph:
    """Notes where a function of the user's own is read as Keras's function of the same name.

    The quantiser clones the model from its config, which holds an activation by name only, unless
    it is registered. `frontends.keras` reads a live model the same way as its file.

    Requires: nothing.
    Ensures: each carries the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        given = "" if call is None else call.argument("activation") or ""
        library, _, name = given.rpartition(".")
        if library == "named":
            change[op.name] = op.noted(
                f"the activation {name} is a function that the model's config holds by name only, "
                "and the vendor's Keras quantiser clones the model from its config: the verdict "
                f"is that of Keras's own {name}; if yours computes something else, write it with "
                "layers"
            )
    return graph.rewritten(change) if change else graph
