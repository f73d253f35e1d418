"""Activations that are replaced by other functions, and forms at which release 2.5 fails."""

from __future__ import annotations

from vai_inspect.core.findings import approximate, exact
from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs
from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.rules.quantizers.effects import changes, fails, since_3
from vai_inspect.rules.quantizers.hits import Found, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, calls, described, kinds
from vai_inspect.rules.quantizers.sketch import Draw, example

ALIKE = 0.002
"""Slopes that differ by less count as equal: 0.1 is the usual approximation of 26/256."""

_HARD_TANH = exact(
    "use nn.Hardtanh(0, 6), which stays relu6 in every release, or, where relu6 runs on the CPU, "
    "train with nn.ReLU",
    "relu6-as-hardtanh",
)


@obstacle(
    "torch.activations.hardswish",
    effects={"2.5": fails("quantise", "it stops with a NameError", "NameError")},
    remedy=exact("use release 3.0 or later, or x * nn.Hardsigmoid()(x)"),
    source=EXECUTED,
    passes=(example("nn.Hardsigmoid", lambda s: s.layer("Hardsigmoid", "hard-sigmoid")),),
    fails=(
        example("nn.Hardswish", lambda s: s.layer("Hardswish", "hard-swish")),
        example("F.hardswish", lambda s: s.call("hardswish", "hard-swish")),
    ),
)
@each(calls("Hardswish", "hardswish"))
def hardswish(scene: Scene, op: Op) -> Found:
    """Hardswish, which release 2.5 does not support."""
    return f"{described(op)} is not supported"


@obstacle(
    "torch.activations.relu6_function",
    effects={"2.5": fails("quantise", "it stops with a TypeError", "TypeError")},
    remedy=_HARD_TANH,
    source=EXECUTED,
    passes=(example("nn.ReLU6", lambda s: s.layer("ReLU6", "relu6")),),
    fails=(example("F.relu6", lambda s: s.call("relu6", "relu6")),),
)
@each(calls("relu6"))
def relu6_function(scene: Scene, op: Op) -> Found:
    """relu6 as a function, which release 2.5 does not support."""
    return "relu6 is called as a function"


@obstacle(
    "torch.activations.relu6_module",
    effects=since_3(
        changes(
            "quantise",
            "it is replaced by nn.ReLU, also in your own module: values above 6 are not clipped",
            "REPLACE_RELU6",
        ),
        changes(
            "quantise",
            "it is replaced by nn.ReLU, also in your own module: values above 6 are not clipped",
        ),
    ),
    remedy=_HARD_TANH,
    source=EXECUTED,
    passes=(
        example("F.relu6", lambda s: s.call("relu6", "relu6")),
        example("nn.Hardtanh(0, 6)", lambda s: s.layer("Hardtanh", "relu6")),
    ),
    fails=(example("nn.ReLU6", lambda s: s.layer("ReLU6", "relu6")),),
    from_conversion=True,
)
@each(calls("ReLU6"))
def relu6_module(scene: Scene, op: Op) -> Found:
    """The module nn.ReLU6 becomes nn.ReLU."""
    return "nn.ReLU6" if op.kind == "relu6" else None


_SLOPE = "the slope becomes 26/256 = 0.1015625"


def _leaky(slope: float) -> Draw:
    return lambda s: s.layer("LeakyReLU", "leaky-relu", attrs=LeakyReluAttrs(slope))


@obstacle(
    "torch.activations.slope",
    effects=since_3(changes("quantise", _SLOPE, "LEAKYRELU"), changes("quantise", _SLOPE)),
    remedy=approximate(
        "train with the slope 26/256, or check the accuracy of the quantised model", "leaky"
    ),
    source=EXECUTED,
    passes=(example("slope 0.1", _leaky(0.1)), example("slope 26/256", _leaky(SLOPE))),
    fails=(example("slope 0.2", _leaky(0.2)), example("slope 0.01", _leaky(0.01))),
    from_conversion=True,
)
@each(kinds("leaky-relu"))
def slope(scene: Scene, op: Op) -> Found:
    """A leaky ReLU of any slope gets the DPU's slope."""
    if isinstance(op.attrs, LeakyReluAttrs) and abs(op.attrs.alpha - SLOPE) >= ALIKE:
        return f"a leaky ReLU with slope {op.attrs.alpha:g}"
    return None


RULES = (hardswish, relu6_function, relu6_module, slope)
