"""Applies rewrites to a copy of an ONNX model, with a program for each id."""

from __future__ import annotations

from typing import Dict

from vai_inspect.frontends.onnx.rewrite import arithmetic, channels, pools
from vai_inspect.frontends.onnx.rewrite.edit import Program

PROGRAMS: Dict[str, Program] = {
    "batch-norm-between": arithmetic.norm_between,
    "chain-max-pool": pools.chain_max_pool,
    "channel-mean": arithmetic.channel_mean,
    "constant-sum": arithmetic.constant_sum,
    "divide-by-constant": arithmetic.divide_by_constant,
    "group-to-dense": channels.group_to_dense,
    "hardswish-module": arithmetic.hard_swish,
    "mean-to-pool": arithmetic.mean_to_pool,
    "multiplier-to-depthwise": channels.group_to_dense,
    "parameter-to-depthwise": arithmetic.parameter_to_depthwise,
    "shuffle-to-convolution": channels.shuffle,
    "split-pool": pools.split_pool,
    "square": arithmetic.square,
    "subtract": arithmetic.subtract,
    "unshuffle-to-convolution": channels.unshuffle,
}
"""The program of each rewrite by id; other rewrites are only advice."""
