"""Rewrites done on a live module: a copy of it as a torch.fx graph, and a program for each id."""

from __future__ import annotations

from typing import Dict

from vai_inspect.frontends.torch.rewrite import (
    activations,
    arithmetic,
    convolutions,
    forms,
    pools,
    products,
    scales,
    shuffles,
    splits,
)
from vai_inspect.frontends.torch.rewrite.edit import Program

PROGRAMS: Dict[str, Program] = {
    "add-zero": arithmetic.add_zero,
    "affine-norm": forms.affine_norm,
    "align-corners": activations.align_corners,
    "bake-weight": convolutions.bake_weight,
    "batch-norm-between": activations.norm_between,
    "batch-norm-own-reader": convolutions.own_reader,
    "chain-max-pool": pools.chain_max_pool,
    "channel-mean": arithmetic.channel_mean,
    "chunk-to-slices": splits.chunk_to_slices,
    "constant-sum": scales.constant_sum,
    "divide-by-constant": arithmetic.divide_by_constant,
    "drop-expand": arithmetic.drop_expand,
    "drop-noise": arithmetic.drop,
    "einsum-to-linear": products.einsum_to_linear,
    "frozen-batch-norm": scales.frozen_batch_norm,
    "gelu": activations.swish,
    "group-to-dense": convolutions.group_to_dense,
    "hardswish-module": arithmetic.hard_swish,
    "leaky": activations.leaky,
    "max-to-relu": forms.max_to_relu,
    "mean-to-pool": arithmetic.mean_to_pool,
    "mean-with-dim": forms.mean_with_dim,
    "mish": activations.swish,
    "multiplier-to-depthwise": convolutions.group_to_dense,
    "numeric-padding": convolutions.numeric_padding,
    "parameter-to-depthwise": scales.parameter_to_depthwise,
    "relu6-as-hardtanh": forms.relu6_as_hardtanh,
    "relu-after-shared-sum": activations.relu_after_norm,
    "relu-after-sum": activations.relu,
    "shuffle-to-convolution": shuffles.shuffle,
    "sigmoid": activations.sigmoid,
    "slices-to-convolutions": splits.slices_to_convolutions,
    "softplus": activations.relu,
    "split-pool": pools.split_pool,
    "square": arithmetic.square,
    "subtract": arithmetic.subtract,
    "swish": activations.swish,
    "unshuffle-to-convolution": shuffles.unshuffle,
}
"""What is done by program; every other rewrite is advice alone."""
