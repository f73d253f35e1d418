"""Facts about the vendor's ONNX quantisers, whose files no compiler of these DPUs accepts."""

from __future__ import annotations

REASON = (
    "there is no published path from the files of the vendor's ONNX quantisers to the compiler of "
    "these DPUs: they target ONNX runtimes, so what they leave in float is no obstacle on the way "
    "to a DPU, and there are no rules about them"
)
FACTS_OF_ONNX = (
    (
        "vai_q_onnx 3.5 quantises Add, Conv, ConvTranspose, Gemm, Concat, Relu, Reshape, "
        "Transpose, Resize, MaxPool, GlobalAveragePool, AveragePool, MatMul, Mul, Sigmoid and "
        "Softmax, and has Split, Squeeze, Clip, LeakyRelu and Pad in its registry; everything else "
        "stays in float (its guide and source, read)",
        "a warning of every ONNX report counts what stays in float, by kind; verdicts do not "
        "follow it",
    ),
    (
        "for a DPU it requires calibration by powers of two (MinMSE or NonOverflow), QInt8 and the "
        "QDQ format (its guide and source, read)",
        "how the quantiser is called is not visible in a file",
    ),
    (
        "vai_q_onnx 3.5 converts no activation: no slope of LeakyRelu, no hard sigmoid, no batch "
        "norm to a depthwise convolution (its source, read)",
        "operators are evaluated as they are in the file, so there is nothing to report",
    ),
    (
        "Quark, its successor, simulates a DPU with the slope 26/256, HardSigmoid for Sigmoid, DPU "
        "versions of HardSigmoid, average pools and ReduceMean, batch norms as Conv, large pools "
        "split, Split as Slice; those of Clip and Softmax are off (its list of options)",
        "options of a call, and of a later tool than the releases that these rules are about",
    ),
)
"""Facts without a rule, each with the reason."""
