"""Exported programs (torch.export) as models: their operators are read as they stand there."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from vai_inspect.core.errors import CaptureError, InputShapeError, VaiInspectError
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy
from vai_inspect.frontends.torch.capture.exported_shapes import Wanted
from vai_inspect.frontends.torch.capture.failures import TooLongError, brief
from vai_inspect.frontends.torch.capture.inputs import resolve_inputs
from vai_inspect.frontends.torch.capture.request import CaptureRequest
from vai_inspect.frontends.torch.capture.strategies import Followed, first_that_works


def is_program(model: Any) -> bool:
    """Returns whether something is a torch.export.ExportedProgram."""
    return any(cls.__name__ == "ExportedProgram" for cls in type(model).__mro__)


def capture_program(
    program: Any, input_args: Any, device: Any, batch: int
) -> Tuple[Followed, Optional[int]]:
    """Returns the trace of an exported program, and the batch that was taken for an open one.

    Args:
        program: a torch.export.ExportedProgram.
        input_args: see `capture`; None takes the inputs that it was exported with.
        device: see `capture`.
        batch: see `capture`.

    Raises:
        InputShapeError: inputs of other shapes than the program was exported for.
        CaptureError: the program cannot be followed.
    """
    try:
        taken = None
        if input_args is None:
            input_args, taken = _own_inputs(program, batch)
        return _followed(program, input_args, device), taken
    except VaiInspectError:
        raise
    except (Exception, SystemExit) as error:
        # A program that was read from a damaged file contradicts itself anywhere.
        raise CaptureError(
            f"The exported program cannot be followed ({brief(error)}); export the model again, "
            "or give the module itself."
        ) from error


def _own_inputs(program: Any, batch: int) -> Tuple[Any, Optional[int]]:
    """Returns the inputs of a program's export, and the batch that they have in place of theirs.

    An export makes an open batch from an example of 2 or more, which is nobody's choice.
    """
    import torch
    from torch.utils import _pytree

    args, kwargs = getattr(program, "example_inputs", None) or ((), {})
    inputs = dict(kwargs) if kwargs and not args else list(args) or None
    leaves, spec = _pytree.tree_flatten(inputs)
    given = [tuple(one.shape) if isinstance(one, torch.Tensor) else None for one in leaves]
    wanted = _wanted(program)
    shapes = wanted.with_batch(batch, given) if wanted.takes(given) else None
    if shapes is None:
        return inputs, None
    changed = [
        one if shape is None or shape == old else one.new_zeros(shape)
        for one, old, shape in zip(leaves, given, shapes)
    ]
    return _pytree.tree_unflatten(changed, spec), batch


def _wanted(program: Any) -> Wanted:
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    names = program.graph_signature.user_inputs
    return Wanted.of(program, [nodes[name] for name in names if name in nodes])


def _followed(program: Any, input_args: Any, device: Any) -> Followed:
    from vai_inspect.frontends.torch.capture.program import Program

    policy = DevicePolicy()
    module = program.module()
    inputs = _flat(program, module, input_args, policy)
    try:
        trace = Program(program, policy, lambda path: None, _modules(program)).trace(inputs)
    except TooLongError:
        raise
    except Exception as error:
        # Anything may be raised here, as the program's operators run.
        first = brief(error)
    else:
        return Followed(trace, "export", ())
    try:
        found, _ = first_that_works(CaptureRequest(module, input_args, device))
    except CaptureError as error:
        raise CaptureError(f"The exported program cannot be followed ({first}).") from error
    fallback = f"fell back to {found.strategy}; export failed: {first}"
    return Followed(found.trace, found.strategy, (fallback, *found.warnings))


def _modules(program: Any) -> Any:
    from vai_inspect.frontends.torch.capture.program import module_paths

    paths = [path for node in program.graph.nodes for path in module_paths(node)]
    return {path: path for path in paths}


def _flat(
    program: Any, module: Any, input_args: Any, policy: DevicePolicy
) -> List[Tuple[str, Any]]:
    """Returns name and value of each input as the program has them.

    Raises:
        InputShapeError: their number or a shape is another than the program's.
    """
    import torch
    from torch.utils import _pytree

    inputs = resolve_inputs(module, input_args, policy)
    leaves, _ = _pytree.tree_flatten(inputs.filled(lambda name, one: one))
    names = list(program.graph_signature.user_inputs)
    given = [tuple(one.shape) if isinstance(one, torch.Tensor) else None for one in leaves]
    wanted = _wanted(program)
    if not wanted.takes(given):
        shapes, other = ", ".join(map(str, given)), "other " if wanted.ranges else ""
        raise InputShapeError(
            f"Received inputs of the shapes {shapes}; the program was exported for {wanted}; give "
            f"those, or export it with {other}dynamic shapes."
        )
    return list(zip(names, leaves))
