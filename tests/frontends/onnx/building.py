"""Small ONNX files, written by their wire format: the tests need no package for them."""

from __future__ import annotations

import struct
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

FLOAT, UINT8, INT8, INT32, INT64, BOOL = 1, 2, 3, 6, 7, 9
Dim = Union[int, str]


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, value: Union[int, float, str, bytes]) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


class Constant(NamedTuple):
    """An initialiser: with values, or of a shape alone."""

    shape: Tuple[int, ...]
    values: Optional[Sequence[Any]] = None
    data_type: int = FLOAT


def whole(*values: int) -> Constant:
    return Constant((len(values),), values, INT64)


def number(value: float) -> Constant:
    return Constant((), (value,), FLOAT)


def tensor(constant: Constant, name: str = "") -> bytes:
    out = b"".join(field(1, size) for size in constant.shape) + field(2, constant.data_type)
    out += field(8, name) if name else b""
    if constant.values is not None:
        code = {FLOAT: "f", INT64: "q", INT32: "i", BOOL: "?", UINT8: "B", INT8: "b"}
        form = "<{}{}".format(len(constant.values), code[constant.data_type])
        out += field(9, struct.pack(form, *constant.values))
    return out


def attribute(name: str, value: Any) -> bytes:
    out = field(1, name)
    if isinstance(value, float):
        return out + field(2, value) + field(20, 1)
    if isinstance(value, int):
        return out + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return out + field(4, value) + field(20, 3)
    if isinstance(value, Constant):
        return out + field(5, tensor(value)) + field(20, 4)
    if isinstance(value, Graph):
        return out + field(6, value.data) + field(20, 5)
    if all(isinstance(one, float) for one in value):
        packed = b"".join(struct.pack("<f", one) for one in value)
        return out + field(7, packed) + field(20, 6)
    return out + b"".join(field(8, one) for one in value) + field(20, 7)


def node(
    op_type: str,
    inputs: Iterable[str],
    outputs: Iterable[str],
    name: Optional[str] = "",
    domain: str = "",
    metadata: Optional[Dict[str, str]] = None,
    **attributes: Any,
) -> bytes:
    out = b"".join(field(1, one) for one in inputs) + b"".join(field(2, one) for one in outputs)
    out += b"" if name is None else field(3, name or op_type.lower())
    out += field(4, op_type)
    out += b"".join(field(5, attribute(key, value)) for key, value in attributes.items())
    out += field(7, domain) if domain else b""
    for key, value in (metadata or {}).items():
        out += field(9, field(1, key) + field(2, value))
    return out


def value_info(name: str, shape: Optional[Sequence[Dim]], data_type: int = FLOAT) -> bytes:
    dims = b""
    for size in shape or ():
        dims += field(1, field(1, size) if isinstance(size, int) else field(2, size))
    kind = field(1, data_type) + (b"" if shape is None else field(2, dims))
    return field(1, name) + field(2, field(1, kind))


class Graph(NamedTuple):
    """A serialised GraphProto."""

    data: bytes


def graph(
    nodes: Sequence[bytes],
    inputs: Dict[str, Sequence[Dim]],
    outputs: Union[Sequence[str], Dict[str, Sequence[Dim]]] = ("y",),
    constants: Optional[Dict[str, Constant]] = None,
    values: Optional[Dict[str, Sequence[Dim]]] = None,
    types: Optional[Dict[str, int]] = None,
) -> Graph:
    out = b"".join(field(1, one) for one in nodes) + field(2, "net")
    out += b"".join(field(5, tensor(one, name)) for name, one in (constants or {}).items())
    for name, shape in inputs.items():
        out += field(11, value_info(name, shape, (types or {}).get(name, FLOAT)))
    given = outputs if isinstance(outputs, dict) else dict.fromkeys(outputs)
    out += b"".join(field(12, value_info(name, shape)) for name, shape in given.items())
    out += b"".join(field(13, value_info(name, dims)) for name, dims in (values or {}).items())
    return Graph(out)


def model(
    whole_graph: Graph, opset: int = 17, functions: Sequence[bytes] = (), producer: str = "tests"
) -> bytes:
    out = field(1, 8) + field(2, producer) + field(7, whole_graph.data)
    out += field(8, field(1, "") + field(2, opset)) + field(8, field(1, "own") + field(2, 1))
    return out + b"".join(field(25, one) for one in functions)


def function(
    name: str, domain: str, inputs: Sequence[str], outputs: Sequence[str], nodes: Sequence[bytes]
) -> bytes:
    out = field(1, name) + b"".join(field(4, one) for one in inputs)
    out += b"".join(field(5, one) for one in outputs) + b"".join(field(7, one) for one in nodes)
    return out + field(10, domain)


class Proto:
    """What the frontend asks of an `onnx.ModelProto`."""

    opset_import: Tuple[()] = ()

    def __init__(self, data: bytes) -> None:
        self._data = data

    def SerializeToString(self) -> bytes:  # noqa: N802
        return self._data


def single(
    op_type: str,
    shapes: Sequence[Sequence[Dim]],
    constants: Sequence[Optional[Constant]] = (),
    opset: int = 17,
    outputs: int = 1,
    **attributes: Any,
) -> Proto:
    """A model of one node: inputs of the model first, then constants (None: left out)."""
    inputs = {"x{}".format(at): shape for at, shape in enumerate(shapes)}
    names: List[str] = list(inputs)
    held = {}
    for at, constant in enumerate(constants):
        names.append("" if constant is None else "c{}".format(at))
        if constant is not None:
            held["c{}".format(at)] = constant
    given = ["y{}".format(at) for at in range(outputs)]
    one = node(op_type, names, given, "node", **attributes)
    return Proto(model(graph([one], inputs, given, held), opset))
