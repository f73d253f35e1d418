"""A Keras model read into the IR, step by step."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import verify
from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.held import MOST
from vai_inspect.frontends.keras.config import capture_file, is_config, is_path
from vai_inspect.frontends.keras.live.generation import generation_of
from vai_inspect.frontends.keras.live.input_shapes import open_batch, resolve_inputs
from vai_inspect.frontends.keras.live.layer_state import state_kept
from vai_inspect.frontends.keras.live.model_form import form_of
from vai_inspect.frontends.keras.live.model_kind import check_answers, opened
from vai_inspect.frontends.keras.live.trace import trace
from vai_inspect.frontends.keras.lower.assembly import assembled
from vai_inspect.frontends.keras.lower.channels_first import channels_last
from vai_inspect.frontends.keras.lower.training import check_float

_TOO_MUCH = (
    f"the model's layers hold more than {MOST:,} objects of their own; what a call changed in the "
    "rest "
    "was not set back"
)


def capture(
    model: Any,
    input_args: Any = None,
    batch: int = 1,
    trust: bool = False,
    recorded: bool = False,
) -> Captured:
    """Reads a Keras model into the IR.

    The user's model comes back unchanged: no node, layer or variable more than before.

    Args:
        model: a file or a config (see `config.capture_file`), or a built Functional, Sequential
            or subclassed model. A Sequential that is not built is read from a copy where
            `input_args` says its input shape. Of a subclassed model the call is run once on
            symbolic tensors; the nodes that this adds are taken away.
        input_args: shapes that replace the model's own, batch included: None, one shape, a list
            of shapes in the order of `model.inputs` or a dict of shapes by input name; an
            array-like stands for its shape.
        batch: the batch of inputs whose own neither the model nor `input_args` gives.
        trust: whether Keras may load a file whose config alone does not say its shapes.
        recorded: whether the shapes that a live model recorded of itself are taken, where its
            inputs are as they were but for the batch; else each layer is asked for its shapes.

    Returns:
        The graph before any pass, shapes NHWC, and what the report says of the model.

    Raises:
        ModelError: something that is no Keras model, or one that has no graph yet.
        InputShapeError: a dimension that nothing fills, or a shape that does not fit the model.
        CaptureError: a tensor of the model comes from no layer.
    """
    if is_config(model) or is_path(model):
        return capture_file(model, input_args, batch, trust)
    check_answers(model)
    keras = generation_of(model, recorded)
    check_float(model)
    call = opened(model, input_args, batch)
    kept = state_kept(model)
    with keras.names_kept(), generators_kept(), kept as held, call as function:
        inputs = resolve_inputs(function, input_args, batch, keras)
        traced = trace(function, inputs, input_args is not None, keras)
    return Captured(
        graph=verify(assembled(model.name, *channels_last(inputs, traced))),
        model=ModelInfo(
            name=model.name,
            framework="keras",
            framework_version=keras.version,
            capture="functional",
        ),
        warnings=(_TOO_MUCH,) if held.overflows else (),
        batch=open_batch(inputs),
        form=form_of(model),
    )
