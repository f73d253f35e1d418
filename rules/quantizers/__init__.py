"""What the vendor's quantisers make of a float model before the compiler sees it.

A stage of its own between the frontends and the rules: passes on the IR, one module or package for
each flow. An operator's `origin.call` says how the user wrote it.
"""

from __future__ import annotations

from typing import Callable, Dict

from vai_inspect.core.capture import Captured
from vai_inspect.rules.quantizers import keras, onnx, torch

Flow = Callable[[Captured, bool], Captured]

FLOWS: Dict[str, Flow] = {
    "keras": keras.quantized,
    "onnx": onnx.quantized,
    "torch": torch.quantized,
}
"""The flow of each framework's quantiser, by the framework's name."""


def quantized(captured: Captured, convert: bool = True) -> Captured:
    """Returns a captured model as the vendor's quantiser of its framework hands it on.

    Args:
        captured: what a frontend read.
        convert: whether operators that the quantiser replaces by other functions are replaced;
            what it leaves in float is marked in any case.

    Raises:
        GraphError: a pass made an unsound graph, which is a defect of ours.
    """
    flow = FLOWS.get(captured.model.framework)
    return captured if flow is None else flow(captured, convert)


__all__ = ["FLOWS", "Flow", "quantized"]
