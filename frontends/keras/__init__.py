"""The Keras frontend: a live model, a file or a config in; the IR out. It knows nothing of DPUs.

The rooms, each of which imports only those after it: `config` reads files and configs without
Keras, `live` reads live models, `lower` writes the operators of the calls that both find.
`rewrite` changes live models.
"""

from __future__ import annotations

from typing import Any

from vai_inspect.core.capture import Captured
from vai_inspect.frontends.keras.config import capture_file, is_stored
from vai_inspect.frontends.keras.live.capture import capture_live


def capture(
    model: Any,
    input_args: Any = None,
    batch: int = 1,
    trust: bool = False,
    recorded: bool = False,
) -> Captured:
    """Reads a Keras model into the IR.

    Args:
        model: a file or a config (see `config.capture_file`), or a live model (see
            `live.capture.capture_live`), which is not changed.
        input_args: shapes that replace the model's own, batch included: None, one shape, a list
            of shapes in the order of `model.inputs` or a dict of shapes by input name; an
            array-like stands for its shape.
        batch: the batch size of inputs for which neither the model nor `input_args` gives one.
        trust: whether Keras may load a file whose config does not determine its shapes.
        recorded: see `live.capture.capture_live`.

    Returns:
        The graph before any pass, with NHWC shapes, and information about the model.

    Raises:
        ModelError: the model is not a Keras model, or has no graph yet.
        InputShapeError: a dimension is not known, or a shape does not fit the model.
        CaptureError: a tensor of the model comes from no layer.
    """
    if is_stored(model):
        return capture_file(model, input_args, batch, trust)
    return capture_live(model, input_args, batch, recorded)


__all__ = ["capture"]
