"""The rules of each flow, by framework."""

from __future__ import annotations

from typing import Dict

from vai_inspect.rules.quantizers.check import FlowRules
from vai_inspect.rules.quantizers.keras_obstacles import KERAS
from vai_inspect.rules.quantizers.torch_obstacles import TORCH

FACTS: Dict[str, FlowRules] = {"keras": KERAS, "torch": TORCH}
