"""Rewrites that nothing here does by itself on the IR: what to write, and where it comes from."""

from __future__ import annotations

from typing import Optional

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite


def by_hand(graph: Graph, op: Op) -> Change:
    """Matches nowhere: what the change is depends on more than the graph tells."""
    return None


def _advice(
    name: str,
    torch: Optional[str] = None,
    keras: Optional[str] = None,
    effect: Effect = Effect.EXACT,
    source: str = "",
) -> Rewrite:
    texts = {"torch": torch, "keras": keras}
    advice = {framework: text for framework, text in texts.items() if text is not None}
    return Rewrite(name, effect, by_hand, advice, source)


REWRITES = (
    _advice(
        "affine-norm",
        "use affine=True with weight 1 and bias 0",
        source="executed: the quantiser replaces the norm by one in training mode, or stops",
    ),
    _advice(
        "add-layer",
        keras="use the layer Add in place of a + b",
        source="the quantiser takes the layer alone",
    ),
    _advice(
        "bake-weight",
        "compute the weight once, as that of an nn.Conv2d",
        source="executed: the quantiser cannot write a weight that the forward computes",
    ),
    _advice(
        "batch-norm-beta",
        keras="use center=True with a beta of 0",
        source="executed: the quantiser stops at 'beta:0'",
    ),
    _advice(
        "batch-norm-own-reader",
        "call two convolutions with the same weights, one for the batch norm and one for the rest",
        "call two convolutions with the same weights, one for the batch norm and one for the rest",
        source="executed: the batch norm is folded for both readers",
    ),
    _advice(
        "clone-shared",
        keras="make a layer for each call, and give them the same weights",
        source="the quantiser takes one call of a layer",
    ),
    _advice(
        "flatten-nested",
        keras="call the inner layers on the outer tensors",
        source="executed: 2.5 and 3.0 stop at a model that is called like a layer",
    ),
    _advice(
        "keras-pad",
        keras="use ZeroPadding2D in place of keras.ops.pad or tf.pad",
    ),
    _advice(
        "kernel-in-range",
        "use the nearest legal kernel or dilation, or a chain of smaller kernels",
        "use the nearest legal kernel or dilation, or a chain of smaller kernels",
        effect=Effect.APPROXIMATE,
    ),
    _advice(
        "max-to-relu",
        "use torch.relu(a - b) + b, with a 1x1 depthwise convolution of -1 for the negation",
        source="executed: the quantiser of 2.5 stops at torch.max of two tensors",
    ),
    _advice(
        "mean-with-dim",
        "name the axes: dim=...",
        source="executed: the quantiser's mean requires dim",
    ),
    _advice(
        "one-d-to-two-d",
        "use the 2-D module on a map of height 1, such as x.unsqueeze(2)",
        "use the 2-D layer on a map of height 1",
    ),
    _advice(
        "permute-first",
        "write permute(0, 2, 3, 1) before the flatten, and reorder the next Linear's weights",
        source="the vendor's notebook",
    ),
    _advice(
        "reparameterise",
        "call the model's own method that fuses its branches (fuse, switch_to_deploy, "
        "reparameterize_model) before",
        "fuse the branches into one convolution before",
    ),
    _advice(
        "silu-to-product",
        "write x * torch.sigmoid(x): it runs on the CPU of the board, where SiLU has no library",
        source="no operator moves to the DPU by it",
    ),
    _advice(
        "split-channels",
        "split the input channels, convolve each part and add the results",
        "split the input channels, convolve each part and add the results",
    ),
)
