"""What to change where an activation is not fused."""

from __future__ import annotations

from vai_inspect.core.ir import ACTIVATIONS
from vai_inspect.rules.engine.context import Site
from vai_inspect.rules.shared.engines import scales_channels
from vai_inspect.rules.shared.fusion import HARD, fuses


def in_place_of_slope(site: Site) -> str:
    """Returns what to do about a slope that the DPU's leaky ReLU has not."""
    if not fuses("conv2d", "leaky-relu")(site.target):
        return "use ReLU: this DPU fuses no leaky ReLU, whatever its slope"
    return (
        "train with the slope 26/256 = 0.1015625 (the vendor's quantisers put it in place of "
        "others, the Keras one of 0.1, the 2.5 PyTorch one of any; that is another function)"
    )


def something_to_fuse(site: Site, producer: str, before: str) -> str:
    """Returns what to put before an activation that has nothing to be fused with."""
    if before == "concat":
        return "put the activation before the concatenation, behind each convolution"
    behind_norm = scales_channels(site.target) and fuses("depthwise-conv2d", site.op.kind)(
        site.target
    )
    if not behind_norm or site.input.rank != 4:
        return "put it right behind a convolution, before any pool, flatten or reshape"
    if before in ACTIVATIONS:
        return "use one activation"
    return (
        "put a batch normalisation between {} and the activation: it becomes a 1x1 depthwise "
        "convolution, which fuses {}".format(
            "the input" if before == "data" else producer, site.op.kind
        )
    )


def instead(site: Site, names: "list[str]") -> str:
    """Returns what to use where the engine before it fuses only activations of some names."""
    if site.op.kind in HARD:
        return "put it behind a convolution, or where the network allows it use {}".format(
            " or ".join(names)
        )
    if site.op.kind == "leaky-relu" and site.target.alu is not None:
        return "use {}, or a DPU built with ALU_LEAKYRELU (fingerprint bit 29)".format(
            " or ".join(names)
        )
    if not names:
        return "put it behind a convolution"
    return "where the network allows it use {}".format(" or ".join(names))
