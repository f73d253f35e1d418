"""Loads a trusted model with Keras for what its config does not describe.

A config may name any function of any module, or hold code, and Keras versions differ in what
they run of it. No list of harmless contents can be complete, so only a trusted file is loaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import Any

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import (
    CaptureError,
    ModelError,
    VaiInspectError,
    clipped,
    how_to_install,
    message_of,
    needs_trust,
)
from vai_inspect.frontends.keras.config.files import VALID, read
from vai_inspect.frontends.keras.config.stored import Stored

_LIVE = (
    "inspect the live model instead, as file.py:name on the command line or as an object in Python"
)
_LIVE_FIX = "give the live model instead, as file.py:name on the command line or as an object"
_SAVE = "save it as a Functional model with Keras 3, whose files record the shapes between layers"


def untrusted(stored: Stored, problem: CaptureError) -> ModelError:
    """Returns the error for a file that only Keras could read further.

    Args:
        stored: the model description.
        problem: what the config does not determine.
    """
    reason = str(problem).rstrip(".")
    return ModelError(
        needs_trust(
            f"{stored.path}: {reason}, and only Keras can decide it, by loading the file",
            f"{_SAVE}, or {_LIVE}",
        )
    )


def capture_by_loading(
    stored: Stored, input_args: Any, batch: int, problem: CaptureError
) -> Captured:
    """Loads a trusted model with the Keras that is installed, and reads that.

    Args:
        stored: the model description.
        input_args: see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        problem: what the config does not determine.

    Raises:
        ModelError: Keras is not installed, or cannot load the file.
    """
    reason = str(problem).rstrip(".")
    try:
        keras = _keras(stored.keras_2)
    except ImportError as error:
        raise ModelError(
            f"{stored.path}: {reason}; loading the model would decide it, but Keras is not "
            f"installed in this environment; pip install tensorflow, or {_LIVE}."
        ) from error
    from vai_inspect.frontends.keras.live.capture import capture_live

    try:
        model = _loaded(keras, stored.path)
    except VaiInspectError:
        raise
    except (Exception, SystemExit) as error:
        # Loading a broken file may raise anything.
        text = clipped(message_of(error), 300).rstrip(".")
        raise ModelError(
            f"{stored.path}: {reason}; Keras {keras.__version__} cannot load the file either: "
            f"{text}; {_other_keras(keras, stored.keras_2)}{_LIVE}."
        ) from error
    captured = capture_live(model, input_args, batch)
    return dataclasses.replace(captured, model=dataclasses.replace(captured.model, trusted=True))


def loaded(path: Any, trust: bool) -> Any:
    """Returns the live model of a file.

    Args:
        path: a .keras or .h5 file, or a folder of a SavedModel.
        trust: whether Keras may load it, which can run code in it.

    Raises:
        ModelError: it is not trusted, does not exist, or cannot be loaded by Keras.
    """
    path = os.fspath(path)
    if not os.path.exists(path):
        raise ModelError(f"There is no file {path}; {VALID}.")
    if not trust:
        raise ModelError(needs_trust(f"{path}: Keras would have to load it", _LIVE_FIX))
    try:
        keras_2 = read(path).keras_2
    except ModelError:  # Keras says what is wrong with it
        keras_2 = False
    try:
        keras = _keras(keras_2)
    except ImportError as error:
        raise ModelError(
            f"{path} is loaded by Keras, which is not installed in this environment; "
            f"{how_to_install('keras')}"
        ) from error
    try:
        return _loaded(keras, path)
    except (Exception, SystemExit) as error:
        # Loading a broken file may raise anything.
        text = clipped(message_of(error), 300).rstrip(".")
        raise ModelError(
            f"{path}: Keras {keras.__version__} cannot load the file: {text}; "
            f"{_other_keras(keras, keras_2)}{_LIVE_FIX}."
        ) from error


def _keras(keras_2: bool) -> Any:
    """Returns the Keras that loads a file: for one of Keras 2 that, where it is beside Keras 3.

    Raises:
        ImportError: there is no Keras.
    """
    import keras

    if keras_2 and _is_keras_3(keras):
        with contextlib.suppress(ImportError):
            import tf_keras

            return tf_keras
    return keras


def _is_keras_3(keras: Any) -> bool:
    return not str(keras.__version__).startswith(("1.", "2."))


def _other_keras(keras: Any, keras_2: bool) -> str:
    if not (keras_2 and _is_keras_3(keras)):
        return ""
    return "the file is of Keras 2, which `pip install tf-keras` adds; or "


def _loaded(keras: Any, path: str) -> Any:
    load = getattr(keras, "saving", keras.models).load_model
    try:
        return load(path, compile=False, safe_mode=False)
    except TypeError as error:
        if "safe_mode" not in message_of(error):
            raise
    return load(path, compile=False)  # Keras before 2.12 has no safe mode
