"""Activation functions of live layers and configs.

A config holds a function only by its name, unless it is registered with a package. A user function
with the name of a Keras function therefore becomes that function when the model is saved or
cloned, and is read as such in a live model too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import FrozenSet

_KERAS_2: FrozenSet[str] = frozenset(
    ("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish")
    + ("relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish")
    + ("tanh",)
)
_KERAS_3: FrozenSet[str] = _KERAS_2 | {
    *("celu", "glu", "hard_shrink", "hard_silu", "hard_tanh", "log_sigmoid", "soft_shrink"),
    *("sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink", "threshold"),
}
"""Names of Keras's functions (Keras 2.4 to 3.15). `swish` is `silu` in Keras 3, whose configs hold
an object for a user function named `swish`; Keras 2 reads it as its own."""


@dataclass(frozen=True)
class Function:
    """An activation that is a function.

    Attributes:
        name: its name, followed by a qualifier if another function has the same name.
        library: `keras`, `tensorflow`, or empty for a user function.
        by_name: whether it is Keras's only by the name of the given function. Equality ignores it.
    """

    name: str
    library: str
    by_name: bool = field(default=False, compare=False)

    @property
    def written(self) -> str:
        """The function as given by the user.

        `keras.relu`, `tensorflow.relu`, `named.relu` for a user function that becomes Keras's by
        its name, and `relu` for any other user function.
        """
        name = self.name.split(" ")[0]
        library = "named" if self.by_name else self.library
        return f"{library}.{name}" if library else name


SOFTMAX = Function("softmax", "keras")
HARD_SIGMOID_OF_KERAS_2 = Function("hard_sigmoid of Keras 2", "keras")
"""clip(0.2 * x + 0.5, 0, 1): another function than Keras 3's, which is relu6(x + 3) / 6."""


def plain_name(name: str) -> str:
    """Returns the usual name of a function whose `__name__` differs (tf.nn.softmax, a lambda)."""
    return "softmax" if name == "softmax_v2" else name.strip("<>")


def of_keras(name: str, keras_2: bool) -> Function:
    """Returns Keras's function of a name."""
    if keras_2 and name == "hard_sigmoid":
        return HARD_SIGMOID_OF_KERAS_2
    return Function(name, "keras")


def own_function(name: str, keras_2: bool) -> Function:
    """Returns the function that a config gives for a user function."""
    known = name in (_KERAS_2 if keras_2 else _KERAS_3)
    return replace(of_keras(name, keras_2), by_name=True) if known else Function(name, "")


def named_function(name: str, keras_2: bool) -> Function:
    """Returns the function of a plain name in a config.

    In Keras 3 it is always Keras's; Keras 2 before 2.13 writes user functions in the same form.
    """
    if keras_2 and name not in _KERAS_2:
        return Function(name, "")
    return of_keras(name, keras_2)
