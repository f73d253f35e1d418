"""The rewrites that a program does on a live Keras model, by id."""

from __future__ import annotations

from typing import Dict

from vai_inspect.frontends.keras.rewrite import (
    activations,
    arithmetic,
    calls,
    convolutions,
    forms,
    layers,
    reductions,
)
from vai_inspect.frontends.keras.rewrite.activations import replaced_by
from vai_inspect.frontends.keras.rewrite.edit import Program

PROGRAMS: Dict[str, Program] = {
    "add-layer": layers.layer_form,
    "batch-norm-beta": forms.centred_norm,
    "batch-norm-between": activations.norm_between,
    "chain-max-pool": reductions.chain_max_pool,
    "channel-mean": reductions.channel_mean,
    "clone-shared": calls.clone_shared,
    "convolution-between": activations.convolution_between,
    "crop-to-depthwise": convolutions.crop_to_depthwise,
    "constant-sum": layers.layer_form,
    "dense-to-convolution": layers.dense_to_convolution,
    "divide-by-constant": arithmetic.quotient,
    "drop-noise": calls.drop_noise,
    "einsum-to-linear": layers.dense,
    "flatten-nested": forms.flatten_nested,
    "group-to-dense": convolutions.group_to_dense,
    "hardswish-module": activations.hard_swish_module,
    "keras-pad": layers.zero_padding,
    "mean-to-pool": reductions.mean_to_pool,
    "multiplier-to-depthwise": convolutions.multiplier_to_dense,
    "one-d-to-two-d": layers.conv_1d,
    "parameter-to-depthwise": layers.layer_form,
    "quantised-form": layers.layer_form,
    "shuffle-to-convolution": convolutions.shuffle_to_convolution,
    "split-separable": forms.split_separable,
    "split-pool": reductions.split_pool,
    "square": arithmetic.square,
    "subtract": arithmetic.difference,
    "gelu": replaced_by(activations.hard_swish),
    "leaky": replaced_by(activations.leaky),
    "mish": replaced_by(activations.hard_swish),
    "relu-after-sum": replaced_by(activations.relu),
    "sigmoid": replaced_by(activations.hard_sigmoid),
    "softplus": replaced_by(activations.relu),
    "swish": replaced_by(activations.hard_swish),
}
"""The exact ones first, then the approximate ones."""
