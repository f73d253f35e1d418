"""Where this project means to differ from the 2.5 inspector, and the evidence that outranks it.

One row covers every case that it describes; the test fails on a difference without a row, and on a
row that describes no case. P-numbers count the defects of the 2.5 PyTorch inspector that were found
by reading and by running it; docs/vendor.md tells of those that change an answer, docs/verdicts.md
in which order evidence counts. A verdict of 2.5 is evidence where its rules look at what decides.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple


class Refused(NamedTuple):
    """Operators that the 2.5 inspector puts on the DPU and this project on the CPU.

    Attributes:
        constraints: ids of the constraints that refuse it here, without the family; any of them.
        evidence: what the refusal may be founded on: some families have a fact of their own, of
            others it is concluded. `unknown` where no source decides, so that nothing is promised.
        reason: why the 2.5 inspector is not followed.
        types: the vendor's operator types; every type where there are none.
    """

    constraints: Tuple[str, ...]
    evidence: Tuple[str, ...]
    reason: str
    types: Tuple[str, ...] = ()


class Taken(NamedTuple):
    """Operators that the 2.5 inspector puts on the CPU and this project on the DPU.

    Attributes:
        types: the vendor's operator types.
        evidence: what the verdict is founded on.
        reason: why the 2.5 inspector is not followed.
        families: the DPU families that it holds for; every family where there are none.
    """

    types: Tuple[str, ...]
    evidence: str
    reason: str
    families: Tuple[str, ...] = ()


class Shown(NamedTuple):
    """Operators that only one of the two graphs has.

    Attributes:
        theirs: whether it is the vendor's graph that has them.
        types: operator types, in the words of the side that has them.
        reason: why the other has none.
        inserted: whether they are the permutes that the vendor's quantiser inserts.
        cases: the cases in which it happens; any where there are none.
    """

    theirs: bool
    types: Tuple[str, ...]
    reason: str
    inserted: Optional[bool] = None
    cases: Tuple[str, ...] = ()


UNKNOWN = "unknown"
NO_RULE = "the 2.5 inspector has no rule for it and says DPU of whatever it has no rule for (P18)"

REFUSED: Tuple[Refused, ...] = (
    Refused(
        ("batch.four",),
        ("compiled",),
        "the compiler's log: 'DPU prefers ...'s input batch to be 4, but it's 1 now. So it will be "
        "assigned to CPU.' (Vitis-AI issues 490, 602); the 2.5 inspector does not model it (P27)",
    ),
    Refused(
        ("conv.group",),
        ("user_guide",),
        "UG1414: group 1, or depthwise; the 2.5 inspector does not look at groups",
        ("conv2d", "conv_transpose_2d"),
    ),
    Refused(
        ("conv.pad",),
        ("compiled", "user_guide", "partition_rule"),
        "the compiler refuses a pad as large as the kernel; the check lets it pass (P8)",
        ("conv2d",),
    ),
    Refused(
        ("conv.stride", "depthwise.stride", "pool.stride"),
        ("partition_rule", "user_guide"),
        "the rule itself, as it was meant: its check compares the limit with itself (P1)",
    ),
    Refused(
        ("conv.window",),
        ("user_guide",),
        "UG1414 2.5 and 3.5 and PG389 bound kernel_w * kernel_h by channels on DPUCVDX8G; the 2.5 "
        "inspector has no such rule",
        ("conv2d",),
    ),
    Refused(
        ("conv.dilation",),
        (UNKNOWN,),
        "no published source has limits for dilation on DPUCZDI4G, nor has the 2.5 inspector (P5)",
        ("conv2d",),
    ),
    Refused(
        ("depthwise.engine", "resize.engine"),
        ("user_guide", "inspector"),
        "UG1414 and PG400: DPUCADF8H runs no depthwise convolution, though its definition lists an "
        "engine (P28), nor the resizes that become one",
    ),
    Refused(
        ("activation.fused",),
        ("compiled", "inspector", "partition_rule"),
        "the 3.x inspector and compiled models: an activation runs where an engine fuses it; the "
        "2.5 check ignores its engine (P10), decides by the parent's visit (P11) and has no rule "
        "for a standalone ReLU (P18)",
    ),
    Refused(
        ("activation.single_reader",),
        ("inspector",),
        "inner nodes of a 3.x pattern have no reader outside; measured on 2.5 with hard-sigmoid",
    ),
    Refused(
        ("activation.producer_on_dpu",),
        ("compiled", "inferred", UNKNOWN),
        "compiled models: nothing fuses it where its producer is on the CPU; 2.5 keeps it (P11). "
        "Unknown where the producer, such as a batch norm without engine, is",
    ),
    Refused(("batchnorm.engine", "batchnorm.rank"), (UNKNOWN,), NO_RULE, ("batch_norm",)),
    Refused(
        ("concat.inputs",),
        ("inspector",),
        "the 3.x inspector: inputs on the CPU; the 2.5 rule exists and is never registered (P17)",
        ("concat",),
    ),
    Refused(
        ("concat.inputs",),
        (UNKNOWN,),
        "its inputs' own verdicts are unknown",
        ("concat",),
    ),
    Refused(
        ("eltwise.constant",),
        (UNKNOWN,),
        "a constant or broadcast operand; the 2.5 inspector checks no shapes (P20)",
    ),
    Refused(
        ("eltwise.constant", "eltwise.type"),
        ("inspector", "partition_rule"),
        "on DPUCADF8H, which has neither products nor the depthwise convolution they become",
        ("elemwise_mul",),
    ),
    Refused(
        ("inner_product.input",),
        (UNKNOWN,),
        "the map does not fit DPUCZDI4G as it is, and dealing its features out is compiled for "
        "DPUCZDX8G and DPUCVDX8G alone; the 2.5 inspector has no rule for it (P18)",
        ("dense",),
    ),
    Refused(("inner_product.rank",), (UNKNOWN,), NO_RULE, ("dense",)),
    Refused(("matmul.two_tensors",), (UNKNOWN,), NO_RULE, ("matmul",)),
    Refused(
        ("mean.axes",),
        ("compiled", "partition_rule"),
        "compiled with 3.5.0: a chain of means over one axis each is on the CPU; " + NO_RULE,
        ("mean",),
    ),
    Refused(("mean.axes",), (UNKNOWN,), NO_RULE, ("mean",)),
    Refused(
        ("pool.engine", "pool.kernel"),
        ("partition_rule", "user_guide"),
        "a mean over height and width becomes an average pool, which keeps the pool's rules",
        ("mean",),
    ),
    Refused(
        ("pool.padding_counts",),
        (UNKNOWN,),
        "PG400: padded values count on DPUCADF8H; the 2.5 inspector does not look",
        ("avgpool",),
    ),
    Refused(
        ("pad.mode",),
        ("user_guide", "partition_rule"),
        "UG1414: zeros or symmetric; the 2.5 quantiser writes a replicated border as symmetric",
        ("pad",),
    ),
    Refused(
        ("pixel_shuffle.convolution",),
        (UNKNOWN,),
        "no source speaks of it on DPUCZDI4G; " + NO_RULE,
        ("pixel_shuffle",),
    ),
    Refused(
        ("pixel_shuffle.convolution_on_dpu",),
        ("inferred",),
        "it is written by the convolution that feeds it, which is on the CPU",
        ("pixel_shuffle",),
    ),
    Refused(
        ("reduction_max.cpu",),
        ("user_guide",),
        "the user guide's digest names DPUCZDX8G, DPUCVDX8G and DPUCV2DX8G; " + NO_RULE,
        ("max",),
    ),
    Refused(("reduction_max.cpu",), (UNKNOWN,), NO_RULE, ("max",)),
    Refused(
        ("reshape.input",),
        ("inspector",),
        "the 3.x inspector: 'The input of reshape is not on DPU.'",
    ),
    Refused(
        ("resize.bilinear",),
        ("user_guide", "partition_rule"),
        "UG1414: align_corners=false; the 2.5 conversion is tried before it is looked at (P13)",
        ("resize",),
    ),
    Refused(
        ("resize.nearest",),
        ("user_guide", "inferred"),
        "UG1414: an integer factor, on DPUCZDI4G, which has no column, as on all others; the 2.5 "
        "inspector never checks one (P14)",
        ("resize",),
    ),
    Refused(
        ("softmax.cpu",),
        ("user_guide",),
        "softmax is outside the compiler; " + NO_RULE,
        ("softmax",),
    ),
    Refused(
        ("transpose.folded",),
        ("inspector",),
        "the DPU does not permute; the 2.5 inspector refuses PERMUTE and takes TRANSPOSE (P18)",
        ("transpose",),
    ),
    Refused(
        ("transpose.product_on_dpu",),
        ("inspector", UNKNOWN),
        "the permute takes the device of the inner product that it is folded into",
    ),
)

TAKEN: Tuple[Taken, ...] = (
    Taken(
        ("strided_slice", "aten::split_with_sizes"),
        "compiled",
        "compiled models for DPUCZDX8G_ISA1_B4096 and DPUCVDX8G_ISA3_C32B6: a channel split right "
        "after a convolution vanishes, the compiler cuts the convolution in two",
        ("DPUCZDX8G", "DPUCVDX8G"),
    ),
)

SHOWN: Tuple[Shown, ...] = (
    Shown(
        True,
        ("permute",),
        "the vendor brings a tensor to NCHW before whatever it does not count among the operators "
        "of NHWC; here an operator keeps its meaning in NHWC, and a permute stands only where the "
        "order decides. One that moves no data (1x1 maps) is none",
        inserted=True,
    ),
    Shown(
        True,
        ("pad",),
        "folded into the convolution; a negative pad is a slice here",
        cases=("pad_zero_conv", "pad_neg"),
    ),
    Shown(
        True,
        ("select", "strided_slice"),
        "one slice and a squeeze here, a slice of everything and a select there",
        cases=("select",),
    ),
    Shown(
        True,
        ("avgpool",),
        "XIR's average pool has no divisor of its own, so it is unknown here",
        cases=("avgpool_divoverride",),
    ),
    Shown(False, ("unknown",), "the same", cases=("avgpool_divoverride",)),
    Shown(
        False,
        ("strided_slice", "squeeze"),
        "a slice for each part of a split, for a negative pad, and for a select",
        cases=("pad_neg", "select", "split"),
    ),
    Shown(
        False,
        ("transpose",),
        "a view of a feature map counts its elements in NCHW; the vendor rewrites the sizes as if "
        "they stood for axes, which is another view",
        cases=("view_4d",),
    ),
    Shown(
        False,
        ("concat",),
        "the forward concatenates twice within each of the last two blocks; the vendor's graph "
        "shows one of the two",
        cases=("inception_v3",),
    ),
)
