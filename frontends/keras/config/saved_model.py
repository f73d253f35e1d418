"""Reads SavedModel folders of Keras 2 (TensorFlow 2.5 to 2.15), which hold config and graph.

`keras_metadata.pb` is a protocol buffer, `SavedMetadata` of
`keras/protobuf/saved_metadata.proto`: field 1 repeats the saved objects; of each, field 3 is its
path in the model, field 4 its identifier and field 5 a JSON text. The object at the path `root` is
the model.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, Tuple, Union

from vai_inspect.core.errors import ModelError
from vai_inspect.frontends.keras.config.json_text import LARGEST, parse, too_large
from vai_inspect.frontends.keras.config.stored import Stored

METADATA, GRAPH = "keras_metadata.pb", "saved_model.pb"
_MODELS = ("_tf_keras_network", "_tf_keras_sequential", "_tf_keras_model")
_ADVICE = (
    "load it where TensorFlow is and save it as a file: "
    "keras.models.load_model({!r}).save('model.keras') (Keras 2), or inspect the live model as "
    "file.py:name"
)


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
            "(Keras 3 exports "
            f"such folders, TensorFlow before 2.5 wrote them); {_ADVICE.format(path)}."
        )
    if os.path.getsize(metadata) > LARGEST:
        raise ModelError(too_large(metadata, os.path.getsize(metadata)))
    with open(metadata, "rb") as file:
        data = file.read(LARGEST + 1)
    try:
        root = _root(data)
    except (IndexError, ValueError) as error:
        raise ModelError(
            f"{metadata} is broken or cut off; copy or save the folder again."
        ) from error
    if root is None:
        raise ModelError(
            f"{path} is a SavedModel whose root is no Keras model; {_ADVICE.format(path)}."
        )
    config = parse(root, f"the config in {metadata}")
    if not isinstance(config.get("config"), dict):
        raise ModelError(
            f"{path} is a SavedModel of a Keras model that has no config, such as a subclassed "
            "one; "
            f"{_ADVICE.format(path)}."
        )
    return Stored(config, str(config.get("keras_version", "")), path)


def _root(data: bytes) -> "bytes | None":
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            node: Dict[int, Any] = dict(_fields(value))
            if node.get(3) == b"root" and _text(node.get(4)) in _MODELS:
                return bytes(node.get(5, b""))
    return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _fields(data: bytes) -> Iterator[Tuple[int, Union[int, bytes]]]:
    """Yields number and value of each field of a protocol buffer message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field of wire type {wire}")
        if at + size > len(data):
            raise ValueError("a field is cut off")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than 64 bits")
