"""Maps a module's class or a function's name to its lowering."""

from __future__ import annotations

from typing import Callable, Dict, Optional

from vai_inspect.core.ir.ops.no_xir import computes_each_element
from vai_inspect.frontends.graph_builder import problem_with, unreadable
from vai_inspect.frontends.torch.lower import (
    activation,
    conv,
    elementwise,
    identity,
    linear,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    resize,
    selection,
    shape,
)
from vai_inspect.frontends.torch.lower.call import Call

Lowering = Callable[[Call], None]
_TABLES = (
    activation,
    conv,
    elementwise,
    identity,
    linear,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    resize,
    selection,
    shape,
)

MODULES: Dict[str, Lowering] = {}
"""Modules of torch.nn by class name."""

FUNCTIONS: Dict[str, Lowering] = {}
"""Functions of torch and torch.nn.functional, tensor methods, operators and ATen calls by name."""

for _table in _TABLES:
    MODULES.update(getattr(_table, "MODULES", {}))
    FUNCTIONS.update(getattr(_table, "FUNCTIONS", {}))


def lower(call: Call) -> None:
    """Lowers one call.

    Nothing is dropped and nothing crashes: what no table knows, and what a lowering fails on,
    becomes an `unknown` operator under the framework's own name.
    """
    if not call.tensors:
        call.source()
        return
    name, lowering = call.step.operation, _lowering(call)
    if lowering is None:
        call.unknown(name, transparent=computes_each_element(name))
        return
    problem = problem_with(lowering, call, _problem)
    if problem:
        call.discard()
        call.unknown(name, unreadable(problem), opaque=True)


def _lowering(call: Call) -> Optional[Lowering]:
    """Returns the lowering of a module or function, or None."""
    if call.module is not None:
        return MODULES.get(call.step.module_class)
    return FUNCTIONS.get(call.step.operation)


def _problem(call: Call) -> str:
    types = call.builder.types
    got = [types[value].shape for value in call.results()]
    want = [tensor.shape for tensor in call.step.outputs]
    return "" if got == want else f"it gave {got} where PyTorch gives {want}"
