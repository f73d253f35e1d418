"""What the forward is called with: tensors without values, in the user's own structure."""

from __future__ import annotations

import inspect
import operator
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple

from vai_inspect.core.errors import InputShapeError, check_sizes, clipped, how_to_give
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy

Fill = Callable[[str, Any], Any]
_EXAMPLE = (1, 3, 224, 224)
_EXAMPLES = f"a tensor, a tuple or dict of tensors, or shapes such as {_EXAMPLE}"


@dataclass(frozen=True)
class Inputs:
    """Arguments of the model's forward.

    Attributes:
        args: positional arguments; each tensor one without values.
        kwargs: keyword arguments, likewise.
        names: names of the positional arguments.
    """

    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    names: Tuple[str, ...]

    def filled(self, fill: Fill) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
        """Returns the arguments with `fill(name, tensor)` in place of each tensor."""
        args = tuple(_filled(one, name, fill) for one, name in zip(self.args, self.names))
        kwargs = {name: _filled(one, name, fill) for name, one in self.kwargs.items()}
        return args, kwargs

    def described(self) -> str:
        """Returns the shapes by name, for messages."""
        shapes: List[str] = []
        self.filled(lambda name, one: shapes.append(f"{name} {tuple(one.shape)}"))
        return ", ".join(shapes) or "no tensor"


def resolve_inputs(model: Any, input_args: Any, policy: DevicePolicy) -> Inputs:
    """Returns the arguments that a model is traced with.

    Args:
        model: the copy without values.
        input_args: see `capture`.
        policy: where the copy's tensors are.

    Raises:
        InputShapeError: nothing was given, or what does not fit the forward's signature.
    """
    if input_args is None:
        raise InputShapeError(
            f"A PyTorch model does not know its input shapes; give {_EXAMPLES} for each argument "
            f"of its forward: {how_to_give(*[_EXAMPLE] * max(1, _needed(model)))}."
        )
    dtype = _float_dtype(model)
    args: Tuple[Any, ...] = ()
    kwargs: Dict[str, Any] = {}
    names = _parameter_names(model)
    if isinstance(input_args, dict):
        values = {
            str(key): _spare(item, str(key), dtype, policy) for key, item in input_args.items()
        }
        if names is not None and not set(values) <= set(names) and len(names) == 1:
            args = (values,)  # the forward takes one dict
        else:
            kwargs = values
    else:
        one = getattr(input_args, "is_nested", False) or _shape_of(input_args) is not None
        listed = [input_args] if one else input_args
        if not isinstance(listed, (list, tuple)):
            listed = [listed]
        args = tuple(
            _spare(item, _name(names, index), dtype, policy) for index, item in enumerate(listed)
        )
    _check_signature(model, args, kwargs)
    return Inputs(args, kwargs, tuple(_name(names, index) for index in range(len(args))))


def _spare(item: Any, name: str, dtype: Any, policy: DevicePolicy) -> Any:
    """Returns a tensor without values for a tensor, an array or a shape; nested ones inside."""
    import torch

    if getattr(item, "is_nested", False):
        raise InputShapeError(
            f"Input {name!r} received a nested tensor, whose parts differ in size; give a plain "
            "tensor or a shape."
        )
    shape = _shape_of(item)
    if shape is not None:
        if any(size < 1 for size in shape):
            raise InputShapeError(
                f"Input {name!r} received the shape {shape}; every dimension must be 1 or more."
            )
        check_sizes(name, shape)
        given = item.dtype if isinstance(item, torch.Tensor) else dtype
        return policy.input(item, shape, given)
    if isinstance(item, dict):
        return {key: _spare(one, f"{name}.{key}", dtype, policy) for key, one in item.items()}
    if isinstance(item, (list, tuple)) and item:
        return type(item)(
            [_spare(one, f"{name}.{at}", dtype, policy) for at, one in enumerate(item)]
        )
    if item is None or isinstance(item, (bool, int, float)):
        return item
    raise InputShapeError(
        f"Input {name!r} received {clipped(repr(item), 60)}; valid is {_EXAMPLES}."
    )


def _filled(value: Any, name: str, fill: Fill) -> Any:
    if hasattr(value, "dim") and hasattr(value, "dtype"):
        return fill(name, value)
    if isinstance(value, dict):
        return {k: _filled(one, f"{name}.{k}", fill) for k, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_filled(one, f"{name}.{at}", fill) for at, one in enumerate(value)])
    return value


def _shape_of(item: Any) -> Optional[Tuple[int, ...]]:
    """Returns the shape of a tensor or array, or the dimensions of a plain one; else None."""
    shape = getattr(item, "shape", item)
    if isinstance(shape, (str, bytes, dict)) or not isinstance(shape, (list, tuple)):
        return None
    if shape is item and not shape:
        return None
    try:
        return tuple(operator.index(size) for size in shape)
    except TypeError:
        return None


def _float_dtype(model: Any) -> Any:
    """Returns the element type of the model's first floating parameter, such as half."""
    import torch

    for tensor in model.parameters():
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.get_default_dtype()


def _signature(model: Any) -> Optional[inspect.Signature]:
    try:
        return inspect.signature(model.forward)
    except (TypeError, ValueError):
        return None


def _parameter_names(model: Any) -> Optional[List[str]]:
    signature = _signature(model)
    if signature is None:
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in signature.parameters.values() if one.kind in kinds]


def _name(names: Optional[List[str]], index: int) -> str:
    return names[index] if names is not None and index < len(names) else f"input_{index}"


def _check_signature(model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
    signature = _signature(model)
    if signature is None:
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        count = len(args) + len(kwargs)
        shapes = [getattr(one, "shape", _EXAMPLE) for one in args][: _needed(model)]
        shapes += [shapes[-1] if shapes else _EXAMPLE] * (_needed(model) - len(shapes))
        names = [name for name in signature.parameters if name != "self"]
        hint = ""
        if len(args) > 1 and not kwargs and len(names) == 1:
            letters = ", ".join("abcdefgh"[: len(args)])
            hint = f"; where {names[0]} is a list of tensors, give input_args=([{letters}],)"
        inputs = "1 input" if count == 1 else f"{count} inputs"
        example = f", for example {how_to_give(*shapes)}" if shapes else ""
        raise InputShapeError(
            f"Received {inputs} for a forward{signature}: {error}; give one for each argument "
            f"without a default{example}{hint}."
        ) from error


def _needed(model: Any) -> int:
    """Returns how many arguments of the forward have no default."""
    signature = _signature(model)
    taken = signature.parameters.values() if signature is not None else ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is one.empty for one in taken)


def layout_hint(inputs: Inputs) -> str:
    """Returns a hint where an image seems to have its channels last or no batch; else ""."""
    shapes: List[Tuple[int, ...]] = []
    inputs.filled(lambda name, one: shapes.append(tuple(one.shape)))
    for shape in shapes:
        if len(shape) == 4 and shape[3] <= 4 < shape[1]:
            moved = [
                (one[0], one[3], *one[1:3]) if len(one) == 4 and one[3] <= 4 < one[1] else one
                for one in shapes
            ]
            return " PyTorch has the channels first: " + how_to_give(*moved) + "."
        if len(shape) == 3 and shape[0] <= 4 < min(shape[1:]):
            batched = [(1, *one) if len(one) == 3 else one for one in shapes]
            return " The batch comes first: " + how_to_give(*batched) + "."
    return ""
