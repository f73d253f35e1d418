"""Where the models of the tests are built."""

from __future__ import annotations

import contextlib
from typing import Any


def built_on(device: str) -> Any:
    """A context in which modules are made on a device; `meta` holds no weights.

    torch 1 has no such context: there they are made on the CPU, with weights, and read alike.
    """
    import torch

    found = torch.device(device)
    return found if hasattr(found, "__enter__") else contextlib.nullcontext()
