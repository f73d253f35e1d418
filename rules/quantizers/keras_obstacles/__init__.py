"""The facts about vai_q_tensorflow2 (releases 2.5, 3.0 and 3.5), one file per group."""

from __future__ import annotations

from vai_inspect.rules.quantizers.check import FlowRules
from vai_inspect.rules.quantizers.keras_obstacles import (
    activations,
    layers,
    model,
    operators,
    unknown,
)
from vai_inspect.rules.quantizers.keras_obstacles.conversions import CONVERSIONS
from vai_inspect.rules.quantizers.keras_obstacles.protocol import CHECKLIST, HIDDEN

KERAS = FlowRules(
    name="vai_q_tensorflow2",
    framework="keras",
    title="Keras",
    obstacles=(
        *layers.RULES,
        *activations.RULES,
        *operators.RULES,
        *model.RULES,
        *unknown.RULES,
    ),
    last=unknown.LAST,
    conversions=CONVERSIONS,
    checklist=CHECKLIST,
    hidden=HIDDEN,
)
"""The rules of the Keras flow."""

__all__ = ["KERAS"]
