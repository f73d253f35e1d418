"""A model with random weights, in float64, that two forms of a network are compared on."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any, List, Sequence

import numpy as np

from vai_inspect.frontends.keras.live.generation import generation_of
from vai_inspect.frontends.keras.live.keras2 import tensorflow_quiet
from vai_inspect.frontends.keras.live.model_kind import inner_function, is_class
from vai_inspect.frontends.keras.live.nested import leaves, mapped
from vai_inspect.frontends.keras.live.trace import InputTensor

BATCH = 2
_SEED = 20


def randomise(model: Any, inputs: Sequence[Any]) -> None:
    """Gives a model random weights, and the statistics of what it is run on.

    In a new model a batch normalisation does nothing and an offset is zero. With statistics of
    other values a deep network gives the same for every input, as its values grow or vanish.

    Args:
        model: the model, which is changed.
        inputs: what it is run on.
    """
    random = np.random.RandomState(_SEED)
    kept = []
    for layer in model._flatten_layers():
        if is_class(type(layer), "BatchNormalization"):
            kept.append((layer, "momentum", layer.momentum))
        elif isinstance(getattr(layer, "rate", None), float):  # Dropout and noise
            kept.append((layer, "rate", layer.rate))
        holds = bool(layer._flatten_layers(include_self=False, recursive=False))
        if holds or layer is model or not layer.weights:
            continue
        layer.set_weights([_drawn(one, random) for one in _named(layer)])
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    if not any(name == "momentum" for _, name, _ in kept):
        return
    try:
        for layer, name, _ in kept:
            setattr(layer, name, 0.0)
        with suppress(Exception), tensorflow_quiet():
            # A layer may not know how to train; then the statistics stay as drawn.
            model(_given(model, inputs), training=True)
    finally:
        for layer, name, value in kept:
            setattr(layer, name, value)


def depends_on_inputs(outputs: Sequence[Any]) -> bool:
    """Tells whether every output of a model is another one for the first and the last image."""
    return all(one.ndim < 1 or len(one) < 2 or np.any(one[0] != one[-1]) for one in outputs)


def random_inputs(model: Any, inputs: Sequence[InputTensor]) -> List[Any]:
    """Returns random inputs for a model.

    Args:
        model: the model.
        inputs: its inputs, with the shapes that it was inspected with.
    """
    random = np.random.RandomState(_SEED)
    found = []
    for symbol, tensor in zip(model.inputs, inputs):
        own = tuple(symbol.shape)
        shape = [size or given for size, given in zip(own, tensor.spec.shape)]
        shape[0] = own[0] or BATCH
        dtype = str(getattr(symbol.dtype, "name", symbol.dtype))
        drawn = random.standard_normal(shape) if "float" in dtype else random.randint(0, 2, shape)
        found.append(drawn.astype(dtype))
    return found


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
    return mapped(struct, dict(zip(map(id, function.inputs), inputs)).get)


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
