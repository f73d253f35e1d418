"""Checklist for the use of vai_q_tensorflow2, and facts that are not visible in a model."""

from __future__ import annotations

CHECKLIST = (
    "pass calib_dataset (Quantizer_TF2_Invalid_Calib_Dataset), images preprocessed as in training",
    "input_shape= of quantize_model, if given: the model's rank, a list for several inputs "
    "(Quantizer_TF2_Invalid_Input_Shape), batch 1 and no None",
    "your own layers: VitisQuantizer(custom_objects=...), quantize_model(add_shape_info=True)",
    "compile the quantised .h5, not the float file",
)
"""Shown at the end of every report of this flow."""

_PROTOCOL = "how the quantiser is called, in the checklist of every report"
_RIGHT = "the function is the same, and the operators in the report show it"

HIDDEN = (
    ("input_shape= of another rank (Quantizer_TF2_Invalid_Input_Shape)", _PROTOCOL),
    ("no calib_dataset (Quantizer_TF2_Invalid_Calib_Dataset)", _PROTOCOL),
    (
        "a batch other than None or 1, or None sizes, in input_shape= (a warning)",
        _PROTOCOL + "; there is no warning about a batch size of Input itself",
    ),
    ("the float file is passed to the compiler", _PROTOCOL),
    (
        "'/' in the names of layers (fails in 1.3)",
        "3.5 converts such names; 2.5 and 3.0 are not verified",
    ),
    ("a layer and its activation are separated", _RIGHT),
    (
        "a ReLU(negative_slope=a) or LeakyReLU(a) keeps its slope in XIR",
        "the DPU rules say which slopes they support",
    ),
    (
        "tf.sigmoid, tf.nn.swish, Activation('hard_sigmoid'), relu6(x + 3) / 6 and 3. + x are not "
        "converted",
        "no separate rule: they are operations or activations that the flow does not support",
    ),
    (
        "ReLU6 to ReLU, and DPU versions of softmax and layer norm (3.5)",
        "options that are off by default",
    ),
    (
        "whether the converter supports layers of sequences and volumes",
        "not verified; they are reported as left in float",
    ),
)
"""Facts without a rule, each with the reason."""
