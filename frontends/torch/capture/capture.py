"""A PyTorch module read into the IR: copied without values, traced, lowered, brought to NHWC."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, List, Optional, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import CaptureError, ModelError
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import verify
from vai_inspect.core.model_form import ModelForm
from vai_inspect.core.passes.batch_norm import CONVOLUTIONS
from vai_inspect.core.safe_isinstance import is_a
from vai_inspect.frontends.held import MOST
from vai_inspect.frontends.layout import channels_last
from vai_inspect.frontends.torch.capture.exported import capture_program, is_program
from vai_inspect.frontends.torch.capture.failures import reason
from vai_inspect.frontends.torch.capture.isolation import isolated
from vai_inspect.frontends.torch.capture.model_form import form_of
from vai_inspect.frontends.torch.capture.request import CaptureRequest, Copy
from vai_inspect.frontends.torch.capture.strategies import Followed, first_that_works
from vai_inspect.frontends.torch.capture.wrappers import check_float, outermost
from vai_inspect.frontends.torch.lower.assembly import assemble


def capture(model: Any, input_args: Any = None, device: Any = "cpu", batch: int = 1) -> Captured:
    """Reads a torch.nn.Module into the IR.

    The user's module comes back unchanged; nothing of it runs but its forward, on a copy that
    holds shapes and no values. Where the forward asks for values, it runs once on a copy that
    shares the weights with the user's. It is read as at inference.

    Args:
        model: the module; one inside DataParallel is taken out. Or a program of torch.export.
        input_args: what its forward is called with: a tensor, an array or a plain shape, a list
            or tuple of them (the forward's arguments), or a dict of them by argument name.
            Values do not matter, but where the forward itself asks for them.
        device: where real tensors are in that case.
        batch: the batch where a program leaves its own open and no inputs are given.

    Returns:
        The graph before any pass, shapes NHWC, and what the report says of the model.

    Raises:
        ModelError: something that is no torch.nn.Module, or one that cannot be copied.
        InputShapeError: inputs that do not fit the forward's arguments.
        CaptureError: no strategy can follow the forward, or the forward itself fails.
    """
    import torch

    _check_outside_transforms()
    form = ModelForm("ExportedProgram")
    hook_warnings: List[str] = []
    taken: Optional[int] = None
    with isolated() as held:
        if is_program(model):
            name = "ExportedProgram"
            followed, taken = capture_program(model, input_args, device, batch)
        else:
            try:
                module = _module(model)
            except RecursionError as error:
                raise ModelError("The modules of the model are nested too deeply.") from error
            request = CaptureRequest(module, input_args, device, held)
            name = type(module).__name__
            followed, copy, hook_warnings = _followed(request)
            form = form_of(model, copy.inputs, followed.trace)
    if not followed.trace.outputs:
        raise CaptureError(
            "The model's forward returns no tensor, so there is nothing to inspect; have it return "
            "what it computes."
        )
    graph, dropped = channels_last(assemble(name, followed.trace))
    messages = [*followed.warnings, *hook_warnings]
    if held.overflows:
        messages.append(
            f"the model holds more than {MOST:,} objects that cannot be copied; what the forward "
            "changed in the rest was not set back"
        )
    if dropped:
        messages.append("left out, as no output depends on them: " + ", ".join(dropped))
    return Captured(
        graph=verify(graph),
        model=ModelInfo(name, "torch", str(torch.__version__).split("+")[0], followed.strategy),
        warnings=tuple(messages),
        # The PyTorch quantiser folds a batch norm into convolutions, not into a Linear.
        batch_norm_into=CONVOLUTIONS,
        batch=taken,
        form=form,
    )


def _followed(request: CaptureRequest) -> Tuple[Followed, Copy, List[str]]:
    """Returns the trace, the copy that was followed, and warnings of hooks that did not run."""
    try:
        followed, copy = first_that_works(request)
        why, paths = "they hold what cannot be copied", copy.meta_copy.unhooked
    except CaptureError as error:
        meta_copy = request.without_values().meta_copy
        if not meta_copy.hooked:
            raise
        try:
            followed, copy = first_that_works(dataclasses.replace(request, with_hooks=False))
        except CaptureError:
            raise error from error.__cause__
        why = f"the forward fails with them ({reason(error.__cause__ or error)})"
        paths = meta_copy.hooked + meta_copy.unhooked
    return followed, copy, [_not_run(why, request, paths)] if paths else []


def _not_run(why: str, request: CaptureRequest, paths: List[str]) -> str:
    named = ", ".join(path or type(request.model).__name__ for path in paths)
    return f"forward hooks are not run, as {why}; what they change is not seen: {named}"


def _check_outside_transforms() -> None:
    """Refuses to run inside of `torch.vmap` or `torch.func.grad`: every tensor is another there.

    Raises:
        CaptureError: a transform of functions is under way.
    """
    import torch

    functorch = getattr(torch._C, "_functorch", None)
    peek = getattr(functorch, "peek_interpreter_stack", None)
    if peek is not None and peek() is not None:
        raise CaptureError(
            "A model cannot be read inside of a function that torch transforms (torch.vmap, "
            "torch.func.grad); inspect it outside of that function."
        )


def _module(model: Any) -> Any:
    import torch

    if is_a(model, type):
        raise ModelError(
            f"Received the class {model.__name__}, not a model; call it first, for an instance: "
            f"{model.__name__}(...)."
        )
    if not is_a(model, torch.nn.Module):
        hint = "give that"
        if is_a(model, dict):
            hint = "a state dict holds weights only; load it into the module it belongs to"
        elif is_a(model, (str, bytes, os.PathLike)):
            hint = "load the file first"
        raise ModelError(
            f"Received an object of type {type(model).__name__} as the model; valid is a "
            f"torch.nn.Module; {hint}."
        )
    model = outermost(model)
    check_float(model)
    return model
