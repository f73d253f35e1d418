"""Random weights and statistics with which outputs depend on inputs."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

SEED = 20240229


def randomised(module: Any, dtype: Any) -> Any:
    """Returns a copy of a module with random weights, statistics and buffers of an element type.

    Weights keep the size of what passes through them; scales and variances lie between 0.5 and
    1.5, so that a scale that is dropped, or a mean that is, shows in the outputs.
    """
    import copy

    made = copy.deepcopy(module).to(dtype)
    random = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for one in made.modules():
            for name, parameter in one.named_parameters(recurse=False):
                parameter.requires_grad_(False)
                parameter.copy_(_like(parameter, name, random))
            for name, buffer in one.named_buffers(recurse=False):
                if buffer.is_floating_point() and _is_statistic(one, name):
                    buffer.copy_(_like(buffer, name, random))
    return made


def _is_statistic(module: Any, name: str) -> bool:
    known = isinstance(module, nn.modules.batchnorm._NormBase)
    return known or type(module).__name__ == "FrozenBatchNorm2d" or name.startswith("running_")


def _like(tensor: Any, name: str, random: Any) -> Any:
    shape, device = tuple(tensor.shape), tensor.device
    if name.endswith(("bias", "mean")):
        made = torch.randn(shape, generator=random, dtype=torch.float64) * 0.1
    elif tensor.dim() > 1 and tensor[0].numel() > 1 and tensor.shape[0] > 1:
        scale = (2 / tensor[0].numel()) ** 0.5
        made = torch.randn(shape, generator=random, dtype=torch.float64) * scale
    else:
        made = torch.rand(shape, generator=random, dtype=torch.float64) + 0.5
    return made.to(device)


def inputs_like(args: Any, dtype: Any) -> Any:
    """Returns random inputs of the shapes of others; whole numbers stay as they are."""
    random = torch.Generator().manual_seed(SEED)
    return tuple(
        torch.randn(tuple(one.shape), generator=random, dtype=torch.float64).to(one.device, dtype)
        if one.is_floating_point()
        else one.clone()
        for one in args
    )
