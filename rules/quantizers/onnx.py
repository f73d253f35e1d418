"""Model of vai_q_onnx (release 3.5).

It quantises for onnxruntime; there is no published path from its files to the compiler of the Zynq
and Versal DPUs. Nothing is converted here, and the report states that.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Dict

from vai_inspect.core.capture import Captured
from vai_inspect.core.ir import OPS, Graph, Trait

QUANTISED = frozenset(
    ("add", "avgpool2d", "batchnorm", "concat", "conv1d", "conv2d", "conv3d", "depthwise-conv2d")
    + ("depthwise-conv3d", "inner-product", "leaky-relu", "matmul", "maxpool1d", "maxpool2d", "mul")
    + ("pad", "relu", "relu6", "resize", "sigmoid", "softmax", "transposed-conv2d")
    + ("transposed-conv3d", "transposed-depthwise-conv2d", "transposed-depthwise-conv3d")
)
"""Kinds that vai_q_onnx 3.5 quantises. Source: its operator registry and README."""
_MOVES = frozenset((Trait.KEEPS_ELEMENTS, Trait.SOURCE))
_STRUCTURE = ("return", "identity", "strided_slice", "unknown")

NO_PATH = (
    "there is no published path from an ONNX file to the DPU compiler (vai_q_onnx quantises for "
    "onnxruntime): operators are evaluated as they are in the file, without conversions; the Keras "
    "and PyTorch quantisers replace some activations, so inspect the original model if you have it"
)


def quantized(captured: Captured, convert: bool) -> Captured:
    """Returns a captured model with warnings about its flow.

    Args:
        captured: the result of the frontend.
        convert: not used, as vai_q_onnx replaces no operators.
    """
    warnings = [*captured.warnings, NO_PATH]
    left = in_float(captured.graph)
    if left:
        listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(left.items()))
        warnings.append(f"vai_q_onnx 3.5 leaves in float: {listed}")
    return dataclasses.replace(captured, warnings=tuple(warnings))


def in_float(graph: Graph) -> Dict[str, int]:
    """Returns the number of operators of each kind that vai_q_onnx 3.5 does not quantise.

    Operators that only move data or have no XIR operator are not counted.
    """
    return dict(
        Counter(
            op.kind
            for op in graph
            if op.kind not in QUANTISED
            and op.kind not in _STRUCTURE
            and not OPS[op.kind].traits & _MOVES
        )
    )
