"""What only the use of vai_q_tensorflow2 decides, and facts that no model shows."""

from __future__ import annotations

CHECKLIST = (
    "give calib_dataset (Quantizer_TF2_Invalid_Calib_Dataset), images preprocessed as in training",
    "input_shape= of quantize_model, where it is given: the model's rank, a list for several "
    "inputs (Quantizer_TF2_Invalid_Input_Shape), batch 1 and no None",
    "layers of your own: VitisQuantizer(custom_objects=...), quantize_model(add_shape_info=True)",
    "compile the quantised .h5, not the float file",
)
"""Shown at the end of every report of this flow."""

_PROTOCOL = "how the quantiser is called, in the checklist of every report"
_RIGHT = "the function stays the same, and the report's operators show it"

HIDDEN = (
    ("input_shape= of another rank (Quantizer_TF2_Invalid_Input_Shape)", _PROTOCOL),
    ("no calib_dataset (Quantizer_TF2_Invalid_Calib_Dataset)", _PROTOCOL),
    (
        "a batch other than None or 1, or None sizes, in input_shape= (a warning)",
        _PROTOCOL + "; a batch that Input itself has is not warned of",
    ),
    ("the float file is given to the compiler", _PROTOCOL),
    (
        "'/' in the names of layers (fails in 1.3)",
        "3.5 converts such names; nobody has looked at 2.5 and 3.0",
    ),
    ("a layer and its activation are taken apart", _RIGHT),
    (
        "a ReLU(negative_slope=a) or LeakyReLU(a) keeps its slope in XIR",
        "the rules of the DPUs say which slopes they run",
    ),
    (
        "tf.sigmoid, tf.nn.swish, Activation('hard_sigmoid'), relu6(x + 3) / 6 and 3. + x are not "
        "converted",
        "no rule of its own: they are operations or activations that the flow does not know",
    ),
    (
        "ReLU6 to ReLU, and DPU versions of softmax and layer norm (3.5)",
        "options that are off by default",
    ),
    (
        "whether the converter knows layers of sequences and volumes",
        "nobody has looked; they are reported as left in float",
    ),
)
"""Facts that are no rule, each with the reason."""
