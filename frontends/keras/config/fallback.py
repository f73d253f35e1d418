"""What a config does not tell, asked of Keras itself: the model is loaded and walked.

Loading is left to configs that name nothing but Keras's own classes. A config may name any
function of any module, or hold the code of one, and Keras versions differ in what they run of it.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, Optional

from vai_inspect.core.capture import Captured
from vai_inspect.core.errors import CaptureError, ModelError, VaiInspectError
from vai_inspect.frontends.keras.config.h5 import CONFIG, by_library
from vai_inspect.frontends.keras.config.hdf5 import SIGNATURE
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.keras.config.text import parse
from vai_inspect.frontends.keras.config.view import is_own

_CODE = frozenset(
    (
        "Lambda",
        "TFOpLambda",
        "TensorFlowOpLayer",
        "__lambda__",
        "__typespec__",
        "function",
        # Keras's own, whose config holds a pickle or functions, or names a folder with a graph.
        "FlaxLayer",
        "JaxLayer",
        "TFSMLayer",
        "TorchModuleWrapper",
    )
)
_ADVICE = (
    "inspect the live model instead, as file.py:name on the command line or as an object in Python"
)


def capture_by_loading(
    stored: Stored, input_args: Any, batch: int, problem: CaptureError
) -> Captured:
    """Loads a model with the Keras that is installed, and reads that.

    Args:
        stored: what the file holds.
        input_args: see `frontends.keras.capture`.
        batch: see `frontends.keras.capture`.
        problem: what the config alone does not tell.

    Raises:
        ModelError: the config names what is not Keras's own, there is no Keras, or it cannot load
            the file.
    """
    reason = str(problem).rstrip(".")
    foreign = next(_foreign(stored.config), None) or _beside_the_config(stored)
    if foreign is not None:
        raise ModelError(
            "{}: {}, and {} that a file must not run; save it as a Functional model with Keras 3, "
            "whose files record the shapes between layers, or {}.".format(
                stored.path, reason, foreign, _ADVICE
            )
        ) from problem
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            "{}: {}; loading the model would tell, but there is no Keras in this environment; "
            "pip install tensorflow, or {}.".format(stored.path, reason, _ADVICE)
        ) from error
    from vai_inspect.frontends.keras.capture import capture

    try:
        model = _loaded(keras, stored.path)
    except VaiInspectError:
        raise
    except Exception as error:
        # Keras raises whatever the file leads it to.
        text = " ".join(str(error).split())
        raise ModelError(
            "{}: {}; Keras {} cannot load the file either: {}; {}.".format(
                stored.path,
                reason,
                keras.__version__,
                (text if len(text) < 300 else text[:297] + "...").rstrip("."),
                _ADVICE,
            )
        ) from error
    return capture(model, input_args, batch)


def _beside_the_config(stored: Stored) -> Optional[str]:
    """Returns what else than the config that was looked through Keras would load, if anything."""
    if os.path.isdir(stored.path):
        return "a SavedModel has a TensorFlow graph beside its config, which is code"
    try:
        with open(stored.path, "rb") as file:
            if file.read(len(SIGNATURE)) != SIGNATURE:
                return None
        same = by_library(stored.path).get(CONFIG)
        if same is not None and parse(same, stored.path) == stored.config:
            return None
    except (OSError, ModelError):
        pass
    return "what the HDF5 library reads of it is another model, which may hold code"


def _loaded(keras: Any, path: str) -> Any:
    load = getattr(keras, "saving", keras.models).load_model
    try:
        return load(path, compile=False, safe_mode=True)
    except TypeError as error:
        if "safe_mode" not in str(error):
            raise
    return load(path, compile=False)  # Keras before 2.12 knows no unsafe mode of .keras files


def _is_path(config: Dict[str, Any]) -> bool:
    """Tells whether a lookup layer's words are to be read from another file, or the network."""
    return isinstance(config.get("vocabulary"), str)


def _foreign(saved: Any) -> Iterator[str]:
    """Yields what a config names that is not one of Keras's own classes, or reads files."""
    if isinstance(saved, list):
        for item in saved:
            yield from _foreign(item)
    elif isinstance(saved, dict):
        name = saved.get("class_name")
        named = isinstance(name, str) and "config" in saved
        if named and (name in _CODE or not is_own(saved)):
            yield "{!r} is code".format(name)
        elif named and isinstance(saved["config"], dict) and _is_path(saved["config"]):
            yield "the vocabulary of {!r} is in a file of its own, which is nothing".format(name)
        for item in saved.values():
            yield from _foreign(item)
