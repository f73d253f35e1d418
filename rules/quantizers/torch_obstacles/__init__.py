"""The facts about vai_q_pytorch (releases 2.5, 3.0 and 3.5), one file per group."""

from __future__ import annotations

from vai_inspect.rules.quantizers.check import FlowRules
from vai_inspect.rules.quantizers.torch_obstacles import (
    activations,
    convolution,
    in_float,
    model,
    normalization,
    own_functions,
    parameters,
    pools,
    recurrent,
    reductions,
    splits,
    training,
    values,
)
from vai_inspect.rules.quantizers.torch_obstacles.conversions import CONVERSIONS
from vai_inspect.rules.quantizers.torch_obstacles.protocol import CHECKLIST, HIDDEN

TORCH = FlowRules(
    name="vai_q_pytorch",
    framework="torch",
    title="PyTorch",
    obstacles=(
        *normalization.RULES,
        *parameters.RULES,
        *splits.RULES,
        *model.RULES,
        *values.RULES,
        *own_functions.RULES,
        *convolution.RULES,
        *reductions.RULES,
        *pools.RULES,
        *activations.RULES,
        *recurrent.RULES,
        *in_float.RULES,
        *training.RULES,
    ),
    last=in_float.LAST,
    conversions=CONVERSIONS,
    checklist=CHECKLIST,
    hidden=HIDDEN,
)
"""The rules of the PyTorch flow."""

__all__ = ["TORCH"]
