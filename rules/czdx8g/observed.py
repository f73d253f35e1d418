"""What compiled models and the vendor's inspectors show on DPUCZDX8G, by shared constraint."""

from __future__ import annotations

from vai_inspect.rules.plugin import Evidence, Provenance
from vai_inspect.rules.shared import activation_fusion, pool_window
from vai_inspect.rules.shared.cpu_only import CPU_ONLY
from vai_inspect.rules.shared.reductions import MEANS
from vai_inspect.rules.shared.sources import COMPILER_1_3, PT25, UG1414

OBSERVED = {
    "activation.slope": Provenance(Evidence.INSPECTOR, "the 3.0 inspector's message; " + PT25),
    "activation.fused": Provenance(
        Evidence.INSPECTOR,
        "3.x inspector (Vitis-AI issues 1501, 1161, 911); nonlinear of the target definitions; "
        "compiled models",
    ),
    "activation.producer_on_dpu": Provenance(
        Evidence.COMPILED, "compiled models: a leaky ReLU that no convolution feeds is on the CPU"
    ),
    "hard_swish.written_out": Provenance(
        Evidence.COMPILED, "compiled models for DPUCZDX8G B2304: six DPU subgraphs instead of one"
    ),
    "conv.pad": Provenance(Evidence.COMPILED, COMPILER_1_3 + "; " + UG1414),
    "mean.axes": Provenance(
        Evidence.COMPILED,
        "compiled squeeze-excite models for DPUCZDX8G_ISA1_B2304 of 3.0.0 and 3.5.0; " + MEANS,
    ),
    "pool.window": Provenance(
        Evidence.COMPILED,
        "the 3.5 inspector: an average of 112x112 runs on DPUCZDX8G ISA1; compiled models of 2.5.0 "
        "(nine files): one of 182x136 over 64 channels on the CPU of a B4096",
    ),
    "sigmoid.cpu": Provenance(Evidence.COMPILED, "compiled models; " + CPU_ONLY),
    "tanh.cpu": Provenance(Evidence.COMPILED, "compiled models; " + CPU_ONLY),
    "swish.cpu": Provenance(
        Evidence.COMPILED,
        "a compiled model for DPUCZDX8G_ISA1_B4096; 2.5 and 3.x inspectors: cannot be converted to "
        "XIR",
    ),
}
"""Evidence and source of shared constraints that were observed on this DPU."""

FUSED = activation_fusion.fused_by_engine(
    (
        ("leaky-relu", "depthwise engine"),
        ("hard-swish", "element-wise engine"),
        ("hard-sigmoid", "convolution engine"),
    )
)
"""Compiled models show these activations on the CPU after operators of these engines."""

WINDOW = pool_window.window(shown=(112, 112), refused=(182, 136))
