"""A copy of a module as a torch.fx GraphModule, which rewrites are done on.

The forward runs once on real tensors, which decides control flow that depends on sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Tuple

import torch
import torch.fx

from vai_inspect.core.errors import CaptureError
from vai_inspect.frontends.torch.capture.failures import brief
from vai_inspect.frontends.torch.capture.fx import all_functions_followed
from vai_inspect.frontends.torch.capture.isolation import isolated
from vai_inspect.frontends.torch.capture.nested import tensors_of
from vai_inspect.frontends.torch.capture.proxy import proxies_are_tensors
from vai_inspect.frontends.torch.capture.request import CaptureRequest
from vai_inspect.frontends.torch.capture.wrappers import check_float, outermost
from vai_inspect.frontends.torch.rewrite.computed_weights import settle_computed
from vai_inspect.frontends.torch.rewrite.graph_tracer import GraphTracer

_REFUSED = "The model's forward cannot be written as a graph of calls: "
_BY_HAND = (
    "write it without that, fix the modules before it one by one (such as model.backbone), or do "
    "the steps of the plan by hand"
)
ROUNDING = 1e-3
"""Difference of the traced copy's outputs in float32, as a share of their range."""


@dataclass(frozen=True)
class Traced:
    """A traced copy.

    Attributes:
        module: the copy, in evaluation mode, with weights of its own.
        args: what its forward is called with, real tensors.
        batch_fixed: where the forward turned the batch into a plain number, a line for each, or
            the call that another batch fails at.
    """

    module: Any
    args: Tuple[Any, ...]
    batch_fixed: Tuple[str, ...] = ()


def traced(model: Any, input_args: Any, device: Any = "cpu") -> Traced:
    """Follows a module's forward; the module is left as it is.

    Args:
        model: a torch.nn.Module.
        input_args: what its forward is called with, as of `capture`.
        device: where it runs.

    Raises:
        CaptureError: the forward cannot be written as a graph of calls.
        ModelError: the module cannot be copied.
        InputShapeError: the inputs do not fit.
    """
    check_float(model)
    with isolated() as held:
        users = outermost(model)
        copy = CaptureRequest(users, input_args, device, held).with_values(share=False)
        meta_copy = copy.meta_copy
        if meta_copy.unhooked:
            paths = ", ".join(path or "the model" for path in meta_copy.unhooked)
            raise CaptureError(
                f"The model has forward hooks that cannot be copied ({paths}); remove them."
            )
        computed = settle_computed(users, meta_copy.model)
        args, kwargs = copy.inputs.filled(lambda name, one: one)
        tracer = GraphTracer(meta_copy)
        with torch.no_grad(), all_functions_followed(), proxies_are_tensors():
            try:
                graph, expected = tracer.followed(meta_copy.model, args, kwargs)
            except (Exception, SystemExit) as error:  # what the user's forward raises
                raise CaptureError(f"{_REFUSED}{brief(error)}; {_BY_HAND}.") from error
    made = torch.fx.GraphModule(meta_copy.model, graph, type(meta_copy.model).__name__)
    made.eval()
    for module in made.modules():
        module.training = False
    for parameter in made.parameters():
        original = meta_copy.originals.get(id(parameter))
        trains = bool(getattr(original, "requires_grad", False))
        parameter.requires_grad_(computed.get(id(parameter), trains))
    _check(made, tracer.given, expected)
    fixed = tuple(dict.fromkeys(tracer.fixed)) or _fails_doubled(made, tracer.given, expected)
    return Traced(made, tuple(tracer.given), fixed)


class _Runner(torch.fx.Interpreter):
    """Runs a graph, and knows where it is."""

    at = ""

    def run_node(self, n: Any) -> Any:
        """Runs one node."""
        self.at = n.name
        return super().run_node(n)


def _fails_doubled(made: Any, given: List[Any], expected: Any) -> Tuple[str, ...]:
    """Returns the call at which the copy fails with twice the batch, or gives something else."""
    batch = next((int(one.shape[0]) for one in given if one.dim()), 0)
    doubled = [
        torch.cat([one, one]) if one.dim() and one.shape[0] == batch else one.clone()
        for one in given
    ]
    runner = _Runner(made)
    try:
        with torch.no_grad():
            found = tensors_of(runner.run(*doubled))
    except Exception:  # of a size that was computed with the batch
        return (f"the call {runner.at}",)
    both = zip(found, tensors_of(expected))
    pairs = [(one[: len(other)] if other.dim() else one, other) for one, other in both]
    same = all(one.shape == other.shape and _close(one, other) for one, other in pairs)
    return () if same else ("its outputs differ with another batch",)


def _check(made: Any, given: List[Any], expected: Any) -> None:
    """Checks that the copy computes what the forward did while it was followed.

    Raises:
        CaptureError: it does not.
    """
    try:
        with torch.no_grad():
            found = tensors_of(made(*(one.clone() for one in given)))
    except Exception as error:
        raise CaptureError(_REFUSED + f"the graph fails with {brief(error)}.") from error
    wanted = tensors_of(expected)
    if len(found) != len(wanted) or any(
        one.shape != other.shape or not _close(one, other) for one, other in zip(found, wanted)
    ):
        raise CaptureError(
            _REFUSED + "the graph computes something else, as the forward keeps state, draws "
            "random numbers, changes a part of a tensor in place or runs under autocast."
        )


def _close(one: Any, other: Any) -> bool:
    if not one.is_floating_point():
        return bool(one.dtype == other.dtype)  # indices may differ by rounding
    reach = (other.max() - other.min()).abs() if other.numel() else torch.tensor(0.0)
    bound = ROUNDING * max(float(reach), 1e-6) if torch.isfinite(reach) else float("inf")
    return bool(((one - other).abs() <= bound).all()) or not bool(torch.isfinite(other).all())
