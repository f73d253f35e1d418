"""Reads SavedModel folders of Keras 2 (TensorFlow 2.5 to 2.15), which hold config and graph.

`keras_metadata.pb` is a protocol buffer, `SavedMetadata` of
`keras/protobuf/saved_metadata.proto`: field 1 repeats the saved objects; of each, field 3 is its
path in the model, field 4 its identifier and field 5 a JSON text. The object at the path `root` is
the model.
"""

from __future__ import annotations

import os
from typing import Optional

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.json_text import LARGEST, parse, too_large
from vai_inspect.frontends.keras.config.stored import Stored
from vai_inspect.frontends.wire import BYTES, Reader, WireError

METADATA, GRAPH = "keras_metadata.pb", "saved_model.pb"
_MODELS = (b"_tf_keras_network", b"_tf_keras_sequential", b"_tf_keras_model")


def is_saved_model(path: str) -> bool:
    """Returns whether a folder is a SavedModel."""
    return any(os.path.isfile(os.path.join(path, name)) for name in (GRAPH, "saved_model.pbtxt"))


def read_saved_model(path: str) -> Stored:
    """Reads the config of the Keras model in a SavedModel folder.

    Raises:
        ModelError: it holds no Keras model, or one without config.
    """
    metadata = os.path.join(path, METADATA)
    if not os.path.isfile(metadata):
        raise ModelError(
            f"{path} is a SavedModel without {METADATA}: its TensorFlow graph names no layers "
            "(as exported by Keras 3, or saved by TensorFlow before 2.5); " + _advice(path)
        )
    if os.path.getsize(metadata) > LARGEST:
        raise ModelError(too_large(metadata, os.path.getsize(metadata)))
    with open(metadata, "rb") as file:
        data = file.read(LARGEST + 1)
    try:
        root = _root(data)
    except WireError as error:
        raise ModelError(
            f"{metadata} is broken or truncated; copy or save the folder again."
        ) from error
    if root is None:
        raise ModelError(f"{path} is a SavedModel whose root is not a Keras model; {_advice(path)}")
    config = parse(root, f"the config in {metadata}")
    if not isinstance(config.get("config"), dict):
        raise ModelError(
            f"{path} is a SavedModel of a Keras model without a config, such as a subclassed one; "
            + _advice(path)
        )
    return Stored(config, str(config.get("keras_version", "")), path)


def _advice(path: str) -> str:
    return (
        "load it where TensorFlow is installed and save it as a file: "
        f"keras.models.load_model({path!r}).save('model.keras') (Keras 2), or inspect the live "
        "model as file.py:name."
    )


def _root(data: bytes) -> Optional[bytes]:
    """Returns the JSON text of the model, or None if the root object is not one.

    Raises:
        WireError: the bytes are not a protocol buffer of this form.
    """
    reader = Reader()
    for field in reader.fields(memoryview(data)):
        if field.number == 1 and field.wire_type == BYTES:
            parts = reader.fields(field.data)
            node = {one.number: bytes(one.data) for one in parts if one.wire_type == BYTES}
            if node.get(3) == b"root" and node.get(4) in _MODELS:
                return node.get(5, b"")
    return None
