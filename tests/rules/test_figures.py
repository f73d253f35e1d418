"""The figures that the constraints check, against the user guide's own table.

Examples follow the limits of a target, so they prove the check and not the figure. Here each
figure stands once more, as the columns of UG1414 3.5 and 2.5 have it (the upper half of "Currently
Supported Operators"), or where that has no column as the product guide or the target definition.
"""

from __future__ import annotations

import pytest

from vai_inspect.core.findings import verdict_of
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.shared.examples import conv, transposed
from vai_inspect.rules.targets.lookup import lookup

COLUMNS = (
    "DPUCZDX8G_ISA1_B4096",
    "DPUCAHX8L_ISA0",
    "DPUCVDX8G_ISA3_C32B3",
    "DPUCAHX8H_ISA2_DWC",
    "DPUCADF8H_ISA0",
    "DPUCVDX8H_ISA1_F2W4_4PE",
    "DPUCV2DX8G_ISA1_C20B1",
    "DPUCZDI4G_ISA0_B4096_DEMO_SSD",
)
FIGURES = {
    # constraint, placeholder: a figure for each column; None where the family has no such rule
    ("conv.kernel", "kernel_size"): ("1-16",) * 7 + ("1-7",),
    ("conv.stride", "stride"): ("1-8", "1-4", "1-8", "1-4", "1-8", "1-4", "1-8", "1-4"),
    ("conv.dilation", "channels"): (4096, 8192, 4096, 4096, 4096, 16384, 8192, None),
    ("conv.input_channels", "channels"): (4096, 8192, 4096, 4096, 4096, 16384, 8192, 4096),
    ("conv.output_channels", "channels"): (4096, 16384, 8192, 4096, 4096, 32768, 8192, 4096),
    ("conv.weight_fit", "depth"): (2048, 4096, 8192, 2048, 8192, 512, 32768, 2048),
    ("conv.weight_fit", "width"): (16, 32, 16, 16, 16, 64, 16, 16),
    ("conv.weight_fit", "outputs"): (16, 64, 32, 16, 16, 128, 32, 16),
    ("conv.weight_fit", "number"): (16, 64, 16, 16, 16, 128, 4, 16),
    ("conv.input_fit", "depth"): (None, None, 8192, None, None, 2048, 65528, None),
    ("conv.window", "most"): (None, None, 64, None, None, None, 13760, None),
    ("conv.pad_range", "pads"): (None,) * 4 + ("0-15",) + (None,) * 3,
    ("depthwise.kernel", "kernel_size"): (
        ("1-256", "3", "1-256", "1,2,3,5,7", None, "1-8", "1-256", None)
    ),
    ("depthwise.stride", "stride"): ("1-256", "1-2", "1-256", "1-4", None, "1-4", "1-256", None),
    ("depthwise.dilation", "channels"): (4096, 8192, 4096, 4096, None, 16384, 8192, None),
    ("depthwise.window", "most"): (None,) * 6 + (431, None),
    ("pool.kernel", "max_kernel"): (
        ("1-256", "2,3,5,7,8", "1-256", "1-8", "1-16", "1-128", "1-256", "2-8")
    ),
    ("pool.kernel", "avg_kernel"): (
        ("1-256", "2,3,5,7,8", "1-256", "1-8", "1-16", "1-128", "1-256", None)
    ),
    ("pool.stride", "max_stride"): (
        ("1-256", "1-8", "1-256", "1-8", "1-8", "1-128", "1-256", "1-4")
    ),
    ("pool.pad", "left"): ("0-15", None, "0-15", None, None, None, "0-15", None),
    ("pool.pad", "right"): ("0-255", None, "0-255", None, None, None, "0-255", None),
    ("eltwise.type", "types"): (
        ("add, mul", "add", "add, mul", "add", "add", "add, mul", "add, mul", "add")
    ),
    ("batch.four", "batch"): (None,) * 4 + (4,) + (None,) * 3,
    ("conv3d.kernel", "kernel_size"): (None, None, "1-16") + (None,) * 5,
    ("conv3d.depthwise_kernel", "kernel_size"): (None, None, "1-256") + (None,) * 5,
    ("conv3d.depthwise_kernel", "depth"): (None, None, "1-16") + (None,) * 5,
}
ACTIVATIONS = {
    # behind a convolution, behind a depthwise one; hard ones of DPUCZDX8G are the ALU's
    "conv": (
        "relu leaky_relu relu_six",
        "relu relu_six",
        "relu leaky_relu hsigmoid hswish relu_six",
        "relu leaky_relu relu_six",
        "relu prelu leaky_relu relu_six",
        "relu relu_six leaky_relu hsigmoid hswish",
        "relu leaky_relu hsigmoid hswish relu_six",
        "relu",
    ),
    "depthwise": (
        "relu relu_six",
        "relu relu_six",
        "relu relu_six",
        "relu relu_six",
        "nothing",
        "relu relu_six",
        "relu leaky_relu hsigmoid hswish relu_six",
        "nothing",
    ),
    "eltwise": ("relu",) * 5 + ("relu hsigmoid", "relu", "relu"),
    "pool": ("nothing",) * 7 + ("relu",),
}


def figure(name, constraint, placeholder):
    target = lookup(name)
    for rule in registry.family(target.family).constraints:
        if rule.id == constraint and placeholder in rule.limits:
            found = rule.limits[placeholder](target)
            return found if found is None or isinstance(found, int) else str(found)
    return None


@pytest.mark.parametrize(
    ("constraint", "placeholder"), sorted(FIGURES), ids=[".".join(one) for one in sorted(FIGURES)]
)
def test_figures(constraint, placeholder):
    found = tuple(figure(name, constraint, placeholder) for name in COLUMNS)
    assert found == FIGURES[constraint, placeholder]


@pytest.mark.parametrize("engine", sorted(ACTIVATIONS))
def test_activations(engine):
    found = tuple(figure(name, "activation.fused", engine) for name in COLUMNS)
    assert found == tuple(text.replace(" ", ", ") for text in ACTIVATIONS[engine])


@pytest.mark.parametrize(
    ("target", "max_kernel", "depthwise"),
    [
        ("DPUCAHX8L_ISA0_SP", "2,3,5,6,7,8", "3,5"),
        ("DPUCVDX8H_ISA1_F2W2_8PE", "1-3,7", None),
        ("DPUCVDX8H_ISA1_F2W4_6PE_aieDWC", "1-8", "1-8"),
        ("DPUCVDX8H_ISA1_F2W4_6PE_aieMISC", "1-128", None),
        ("DPUCAHX8H_ISA2", "1-8", None),
        ("DPUCAHX8H_ISA2_ELP2", "1-8", None),
    ],
)
def test_builds_of_one_family_differ(target, max_kernel, depthwise):
    assert figure(target, "pool.kernel", "max_kernel") == max_kernel
    assert figure(target, "depthwise.kernel", "kernel_size") == depthwise


C32B3, C64B1 = "DPUCVDX8G_ISA3_C32B3", "DPUCVDX8G_ISA3_C64B1"


def large_transposed(channels):
    return transposed("16x16", (1, 4, 4, channels), kernel=(16, 16), stride=(2, 2))


@pytest.mark.parametrize(
    ("target", "example", "verdict"),
    [
        (C32B3, conv("5x5", (1, 8, 8, 2608), kernel=(5, 5)), "supported"),
        (C32B3, conv("5x5", (1, 8, 8, 2624), kernel=(5, 5)), "unknown"),
        (C64B1, conv("5x5", (1, 8, 8, 1296), kernel=(5, 5)), "supported"),
        (C64B1, conv("5x5", (1, 8, 8, 1312), kernel=(5, 5)), "unknown"),
        (C32B3, large_transposed(256), "supported"),
        (C32B3, large_transposed(272), "unknown"),
        (C32B3, large_transposed(512), "unknown"),
        (C32B3, large_transposed(528), "unsupported"),
    ],
)
def test_what_only_the_weight_bank_refuses_is_unknown_on_dpucvdx8g(target, example, verdict):
    """UG1414: kernel_w * kernel_h * ceil(ic / 16) <= 8192; the PyTorch rule of 2.5 doubles it."""
    family = registry.family("cvdx8g")
    found = evaluate(family, lookup(target), example.graph()).placement.findings.get("op", ())
    assert verdict_of(found).value == verdict
    assert {one.constraint for one in found} <= {"cvdx8g.conv.weight_fit", "cvdx8g.conv.input_fit"}
