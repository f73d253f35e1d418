"""Arguments that decide what a quantiser makes of a call, kept as they were given.

A quantiser sees the call that the user wrote, where the operator that it becomes is often the same
for several forms: `x.mean()` and `x.mean(axis=(2, 3))` are both a mean.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, Iterator, Tuple

from vai_inspect.core.ir import CallForm, Op
from vai_inspect.frontends.torch.capture.trace_ir import Constant, Step, Tensor

Kept = Iterator[Tuple[str, str]]


def kept_arguments(step: Step) -> Tuple[Tuple[str, str], ...]:
    """Returns name and value of the kept arguments of a call.

    Args:
        step: the call.
    """
    module = step.module
    if module is not None:
        keep = MODULES.get(step.operation)
        return tuple(keep(module)) if keep is not None else ()
    keep_of = FUNCTIONS.get(step.operation)
    return tuple(keep_of(step)) if keep_of is not None else ()


def as_written(op: Op, tensor: Constant) -> Op:
    """Returns a constant with its form: a registered parameter or buffer, or any other tensor.

    Its shape is kept as the model has it, before the order of axes is another.
    """
    form = CallForm("constant")
    if tensor.path:
        form = CallForm("parameter", False, (("path", tensor.path),))
    written = op.replaced(origin=dataclasses.replace(op.origin, call=form))
    return with_shape(written, tensor.shape)


def with_shape(op: Op, shape: Tuple[int, ...]) -> Op:
    """Returns a constant with its shape in PyTorch's order among the arguments of its form."""
    form = op.origin.call or CallForm("constant")
    arguments = (*form.arguments, ("shape", ", ".join(map(str, shape))))
    form = dataclasses.replace(form, arguments=arguments)
    return op.replaced(origin=dataclasses.replace(op.origin, call=form))


def _adaptive(module: Any) -> Kept:
    size = getattr(module, "output_size", None)
    if isinstance(size, (list, tuple)) and None in size:
        yield "output_size", str(tuple(size))


def _resize(module: Any) -> Kept:
    yield from _area(module.mode, module.scale_factor)


def _area(mode: Any, factor: Any) -> Kept:
    if mode == "area":
        yield "mode", "area"
        if factor is not None:
            yield "scale_factor", str(factor)


def _weighted(step: Step) -> Kept:
    """Weights that are computed from parameters only, such as standardised ones."""
    weight = step.kwargs.get("weight", step.args[1] if len(step.args) > 1 else None)
    if isinstance(weight, Tensor) and getattr(weight, "constant", False):
        yield "weight", "computed"


def _mean(step: Step) -> Kept:
    named = [name for name in ("dim", "axis") if name in step.kwargs]
    dim = step.kwargs.get("dim", step.args[1] if len(step.args) > 1 else None)
    if "axis" in named:
        yield "reduced", "by axis"
    elif dim is None:
        yield "reduced", "whole"


def _power(step: Step) -> Kept:
    if step.operation == "square":
        yield "exponent", "2"
        return
    power = step.kwargs.get("exponent", step.args[1] if len(step.args) > 1 else None)
    if isinstance(power, (int, float)):
        yield "exponent", f"{power:g}"


def _adaptive_function(step: Step) -> Kept:
    size = step.kwargs.get("output_size", step.args[1] if len(step.args) > 1 else None)
    if isinstance(size, (list, tuple)) and None in size:
        yield "output_size", str(tuple(size))


def _interpolate(step: Step) -> Kept:
    args = dict(zip(("size", "scale_factor", "mode"), step.args[1:]))
    args.update(step.kwargs)
    yield from _area(args.get("mode"), args.get("scale_factor"))


def _dropout(step: Step) -> Kept:
    """The default of `training` is True in torch.nn.functional."""
    given = step.kwargs.get("training", step.kwargs.get("train"))
    if given is None:
        given = step.args[2] if len(step.args) > 2 else True
    if given is True:
        yield "training", "True"


def _normalised(step: Step) -> Kept:
    weight = step.kwargs.get("weight", step.args[2] if len(step.args) > 2 else None)
    if not isinstance(weight, (Constant, Tensor)):
        yield "weight", "None"


MODULES: Dict[str, Callable[[Any], Kept]] = {
    **{f"AdaptiveAvgPool{rank}d": _adaptive for rank in (1, 2, 3)},
    "Upsample": _resize,
}
FUNCTIONS: Dict[str, Callable[[Step], Kept]] = {
    **{f"adaptive_avg_pool{rank}d": _adaptive_function for rank in (1, 2, 3)},
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"), _dropout),
    "feature_alpha_dropout": _dropout,
    **{f"conv{rank}d": _weighted for rank in (1, 2, 3)},
    "interpolate": _interpolate,
    "layer_norm": _normalised,
    "mean": _mean,
    **dict.fromkeys(("pow", "square"), _power),
    "upsample": _interpolate,
}
