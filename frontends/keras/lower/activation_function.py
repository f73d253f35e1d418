"""An activation that is a function, as a live layer holds it and as a config names it.

A config holds a function by name only, unless it is registered with a package. A function of the
user's own under a name that Keras has is therefore Keras's function once the model is saved or
cloned; a live model is read the same way, as its config says.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, FrozenSet

from vai_inspect.frontends.keras.live.model_kind import ROOTS

_KERAS_2: FrozenSet[str] = frozenset(
    ("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish")
    + ("relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish")
    + ("tanh",)
)
_KERAS_3: FrozenSet[str] = _KERAS_2 | {
    *("celu", "glu", "hard_shrink", "hard_silu", "hard_tanh", "log_sigmoid", "soft_shrink"),
    *("sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink", "threshold"),
}
"""Names of Keras's functions (Keras 2.4 to 3.15). Keras 3 calls `swish` `silu`, so that its configs
have an object for a function named `swish`, which Keras 2 reads as its own."""


@dataclass(frozen=True)
class Function:
    """An activation that is a function.

    Attributes:
        name: its name; a second word distinguishes it from another function of the same name.
        library: whose it is: `keras`, `tensorflow`, or an empty text for the user's own.
        by_name: whether it is Keras's by its name only, as the function that was given is not
            Keras's own. Equality ignores it.
    """

    name: str
    library: str
    by_name: bool = field(default=False, compare=False)

    @property
    def written(self) -> str:
        """As the user gave it.

        `keras.relu`, `tensorflow.relu`, `named.relu` for one that is Keras's by its name alone,
        and `relu` for the user's own.
        """
        name = self.name.split(" ")[0]
        library = "named" if self.by_name else self.library
        return f"{library}.{name}" if library else name


SOFTMAX = Function("softmax", "keras")
HARD_SIGMOID_OF_KERAS_2 = Function("hard_sigmoid of Keras 2", "keras")
"""clip(0.2 * x + 0.5, 0, 1): another function than Keras 3's, which is relu6(x + 3) / 6."""


def plain_name(name: str) -> str:
    """Returns the name of a function as it is called: of tf.nn.softmax, and of a lambda."""
    return "softmax" if name == "softmax_v2" else name.strip("<>")


def of_keras(name: str, keras_2: bool, by_name: bool = False) -> Function:
    """Returns Keras's function of a name."""
    if keras_2 and name == "hard_sigmoid":
        name = HARD_SIGMOID_OF_KERAS_2.name
    return Function(name, "keras", by_name)


def own_function(name: str, keras_2: bool) -> Function:
    """Returns what reading a config gives for a function that is not Keras's."""
    known = name in (_KERAS_2 if keras_2 else _KERAS_3)
    return of_keras(name, keras_2, by_name=True) if known else Function(name, "")


def named_function(name: str, keras_2: bool) -> Function:
    """Returns the function that a config has as a plain text.

    In Keras 3 it is always Keras's; Keras 2 before 2.13 writes the user's own the same way.
    """
    if keras_2 and name not in _KERAS_2:
        return Function(name, "")
    return of_keras(name, keras_2)


def live_function(function: Any, keras_2: bool) -> Function:
    """Returns the function of a live layer."""
    own = getattr(function, "__name__", None)
    name = plain_name(str(own or type(function).__name__))
    module = str(getattr(function, "__module__", ""))
    root = module.split(".")[0]
    if root in ROOTS or module.startswith("tensorflow.python.keras."):
        return of_keras(name, keras_2)
    if module.startswith("tensorflow.python."):
        return Function(name, "tensorflow")
    if own is None or _registered(function):
        return Function(name, "")
    return own_function(name, keras_2)


def _registered(function: Any) -> bool:
    """Whether a function is registered, so that a config names it with its package."""
    for library in ("keras", "tf_keras", "tensorflow.keras"):
        for place in ("saving", "utils"):
            module = getattr(sys.modules.get(library), place, None)
            name_of = getattr(module, "get_registered_name", None)
            if name_of is not None and ">" in str(name_of(function)):
                return True
    return False
