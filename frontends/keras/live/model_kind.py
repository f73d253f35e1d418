"""Determines the kind of a given model, and opens its graph."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Type

from vai_inspect.core.errors import ModelError, how_to_give, text_of
from vai_inspect.core.safe_isinstance import is_a

_FRAMES = ("Could not automatically infer", "Exception encountered when calling")
"""Beginnings of lines that Keras adds around the message of a layer."""
_VALID = "a built Keras model"
ROOTS = ("keras", "tf_keras")
"""Packages of Keras; besides, TensorFlow 2.4 and 2.5 keep theirs in `tensorflow.python.keras`."""


@contextmanager
def opened(model: Any, input_args: Any = None, batch: int = 1) -> Iterator[Any]:
    """Yields the graph of a model, such as a `keras.Function`.

    Args:
        model: the given model.
        input_args: the user's shapes; an unbuilt Sequential is read from a copy built with them.
        batch: see `capture`.

    Raises:
        ModelError: it is not a Keras model, or has no graph.
    """
    from vai_inspect.frontends.keras.live.subclassed import traced_call

    _check_kind(model)
    inner = inner_function(model)
    if inner is not None:
        yield inner
    elif is_class(type(model), "Sequential") and not overrides(type(model), "call", "Sequential"):
        yield _built_copy(model, input_args, batch)
    elif is_class(type(model), "Functional"):
        raise ModelError(
            f"Received the model {model.name!r} ({type(model).__name__}), which overrides call(), "
            "so that its graph does not show what it computes; move that into layers of the "
            "Functional model."
        )
    else:
        with traced_call(model, input_args, batch) as function:
            yield function


def inner_function(operation: Any) -> Optional[Any]:
    """Returns the graph inside a Functional or built Sequential model, or None.

    A subclass that overrides `call` has none, since it may compute something else.
    """
    cls = type(operation)
    if is_class(cls, "Sequential"):
        if overrides(cls, "call", "Sequential"):
            return None
        if is_keras_2(cls):
            return operation if getattr(operation, "_graph_initialized", False) else None
        return getattr(operation, "_functional", None)
    if is_class(cls, "Functional") and not overrides(cls, "call", "Functional"):
        keras_2 = hasattr(operation, "_nested_inputs")
        return operation if keras_2 or hasattr(operation, "_inputs_struct") else None
    return None


def is_own_code(operation: Any) -> bool:
    """Returns whether a layer runs user code: it overrides `call`, or is a Lambda."""
    cls = type(operation)
    if not is_class(cls, "Layer"):
        return False
    nearest = next(base for base in cls.__mro__ if is_keras(base))
    own = nearest is not cls and overrides(cls, "call", nearest.__name__)
    return own or cls.__name__ == "Lambda"


def check_answers(model: Any) -> None:
    """Rejects an object whose classes or attributes cannot be read.

    Raises:
        ModelError: reading them fails, so it is not a Keras model.
    """
    try:
        getattr(model, "name", type(model).__mro__)
    except Exception as error:
        raise ModelError(
            f"the model is a {type(model).__name__}; valid is a built Keras model, a "
            "torch.nn.Module, an .onnx file or an onnx.ModelProto."
        ) from error


def is_class(cls: Type[Any], name: str) -> bool:
    """Returns whether a class is the Keras class of this name or a subclass of it."""
    for base in cls.__mro__:  # noqa: SIM110 - any() takes twice the time
        if base.__name__ == name and is_keras(base):
            return True
    return False


def is_keras(cls: Type[Any]) -> bool:
    """Returns whether a class is one of Keras's."""
    return is_keras_module(cls.__module__)


def is_keras_module(module: str) -> bool:
    """Returns whether a module is one of Keras's."""
    return module.split(".")[0] in ROOTS or module.startswith("tensorflow.python.keras.")


def is_keras_2(cls: Type[Any]) -> bool:
    """Returns whether a class is one of Keras 2, whose base layer is in a package `engine`."""
    return any(
        base.__name__ == "Layer" and is_keras(base) and ".engine." in base.__module__
        for base in cls.__mro__
    )


def overrides(cls: Type[Any], method: str, name: str) -> bool:
    """Returns whether a subclass of the Keras class `name` overrides a method."""
    for base in cls.__mro__:
        if base.__name__ == name and is_keras(base):
            return False
        if method in vars(base) and not is_keras(base):
            return True
    return False


def reason_of(error: BaseException) -> str:
    """Returns the line of a Keras error with the actual problem."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text_of(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    problems = [line for line in lines if not line.startswith(_FRAMES)] or lines
    if problems[:1] == ["in user code:"]:  # TensorFlow's stack frames precede the error
        problems = [line for line in lines if re.match(r"\w*(Error|Exception): ", line)] or problems
    return problems[0] if problems else type(error).__name__


def _check_kind(model: Any) -> None:
    roots = {base.__module__.split(".")[0] for base in type(model).__mro__}
    if is_a(model, type):
        raise ModelError(
            f"Received the class {model.__name__}, not a model; create an instance first: "
            f"{model.__name__}(...)."
        )
    if "torch" in roots:
        raise ModelError(
            f"Received the PyTorch module {type(model).__name__}; valid is {_VALID}; for PyTorch "
            "models use vai_inspect.torch.Inspector."
        )
    if not is_class(type(model), "Model"):
        hint = "put the layer into a model" if is_class(type(model), "Layer") else "give that"
        raise ModelError(
            f"Received an object of type {type(model).__name__} as the model; valid is {_VALID}; "
            f"{hint}."
        )


def _built_copy(model: Any, input_args: Any, batch: int) -> Any:
    """Returns the graph of a copy of an unbuilt Sequential, built with the user's shape."""
    from vai_inspect.frontends.input_shapes import single_shape

    advice = (
        f"Received the Sequential model {model.name!r}, which is not built, so that its shapes "
        "are not known; put keras.Input(shape) first in it, call model.build((None, ...)), or "
        f"give its input shape: {how_to_give((1, 224, 224, 3))}."
    )
    shape = single_shape(input_args, batch)
    if shape is None or not model.layers:
        raise ModelError(advice)
    try:
        copy = type(model).from_config(model.get_config())
        copy.build(shape)
    except Exception as error:
        raise ModelError(
            f"{advice} Building a copy of it with {shape} failed: {reason_of(error)}"
        ) from error
    function = inner_function(copy)
    if function is None:
        raise ModelError(advice)
    return function
