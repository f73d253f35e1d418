"""The messages of onnx.proto that a graph is read from, and nothing more of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

Dimension = Optional[int]
Dimensions = Tuple[Dimension, ...]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of the file; its numbers lie where they are until they are asked for.

    Attributes:
        name: an initialiser's name.
        dims: its sizes.
        data_type: number of its element type in onnx.proto.
        data: what holds numbers: field number of TensorProto, and views of the bytes.
        external: whether the numbers lie in another file, which is never read.
    """

    name: str
    dims: Tuple[int, ...]
    data_type: int
    data: Tuple[Tuple[int, memoryview], ...] = ()
    external: bool = False


@dataclass(frozen=True)
class Attribute:
    """An attribute of a node: the one of its values that the file gives."""

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
    """A node: an operator with the names of what it reads and gives; "" where there is none."""

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
    """What the file says of a value: None for each open dimension, and for an unknown shape.

    Attributes:
        name: the value's name.
        data_type: number of the element type in onnx.proto; 0 where the value is no tensor.
        dims: the sizes.
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
    """A function of the model: nodes that another node stands for."""

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
