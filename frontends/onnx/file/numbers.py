"""Decodes the elements of small tensors and the names of element types."""

from __future__ import annotations

import struct
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir.ops import elements
from vai_inspect.frontends.onnx.file.messages import Tensor
from vai_inspect.frontends.wire import Field, Reader

MOST_NUMBERS = 4096
"""Limit of elements that are decoded; of larger tensors, the weights, only the shape is read."""

DTYPES: Dict[int, str] = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "object",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
}
"""Names in numpy, by the number in onnx.proto."""
_FORMATS = {
    1: "f",
    2: "B",
    3: "b",
    4: "H",
    5: "h",
    6: "i",
    7: "q",
    9: "?",
    10: "e",
    11: "d",
    12: "I",
    13: "Q",
}
_OTHER_SIZES = {14: 8, 15: 16, 16: 2}
"""Bytes of an element of the types without a format."""
_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _RAW, _DOUBLE_DATA, _UINT64_DATA = 4, 5, 7, 9, 10, 11


def dtype_of(data_type: int) -> str:
    """Returns the name of an element type; `float32` if the file does not set it."""
    return DTYPES.get(data_type, "float8" if data_type > 16 else "float32")


def size_problem(tensor: Tensor) -> str:
    """Returns how the raw bytes of a tensor contradict its sizes, or an empty text.

    A tensor without bytes is one whose elements are elsewhere or were removed.
    """
    code = _FORMATS.get(tensor.data_type)
    size = struct.calcsize("<" + code) if code else _OTHER_SIZES.get(tensor.data_type)
    held = sum(len(data) for number, data in tensor.data if number == _RAW)
    if tensor.external or not size or held in (0, elements(tensor.dims) * size):
        return ""
    return (
        f"it holds {held:,} bytes; {dtype_of(tensor.data_type)} of the sizes {list(tensor.dims)} "
        f"takes {elements(tensor.dims) * size:,}"
    )


def numbers(tensor: Tensor) -> Optional[Tuple[Any, ...]]:
    """Returns the elements of a small tensor in order.

    None for a large tensor, external data, and element types without a Python equivalent.

    Raises:
        WireError: the bytes are not elements of the type.
    """
    count = elements(tensor.dims)
    if tensor.external or not 0 <= count <= MOST_NUMBERS:
        return None
    found: List[Any] = []
    for number, data in tensor.data:
        if number == _RAW:
            code = _FORMATS.get(tensor.data_type)
            if code is None or len(data) != count * struct.calcsize("<" + code):
                return None
            found += [one[0] for one in struct.iter_unpack("<" + code, data)]
        elif number in (_FLOAT_DATA, _DOUBLE_DATA):
            code = "<f" if number == _FLOAT_DATA else "<d"
            if len(data) != count * struct.calcsize(code) and len(data) != struct.calcsize(code):
                return None
            found += [one[0] for one in struct.iter_unpack(code, data)]
        elif number in (_INT32_DATA, _INT64_DATA, _UINT64_DATA):
            if len(data) > 10 * count or tensor.data_type in (10, 16):
                return None
            found += Reader().integers(Field(number, 2, data))
    return tuple(found) if len(found) == count else None
