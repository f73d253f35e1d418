"""Checklist for the use of vai_q_pytorch, and facts that are not visible in a model."""

from __future__ import annotations

CHECKLIST = (
    "calib mode: run the quantised model at least once, then export_quant_config; test mode: run "
    "it once, with batch 1, then export_xmodel (NO_FORWARD, NO_CALIBRATION, NO_CALIB_RESULT)",
    "export_xmodel in calib mode silently writes nothing",
    "both runs: the same code, names, torch release and input size as the dummy input (else "
    "KeyError or CALIB_RESULT_MISMATCH, and the shapes of the file are those of the dummy input)",
    "an export that ends with the warning CONVERT_XMODEL has written no file: check for it",
    "a custom operator (register_custom_op): ctx is its first argument, no loops, one result "
    "(OP_REGIST), and an implementation on the board",
    "training with quantisation: QuantStub and DeQuantStub around the network, trainable_model "
    "before to_deployable, fuse_conv_bn after it, export on the CPU",
)
"""Shown at the end of every report of this flow."""

_PROTOCOL = "how the quantiser is called, in the checklist of every report"
_REFUSED = "TorchScript cannot be traced, so it is rejected with an error before any rule runs"
_INLINED = "the capture traces through it, and the operators are the same as without it"
_RIGHT = "the function is the same, and the operators in the report show it"

HIDDEN = (
    ("a module of torch.jit.script (TRACED_NOT_SUPPORT in 3.0 and 3.5)", _REFUSED),
    ("a script function with `if` on data in the forward (no file in 3.0 and 3.5)", _INLINED),
    (
        "ConvTranspose2d in release 2.5 (TypeError with torch 1.12)",
        "it depends on the torch version of the quantiser; with that of 2.5, 1.10, it works",
    ),
    ("sizes that the forward computes are fixed at those of the sample input", _PROTOCOL),
    ("zeros_like stays in float (FLOAT_OP)", "the capture reads it as a constant"),
    ("slices are strided_slice, means of height and width reduction_mean", _RIGHT),
    ("flatten and view are reshape (2.5: transpose and flatten)", _RIGHT),
    ("F.relu6 (since 3.0) and Hardtanh(0, 6) remain relu6", _RIGHT),
    ("a model left in training mode is quantised as in eval mode", _RIGHT),
    (
        "a class that extends BatchNorm2d (NOT_A_MODULE when training with quantisation)",
        "a class that changes nothing is treated as the class that it extends",
    ),
    ("weights or statistics with NaN or Inf (TENSOR_VALUE_INVALID)", "weights are not inspected"),
    (
        "the shape of an operator in the file differs from torch's (SHAPE_MISMATCH)",
        "a check after the export, and no construct is known to raise it",
    ),
    (
        "a group norm of another rank, or a group or instance norm with one parameter "
        "(INPUT_DIMENSION, PARAM_NUMBER)",
        "only printed: such a norm is a custom operator in any case, which is reported",
    ),
    (
        "a batch norm without a convolution before it, when training with quantisation "
        "(NOT_FUSED_BN)",
        "only a note is printed: it is kept, as after training",
    ),
    ("environment, XIR and torch release (TORCH_VERSION, ImportError)", _PROTOCOL),
    ("order, mode, batch and input size of calibration and export", _PROTOCOL),
    ("QuantStub, to_deployable and fuse_conv_bn when training with quantisation", _PROTOCOL),
)
"""Facts without a rule, each with the reason."""
