"""DPUCADF8H: Alveo cards with DDR (U200, U250), product guide PG400.

It takes four images per run, and the compiler leaves what has another batch to the CPU. It adds
but does not multiply feature maps. It has no depthwise convolution: the target definition lists
an engine for it, the user guide says that it is not supported.
"""

from __future__ import annotations

from vai_inspect.rules.cadf8h import own
from vai_inspect.rules.cadf8h.batch import with_batch_four
from vai_inspect.rules.plugin import Evidence, Family, with_notes, with_own, without
from vai_inspect.rules.shared import conv, depthwise, dilation, pool, reductions, resize, transposed
from vai_inspect.rules.shared.groups import CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import inner_products
from vai_inspect.rules.shared.windows import kernel_in_set, weights_fit

PRODUCTS = inner_products(
    own.CHANNELS_DOUBTED, own.features_counted, shared=(kernel_in_set, weights_fit)
)

RULES = (
    *with_own(
        with_notes(conv.CONSTRAINTS, own.CONV_BY_GUIDE),
        dilation.refused_with_stride(Evidence.USER_GUIDE, "PG400"),
        own.pad_range,
    ),
    depthwise.NO_ENGINE.founded(
        Evidence.USER_GUIDE,
        "UG1414 2.5 and 3.5, the compiler's README of 2.5: not supported on this DPU",
        "The target definition lists a depthwise engine, and the 2.5 inspector says DPU.",
    ),
    *with_notes(
        without(transposed.CONSTRAINTS, "transposed.depthwise_kernel"),
        own.TRANSPOSED_BY_GUIDE,
    ),
    *PRODUCTS.constraints,
    *without(pool.WITHOUT_ALU, "pool.window"),
    own.padding_counts,
    *with_own(SHARED, own.concat_inputs, own.concat_channels_only),
    *resize.CONSTRAINTS,
    *reductions.WITHOUT_SCALING,
    CONV3D,
    STEREO,
)

FAMILY = Family(
    name="cadf8h",
    dpu="DPUCADF8H",
    title="Alveo cards with DDR: U200, U250",
    guide="PG400",
    package=__name__,
    example_targets=("DPUCADF8H_ISA0",),
    batch=4,
    takes=TAKES,
    rewrites=REWRITES,
    notes=(PRODUCTS.layout,),
    timing=(
        "no model fits the published times: the engines of a batch share weights, and the "
        "host limits many of the networks"
    ),
    constraints=with_batch_four(RULES, TAKES),
)
