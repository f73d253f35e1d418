"""Parses the messages of onnx.proto; field numbers are those of onnx.proto."""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, List, Tuple

from vai_inspect.frontends.onnx.file.messages import (
    Attribute,
    Dimension,
    Function,
    GraphDef,
    ModelDef,
    Node,
    Tensor,
    ValueInfo,
)
from vai_inspect.frontends.wire import FIXED32, Field, Reader, WireError

MOST_AXES = 64
"""Limit of the axes of a tensor; frameworks support at most 64."""
LONGEST_TEXT = 1 << 20
"""Limit of a name in bytes."""
_EXTERNAL = 1
_PACKED = (4, 5, 6, 7, 9, 10, 11)
"""Fields of TensorProto with elements."""


class Parser:
    """Parses messages; one parser per file, since the total work is limited."""

    def __init__(self) -> None:
        self._reader = Reader()

    def model(self, data: memoryview) -> ModelDef:
        """Parses a ModelProto.

        Raises:
            WireError: the bytes are not a ModelProto.
        """
        model = ModelDef()
        for field in self._reader.fields(data):
            if field.number == 1:
                model.ir_version = field.integer
            elif field.number == 2:
                model.producer = _text(field)
            elif field.number == 3:
                model.producer_version = _text(field)
            elif field.number == 7:
                model.graph = self.graph(field.data)
            elif field.number == 8:
                domain, version = self._opset(field.data)
                model.opsets[domain] = version
            elif field.number == 14:
                self._entry(field.data, model.metadata)
            elif field.number == 25:
                function = self._function(field.data)
                model.functions[function.domain, function.name, function.overload] = function
        return model

    def graph(self, data: memoryview) -> GraphDef:
        """Parses a GraphProto.

        Raises:
            WireError: the bytes are not a GraphProto.
        """
        graph = GraphDef()
        for field in self._reader.fields(data):
            if field.number == 1:
                graph.nodes.append(self._node(field.data))
            elif field.number == 2:
                graph.name = _text(field)
            elif field.number == 5:
                graph.initializers.append(self.tensor(field.data))
            elif field.number == 11:
                graph.inputs.append(self._value_info(field.data))
            elif field.number == 12:
                graph.outputs.append(self._value_info(field.data))
            elif field.number == 13:
                value = self._value_info(field.data)
                graph.values[value.name] = value
            elif field.number == 15:
                graph.initializers.append(self._sparse(field.data))
        return graph

    def tensor(self, data: memoryview) -> Tensor:
        """Parses a TensorProto, except for its elements."""
        name, data_type, external = "", 0, False
        dims: List[int] = []
        held: List[Tuple[int, memoryview]] = []
        for field in self._reader.fields(data):
            if field.number == 1:
                dims += self._sizes(field, dims)
            elif field.number == 2:
                data_type = field.integer
            elif field.number == 8:
                name = _text(field)
            elif field.number == 14:
                external = field.integer == _EXTERNAL
            elif field.number in _PACKED and not isinstance(field.value, int):
                held.append((field.number, field.value))
        return Tensor(name, tuple(dims), data_type, tuple(held), external)

    def _sparse(self, data: memoryview) -> Tensor:
        values, dims = Tensor("", (), 1), []  # type: Tensor, List[int]
        for field in self._reader.fields(data):
            if field.number == 1:
                values = self.tensor(field.data)
            elif field.number == 3:
                dims += self._sizes(field, dims)
        return Tensor(values.name, tuple(dims), values.data_type)

    def _sizes(self, field: Field, before: List[int]) -> List[int]:
        found = self._reader.integers(field)
        if len(before) + len(found) > MOST_AXES:
            raise WireError(f"a tensor has more than {MOST_AXES} axes")
        return found

    def _node(self, data: memoryview) -> Node:
        texts = {3: "", 4: "", 6: "", 7: "", 8: ""}
        inputs: List[str] = []
        outputs: List[str] = []
        attributes: Dict[str, Attribute] = {}
        metadata: Dict[str, str] = {}
        for field in self._reader.fields(data):
            if field.number == 1:
                inputs.append(_text(field))
            elif field.number == 2:
                outputs.append(_text(field))
            elif field.number in texts:
                texts[field.number] = _text(field)
            elif field.number == 5:
                attribute = self._attribute(field.data)
                attributes[attribute.name] = attribute
            elif field.number == 9:
                self._entry(field.data, metadata)
        return Node(
            op_type=texts[4],
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            name=texts[3],
            domain=_domain(texts[7]),
            overload=texts[8],
            attributes=attributes,
            doc=texts[6],
            metadata=metadata,
        )

    def _attribute(self, data: memoryview) -> Attribute:
        found: Dict[str, Any] = {"name": ""}
        lists: Dict[str, Any] = {"numbers": [], "integers": [], "texts": []}
        for field in self._reader.fields(data):
            if field.number in _LISTS:
                name, read = _LISTS[field.number]
                lists[name] += read(self._reader, field)
            elif field.number in _SINGLE:
                name, one = _SINGLE[field.number]
                found[name] = one(field)
            elif field.number == 5:
                found["tensor"] = self.tensor(field.data)
            elif field.number == 6:
                found["graph"] = field.data
        found.update({name: tuple(values) for name, values in lists.items()})
        return Attribute(**found)

    def _value_info(self, data: memoryview) -> ValueInfo:
        name, found = "", ValueInfo("")
        for field in self._reader.fields(data):
            if field.number == 1:
                name = _text(field)
            elif field.number == 2:
                found = self._type(field.data)
        return ValueInfo(name, found.data_type, found.dims, found.symbols)

    def _type(self, data: memoryview) -> ValueInfo:
        for field in self._reader.fields(data):
            if field.number != 1:
                continue
            data_type, dims, symbols = 0, None, []  # type: int, Any, List[str]
            for inner in self._reader.fields(field.data):
                if inner.number == 1:
                    data_type = inner.integer
                elif inner.number == 2:
                    found = [self._dimension(one.data) for one in self._dims(inner.data)]
                    dims = tuple(size for size, _ in found)
                    symbols = [symbol for _, symbol in found]
            return ValueInfo("", data_type, dims, tuple(symbols))
        return ValueInfo("")

    def _dims(self, data: memoryview) -> List[Field]:
        found = [field for field in self._reader.fields(data) if field.number == 1]
        if len(found) > MOST_AXES:
            raise WireError(f"a value has more than {MOST_AXES} axes")
        return found

    def _dimension(self, data: memoryview) -> Tuple[Dimension, str]:
        size: Dimension = None
        symbol = ""
        for field in self._reader.fields(data):
            if field.number == 1:
                size = field.integer
            elif field.number == 2:
                symbol = _text(field)
        # Some exporters write -1 for an open dimension.
        return (None if size is not None and size < 0 else size), symbol

    def _opset(self, data: memoryview) -> Tuple[str, int]:
        domain, version = "", 0
        for field in self._reader.fields(data):
            if field.number == 1:
                domain = _domain(_text(field))
            elif field.number == 2:
                version = field.integer
        return domain, version

    def _function(self, data: memoryview) -> Function:
        function = Function()
        for field in self._reader.fields(data):
            if field.number == 1:
                function.name = _text(field)
            elif field.number == 4:
                function.inputs.append(_text(field))
            elif field.number == 5:
                function.outputs.append(_text(field))
            elif field.number == 7:
                function.nodes.append(self._node(field.data))
            elif field.number == 10:
                function.domain = _domain(_text(field))
            elif field.number == 11:
                attribute = self._attribute(field.data)
                function.defaults[attribute.name] = attribute
            elif field.number == 13:
                function.overload = _text(field)
        return function

    def _entry(self, data: memoryview, into: Dict[str, str]) -> None:
        key = value = ""
        for field in self._reader.fields(data):
            if field.number == 1:
                key = _text(field)
            elif field.number == 2:
                value = _text(field)
        into[key] = value


def _text(field: Field) -> str:
    if len(field.data) > LONGEST_TEXT:
        raise WireError(f"a name has more than {LONGEST_TEXT:,} bytes")
    return field.text


def _domain(text: str) -> str:
    return "" if text == "ai.onnx" else text


def _float(field: Field) -> float:
    if field.wire_type != FIXED32:
        raise WireError(f"a float is expected in field {field.number}")
    return float(struct.unpack("<f", field.data)[0])


def _floats(reader: Reader, field: Field) -> List[float]:
    if len(field.data) % 4:
        raise WireError(f"floats are expected in field {field.number}")
    return [one[0] for one in struct.iter_unpack("<f", field.data)]


_SINGLE: Dict[int, Tuple[str, Callable[[Field], Any]]] = {
    1: ("name", _text),
    2: ("number", _float),
    3: ("integer", lambda field: field.integer),
    4: ("text", _text),
    20: ("kind", lambda field: field.integer),
    21: ("reference", _text),
}
_LISTS: Dict[int, Tuple[str, Callable[[Reader, Field], List[Any]]]] = {
    7: ("numbers", _floats),
    8: ("integers", lambda reader, field: reader.integers(field)),
    9: ("texts", lambda reader, field: [_text(field)]),
}
