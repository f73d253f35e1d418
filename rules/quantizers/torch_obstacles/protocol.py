"""What only the use of vai_q_pytorch decides, and facts that no model shows."""

from __future__ import annotations

CHECKLIST = (
    "calib mode: run the quantised model once at least, then export_quant_config; test mode: run "
    "it once, with batch 1, then export_xmodel (NO_FORWARD, NO_CALIBRATION, NO_CALIB_RESULT)",
    "export_xmodel in calib mode writes nothing and says nothing",
    "both runs: the same code, names, torch release and input size as the dummy input (else "
    "KeyError or CALIB_RESULT_MISMATCH, and the shapes of the file are those of the dummy input)",
    "an export that ends with the warning CONVERT_XMODEL has written no file: look for it",
    "a custom operator (register_custom_op): ctx is its first argument, no loops, one result "
    "(OP_REGIST), and an implementation on the board",
    "training with quantisation: QuantStub and DeQuantStub around the network, trainable_model "
    "before to_deployable, fuse_conv_bn after it, export on the CPU",
)
"""Shown at the end of every report of this flow."""

_PROTOCOL = "how the quantiser is called, in the checklist of every report"
_REFUSED = "TorchScript cannot be followed, so it is refused with an error before any rule is asked"
_INLINED = "the capture follows what is inside, and the operators are the same as without it"
_RIGHT = "the function stays the same, and the report's operators show it"

HIDDEN = (
    ("a module of torch.jit.script (TRACED_NOT_SUPPORT in 3.0 and 3.5)", _REFUSED),
    ("a script function with `if` on data in the forward (no file in 3.0 and 3.5)", _INLINED),
    ("torch.autograd.Function in the forward (UNSUPPORTED_OPS, in 2.5 RuntimeError)", _INLINED),
    ("torch.utils.checkpoint in the forward (RuntimeError)", _INLINED),
    (
        "ConvTranspose2d in release 2.5 (TypeError with torch 1.12)",
        "it depends on the torch that runs the quantiser; with 2.5's own, 1.10, it is taken",
    ),
    ("sizes that the forward computes are fixed at those of the sample input", _PROTOCOL),
    ("slices are strided_slice, means of height and width reduction_mean", _RIGHT),
    ("flatten and view are reshape (2.5: transpose and flatten)", _RIGHT),
    ("F.relu6 and Hardtanh(0, 6) stay relu6 (3.0 and 3.5)", _RIGHT),
    ("a model left in training mode is quantised as in eval mode", _RIGHT),
    (
        "a class that extends BatchNorm2d (NOT_A_MODULE when training with quantisation)",
        "a class that changes nothing is read as the class that it extends",
    ),
    ("weights or statistics with NaN or Inf (TENSOR_VALUE_INVALID)", "no weight is looked at"),
    ("environment, XIR and torch release (TORCH_VERSION, ImportError)", _PROTOCOL),
    ("calibration and export in their order, mode, batch and input size", _PROTOCOL),
    ("QuantStub, to_deployable and fuse_conv_bn when training with quantisation", _PROTOCOL),
)
"""Facts that are no rule, each with the reason."""
