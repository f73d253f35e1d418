"""Traces a subclassed model, whose graph exists only while its `call` runs.

The call is run once on symbolic tensors. That adds a node to each layer that it calls; these are
removed after the graph is read.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List

from vai_inspect.core.errors import InputShapeError, ModelError, how_to_give
from vai_inspect.frontends.input_shapes import given_shapes
from vai_inspect.frontends.keras.live.generation import generation_of
from vai_inspect.frontends.keras.live.model_kind import reason_of
from vai_inspect.frontends.keras.live.node_snapshot import NodeSnapshot
from vai_inspect.frontends.keras.live.unbuilt import to_build, within


@contextmanager
def traced_call(model: Any, input_args: Any, batch: int) -> Iterator[Any]:
    """Yields the graph of a subclassed model's call as a `keras.Function`.

    Args:
        model: a subclassed model; an unbuilt one is not built afterwards.
        input_args: see `capture`; None for the shapes that the model was built with.
        batch: see `capture`.

    Raises:
        ModelError: the model is not built, or its call cannot run on symbolic tensors.
    """
    described = f"Received the subclassed Keras model {model.name!r} ({type(model).__name__})"
    layers = within(model)
    if not layers or not all(layer.built for layer in [model, *layers]):
        yield _built_here(model, input_args, batch, described)
        return
    candidates = [given_shapes(input_args, batch), generation_of(model).built_with(model)]
    candidates = [shapes for shapes in candidates if shapes is not None]
    if not candidates:
        raise InputShapeError(
            f"{described}, whose input shape is not known; give the full shape, batch first: "
            f"{how_to_give((1, 224, 224, 3))}."
        )
    snapshots = [NodeSnapshot(operation) for operation in [model, *layers]]
    try:
        yield _function(model, candidates, described)
    finally:
        for snapshot in snapshots:
            snapshot.restore()


def _built_here(model: Any, input_args: Any, batch: int, described: str) -> Any:
    """Returns the graph of an unbuilt model, built with the user's shapes.

    Raises:
        ModelError: no shapes are given, or it cannot be built with them.
    """
    shapes = given_shapes(input_args, batch)
    described += ", which is not built"
    if shapes is None:
        raise ModelError(
            f"{described}, so that its shapes are not known; call it once on data of the right "
            f"shape, or give its input shape: {how_to_give((1, 224, 224, 3))}."
        )
    return _function(to_build(model), [shapes], described)


def _function(model: Any, candidates: List[Any], described: str) -> Any:
    """Returns the graph of the call with the first shapes that it accepts.

    The user's shapes come first, since the call may depend on them. If a nested model accepts only
    its own, the call is run with those, and the trace propagates the user's through the graph.
    """
    problems: List[BaseException] = []
    for shapes in candidates:
        try:
            return generation_of(model).function(model, shapes)
        except (Exception, SystemExit) as error:
            # User code may raise anything.
            problems.append(error)
    raise ModelError(
        f"{described}, whose call() cannot run on symbolic tensors of the shape {candidates[0]}; "
        f"make it Functional: keras.Model(inputs, outputs). Keras says: {reason_of(problems[0])}"
    ) from problems[0]
