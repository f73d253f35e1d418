"""The messages of onnx.proto that describe a graph, with the fields that are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

Dimension = Optional[int]
Dimensions = Tuple[Dimension, ...]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of the file, whose elements are not decoded.

    Attributes:
        name: an initialiser's name.
        dims: its sizes.
        data_type: number of its element type in onnx.proto.
        data: the fields of TensorProto with elements: field number and a view of the bytes.
        external: whether the elements are in another file, which is never read.
    """

    name: str
    dims: Tuple[int, ...]
    data_type: int
    data: Tuple[Tuple[int, memoryview], ...] = ()
    external: bool = False


@dataclass(frozen=True)
class Attribute:
    """An attribute of a node, with one of its values set."""

    name: str
    kind: int = 0
    number: float = 0.0
    integer: int = 0
    text: str = ""
    tensor: Optional[Tensor] = None
    graph: Optional[memoryview] = None
    numbers: Tuple[float, ...] = ()
    integers: Tuple[int, ...] = ()
    texts: Tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class Node:
    """A node: an operator with the names of its inputs and outputs; "" for an omitted one."""

    op_type: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    name: str = ""
    domain: str = ""
    overload: str = ""
    attributes: Dict[str, Attribute] = field(default_factory=dict)
    doc: str = ""
    metadata: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ValueInfo:
    """The declared type of a value.

    Attributes:
        name: the value's name.
        data_type: number of the element type in onnx.proto; 0 if the value is not a tensor.
        dims: the sizes, None for an open one; None if the shape is unknown.
        symbols: names of the open dimensions by axis.
    """

    name: str
    data_type: int = 0
    dims: Optional[Dimensions] = None
    symbols: Tuple[str, ...] = ()


@dataclass
class GraphDef:
    """A graph of nodes."""

    name: str = ""
    nodes: List[Node] = field(default_factory=list)
    initializers: List[Tensor] = field(default_factory=list)
    inputs: List[ValueInfo] = field(default_factory=list)
    outputs: List[ValueInfo] = field(default_factory=list)
    values: Dict[str, ValueInfo] = field(default_factory=dict)


@dataclass
class Function:
    """A function of the model, to whose nodes a call expands."""

    name: str = ""
    domain: str = ""
    overload: str = ""
    inputs: List[str] = field(default_factory=list)
    outputs: List[str] = field(default_factory=list)
    nodes: List[Node] = field(default_factory=list)
    defaults: Dict[str, Attribute] = field(default_factory=dict)


@dataclass
class ModelDef:
    """A model of the file."""

    producer: str = ""
    producer_version: str = ""
    ir_version: int = 0
    graph: Optional[GraphDef] = None
    opsets: Dict[str, int] = field(default_factory=dict)
    functions: Dict[Tuple[str, str, str], Function] = field(default_factory=dict)
    metadata: Dict[str, str] = field(default_factory=dict)
