"""What compiled models show on DPUCVDX8G, by shared constraint."""

from __future__ import annotations

from vai_inspect.rules.plugin import Evidence, Provenance
from vai_inspect.rules.shared import concat, dilation, pixel_shuffle

OBSERVED = {
    "swish.cpu": Provenance(
        Evidence.COMPILED,
        "a compiled model for DPUCVDX8G_ISA3_C32B6; 2.5 and 3.x inspectors: cannot be converted to "
        "XIR",
    ),
}
"""Evidence and source of shared constraints that were observed on this DPU."""

CONCAT_CHANNELS = concat.channels(
    "a compiled model for DPUCVDX8G_ISA3_C32B1 (1.4.1) concatenates flattened features to "
    "[1, 1, 1, 65744]"
)
SQUARE_DILATION = dilation.refused_unless_square(
    Evidence.COMPILED, "compiled models and the vendor's answer (Vitis-AI issue 813)"
)
TO_DEPTH = pixel_shuffle.refused_to_depth(
    Evidence.COMPILED,
    "compiled for the VCK190 (Vitis-AI issue 1199), also directly after a convolution",
)
