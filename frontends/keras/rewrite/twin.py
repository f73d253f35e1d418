"""A model with random weights, in float64, that two forms of a network are compared on."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np

from vai_inspect.frontends.keras.live.generation import Generation, generation_of
from vai_inspect.frontends.keras.live.keras2 import tensorflow_quiet
from vai_inspect.frontends.keras.live.model_kind import inner_function, is_class
from vai_inspect.frontends.keras.lower.steps import InputTensor
from vai_inspect.frontends.keras.nested import leaves, replaced
from vai_inspect.frontends.keras.rewrite.sites import Level

BATCH = 2
_SEED = 20


class Twin:
    """A model with random weights, for the comparison."""

    def __init__(
        self, model: Any, inputs: List[Any], float64: bool, others: Optional[List[Any]] = None
    ) -> None:
        """Keeps the model.

        Args:
            model: the model.
            inputs: what it is run on.
            float64: whether it is in float64; else in the model's own element type.
            others: inputs of other sizes, where the model leaves them open and takes them.
        """
        self.model = model
        self.inputs = inputs
        self.float64 = float64
        self.others = others

    @cached_property
    def outputs(self) -> List[Any]:
        """What it gives."""
        return run(self.model, self.inputs)

    @cached_property
    def other_outputs(self) -> Optional[List[Any]]:
        """What it gives for inputs of other sizes; None where there are none or it stops."""
        try:
            return None if self.others is None else run(self.model, self.others)
        except Exception:
            # Keras and TensorFlow raise whatever a size that does not fit leads them to.
            return None


def randomise(model: Any, inputs: Sequence[Any]) -> None:
    """Gives a model random weights, and the statistics of what it is run on.

    In a new model a batch normalisation does nothing and an offset is zero. With statistics of
    other values a deep network gives the same for every input, as its values grow or vanish.

    Args:
        model: the model, which is changed.
        inputs: what it is run on.
    """
    random = np.random.RandomState(_SEED)
    for layer in model._flatten_layers():
        holds = bool(layer._flatten_layers(include_self=False, recursive=False))
        if holds or layer is model or not layer.weights:
            continue
        layer.set_weights([_drawn(one, random) for one in _named(layer)])
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    function: Any = inner_function(model)
    with tensorflow_quiet():
        _settle(function, list(inputs), generation_of(model), random)


def _settle(function: Any, inputs: List[Any], keras: Generation, random: Any) -> List[Any]:
    """Runs a model call by call, and gives each batch norm the statistics of what it reads.

    Its second moments, that is, not its variances: what varies little is not blown up, and
    rounding with it.
    """
    known: Dict[int, Any] = dict(zip(map(id, function.inputs), inputs))
    for node in Level(function, keras).nodes:
        layer = keras.operation(node)
        args, kwargs = keras.filled(node, known)
        inner = inner_function(layer)
        given = [known[id(symbol)] for symbol in keras.inputs(node)]
        if inner is not None and len(given) == len(inner.inputs):
            results = _settle(inner, given, keras, random)
        else:
            if is_class(type(layer), "BatchNormalization"):
                _set_statistics(layer, np.asarray(given[0]), random)
            results = leaves(layer(*args, **kwargs))
        known.update(zip(map(id, keras.outputs(node)), results))
    return [known[id(symbol)] for symbol in function.outputs]


def _set_statistics(layer: Any, values: Any, random: Any) -> None:
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
    others = tuple(one for one in range(values.ndim) if one != int(axis) % values.ndim)
    moments = np.mean(np.square(values), axis=others)
    moments = np.maximum(moments, 0.1 * np.mean(moments) + 1e-6)
    *rest, mean, _ = layer.get_weights()
    mean = 0.1 * np.sqrt(moments) * random.standard_normal(mean.shape)
    layer.set_weights([*rest, mean, moments])


def depends_on_inputs(outputs: Sequence[Any]) -> bool:
    """Tells whether every output of a model is another one for the first and the last image."""
    return all(one.ndim < 1 or len(one) < 2 or np.any(one[0] != one[-1]) for one in outputs)


OTHER_SIZES: Sequence[Callable[[int, int], int]] = (
    lambda size, axis: size + 1 + 32 * (axis == 2),
    lambda size, axis: size + 32 * axis,
    lambda size, axis: size * 2,
)
"""Sizes of an open axis that a model may take beside the inspected one, by its number.

A network that halves its maps five times may take multiples of 32 alone.
"""


def random_inputs(
    model: Any,
    inputs: Sequence[InputTensor],
    other: Callable[[int, int], int] = lambda size, axis: size,
) -> List[Any]:
    """Returns random inputs for a model.

    Args:
        model: the model.
        inputs: its inputs, with the shapes that it was inspected with.
        other: the size of an open axis, from the inspected one and the axis.
    """
    random = np.random.RandomState(_SEED)
    found = []
    for symbol, tensor in zip(model.inputs, inputs):
        own = tuple(symbol.shape)
        sizes = enumerate(zip(own, tensor.spec.shape))
        shape = [size or other(given, axis) for axis, (size, given) in sizes]
        shape[0] = own[0] or BATCH
        dtype = str(getattr(symbol.dtype, "name", symbol.dtype))
        drawn = random.standard_normal(shape) if "float" in dtype else random.randint(0, 2, shape)
        found.append(drawn.astype(dtype))
    return found


def has_open_sizes(model: Any) -> bool:
    """Tells whether inputs may have other sizes, the batch aside."""
    return any(None in tuple(symbol.shape)[1:] for symbol in model.inputs)


def difference(one: Sequence[Any], other: Sequence[Any]) -> float:
    """Returns how far outputs of a model are from those of another.

    Returns:
        The largest difference of any output, as a share of that output's range; infinity where an
        output is missing, has another shape or is no number.
    """
    if len(one) != len(other):
        return math.inf
    return max((_relative(*pair) for pair in zip(one, other)), default=0.0)


def _relative(one: Any, other: Any) -> float:
    if one.shape != other.shape or not np.all(np.isfinite(one)):
        return math.inf
    largest = float(np.max(np.abs(one - other))) if one.size else 0.0
    if not math.isfinite(largest):
        return math.inf
    span = float(np.max(one) - np.min(one)) if one.size else 0.0
    return largest / span if span else (0.0 if largest == 0 else math.inf)


def run(model: Any, inputs: Sequence[Any]) -> List[Any]:
    """Returns what a model gives for inputs."""
    with tensorflow_quiet():
        outputs = leaves(model(_given(model, inputs), training=False))
    return [np.asarray(one) for one in outputs]


def _given(model: Any, inputs: Sequence[Any]) -> Any:
    """Returns inputs nested as the model wants them."""
    function: Any = inner_function(model)
    struct = generation_of(model).structure(function)
    return replaced(struct, dict(zip(map(id, function.inputs), inputs)))


def _named(layer: Any) -> List[Any]:
    values = layer.get_weights()
    names = [str(one.name).split("/")[-1].split(":")[0] for one in layer.weights]
    return list(zip(names, values))


def _drawn(named: Any, random: Any) -> Any:
    name, value = named
    if not np.issubdtype(value.dtype, np.floating):
        return value
    if "var" in name or name in ("gamma", "scale", "count"):
        drawn = random.uniform(0.5, 1.5, value.shape)
    elif value.ndim < 2:
        drawn = 0.2 * random.standard_normal(value.shape)
    else:
        # A depthwise kernel reads one channel alone.
        depthwise = "depthwise" in name
        reads = max(int(np.prod(value.shape[:2] if depthwise else value.shape[:-1])), 1)
        drawn = random.standard_normal(value.shape) * math.sqrt(2.0 / reads)
    return drawn.astype(value.dtype)
