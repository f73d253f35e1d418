"""A module as an exported program whose batch is open."""

from __future__ import annotations

import warnings
from typing import Any, Tuple

import torch

from vai_inspect.frontends.torch.capture.failures import brief
from vai_inspect.frontends.torch.capture.nested import tensors_of


def export(module: Any, inputs: Tuple[Any, ...]) -> Tuple[Any, Tuple[str, ...]]:
    """Exports a module, with the first axis of its inputs open where torch can.

    Args:
        module: the module.
        inputs: what it is called with, tensors.

    Returns:
        The program, and what else is to be known of it.

    Raises:
        Exception: torch cannot export it.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            return _with_open_batch(module, inputs), ()
        except Exception as error:  # whatever torch makes of the user's module
            reason = brief(error)
        program = torch.export.export(module, inputs)
    return program, (f"the batch of the program is fixed to that of the inputs: {reason}",)


def _with_open_batch(module: Any, inputs: Tuple[Any, ...]) -> Any:
    """Exports a module with any batch.

    Raises:
        Exception: torch refuses, or the program does not run with one frame and with two.
    """
    size = inputs[0].shape[0]
    batched = [one.dim() > 0 and one.shape[0] == size for one in inputs]
    two = tuple(  # torch takes a size of 1 for fixed
        torch.cat([one, one])[: max(2, size)] if open_ else one
        for one, open_ in zip(inputs, batched)
    )
    batch = torch.export.Dim("batch")
    axes = tuple({0: batch} if open_ else None for open_ in batched)
    program = torch.export.export(module, two, dynamic_shapes=axes)
    for given in (inputs, two):
        found, wanted = tensors_of(program.module()(*given)), tensors_of(module(*given))
        if [one.shape for one in found] != [one.shape for one in wanted]:
            raise ValueError("its outputs have other shapes than the module's")
    return program
