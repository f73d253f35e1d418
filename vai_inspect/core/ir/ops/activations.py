"""Activations, and other functions of each element of one tensor."""

from __future__ import annotations

from dataclasses import dataclass

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import IN, Trait, define
from vai_inspect.core.ir.ops.joins import AxisAttrs


@dataclass(frozen=True)
class LeakyReluAttrs(Attrs):
    """`leaky-relu`: alpha is the slope below zero."""

    alpha: float


@dataclass(frozen=True)
class EluAttrs(Attrs):
    """`elu` and `celu`."""

    alpha: float = 1.0


@dataclass(frozen=True)
class HardSoftmaxAttrs(Attrs):
    """`hard-softmax`."""

    axis: int
    type: str


_EACH = frozenset((Trait.ELEMENTWISE, Trait.SAME_SHAPE))
_FUSED = _EACH | {Trait.FUSED_ACTIVATION}
DEFINITIONS = (
    *(define(name, traits=_FUSED) for name in ("relu", "relu6")),
    define("leaky-relu", LeakyReluAttrs, traits=_FUSED),
    # Its slopes are along the channels.
    define(
        "prelu",
        inputs=("input", "weight"),
        traits={Trait.CHANNELS_LAST, Trait.SAME_SHAPE, Trait.FUSED_ACTIVATION},
    ),
    *(define(name, traits=_FUSED) for name in ("hard-sigmoid", "hard-swish")),
    *(
        define(name, traits=_EACH)
        for name in ("gelu", "mish", "selu", "sigmoid", "swish", "tanh", "hard-tanh", "exp", "neg")
    ),
    *(define(name, EluAttrs, traits=_EACH) for name in ("elu", "celu")),
    define("threshold", inputs=("input", "threshold"), traits=_EACH),
    define("softmax", AxisAttrs, IN, traits={Trait.NAMES_AXES, Trait.SAME_SHAPE}),
    define("hard-softmax", HardSoftmaxAttrs, IN, traits={Trait.SAME_SHAPE}),
)
ACTIVATIONS = tuple(one.name for one in DEFINITIONS if Trait.FUSED_ACTIVATION in one.traits)
"""Activations that some DPU engine can fuse with the operator before them."""
