"""Models of the vendor's quantisers, which transform a float model before compilation.

A separate stage between the frontends and the rules: passes on the IR, one module or package per
flow. An operator's `origin.call` holds the call form in the user's code.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Dict, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.rules.quantizers import keras, onnx, torch
from vai_inspect.rules.quantizers.check import check
from vai_inspect.rules.quantizers.facts import FACTS
from vai_inspect.rules.quantizers.release import LATEST, checked_release

Flow = Callable[[Captured, bool], Captured]

FLOWS: Dict[str, Flow] = {
    "keras": keras.quantized,
    "onnx": onnx.quantized,
    "torch": torch.quantized,
}
"""The flow of each framework's quantiser, by the framework's name."""


def quantized(captured: Captured, convert: bool = True, release: Optional[str] = None) -> Captured:
    """Returns a captured model after the vendor's quantiser of its framework.

    Args:
        captured: the result of a frontend.
        convert: whether to apply the quantiser's replacements by other functions; operators
            left in float are marked in any case.
        release: the Vitis AI release of the flow; None for 3.5.

    Raises:
        ReleaseError: the release is unknown.
        GraphError: a pass built an invalid graph (a defect of vai_inspect).
    """
    wanted = checked_release(release) or LATEST
    flow = FLOWS.get(captured.model.framework)
    made = captured if flow is None else flow(captured, convert)
    rules = FACTS.get(captured.model.framework)
    if rules is None:
        return made
    checked = check(rules, captured, made.graph, convert, wanted)
    return dataclasses.replace(made, graph=checked.graph, quantizer=checked.quantizer)


__all__ = ["FLOWS", "Flow", "quantized"]
