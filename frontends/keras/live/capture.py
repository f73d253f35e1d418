"""Captures a live Keras model in the IR."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, verify
from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.held import MOST
from vai_inspect.frontends.input_shapes import open_batch
from vai_inspect.frontends.keras.live.generation import generation_of
from vai_inspect.frontends.keras.live.input_shapes import resolve_inputs
from vai_inspect.frontends.keras.live.layer_state import state_kept
from vai_inspect.frontends.keras.live.model_form import form_of
from vai_inspect.frontends.keras.live.model_kind import check_answers, inner_function, opened
from vai_inspect.frontends.keras.live.trace import trace
from vai_inspect.frontends.keras.lower.assembly import assembled
from vai_inspect.frontends.keras.lower.channels_first import channels_last
from vai_inspect.frontends.keras.lower.steps import InputTensor
from vai_inspect.frontends.keras.training import check_float

_TOO_MUCH = (
    f"the model's layers hold more than {MOST:,} objects of their own; what a call changed in the "
    "rest was not set back"
)


def capture_live(
    model: Any, input_args: Any = None, batch: int = 1, recorded: bool = False
) -> Captured:
    """Reads a live model into the IR; no node, layer or variable is added to it.

    Args:
        model: a built Functional, Sequential or subclassed model. An unbuilt Sequential is read
            from a copy if `input_args` gives its input shape. The call of a subclassed model is
            run once on symbolic tensors, and the nodes that this adds are removed.
        input_args: see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        recorded: whether the shapes that the model recorded are used if its inputs are unchanged
            except for the batch; otherwise each layer infers its shapes again.

    Returns:
        The graph before any pass, with NHWC shapes, and information about the model.

    Raises:
        ModelError: the model is not a Keras model, or has no graph yet.
        InputShapeError: a dimension is not known, or a shape does not fit the model.
        CaptureError: a tensor of the model comes from no layer.
    """
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
        batch=open_batch((one.batch_open, one.spec.shape) for one in inputs),
        form=form_of(model),
    )


def nested_graph(model: Any, shape: Tuple[int, ...]) -> Optional[Graph]:
    """Returns the graph of a live model with one input, or None for any other layer.

    Args:
        model: a layer.
        shape: shape of its input.
    """
    function = inner_function(model)
    if function is None or len(function.inputs) != 1:
        return None
    keras = generation_of(model)
    read = InputTensor("read", keras.fresh(shape, function.inputs[0].dtype))
    traced = trace(function, [read], False, keras)
    return assembled(model.name, *channels_last([read], traced))
