"""One operator of the graph, and where it comes from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from vai_inspect.core.codec import Plain
from vai_inspect.core.findings import Remedy
from vai_inspect.core.ir.attrs import Attrs


@dataclass(frozen=True)
class TensorType:
    """Shape and element type of a tensor.

    Attributes:
        shape: every axis, batch first; NHWC for rank 4, NDHWC for rank 5.
        dtype: element type as numpy names it, of the float model, not of the DPU.
    """

    shape: Tuple[int, ...]
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def elements(self) -> int:
        """Number of elements."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def channels(self) -> int:
        """Size of the last axis, the channels in NHWC; 1 for a scalar."""
        return self.shape[-1] if self.shape else 1


@dataclass(frozen=True)
class Value:
    """One output of an operator: the operator's name and which of its outputs."""

    op: str
    index: int = 0


@dataclass(frozen=True)
class Frame(Plain):
    """One line of the user's code."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class CallForm:
    """How the user wrote a call, which decides what the vendor's quantiser makes of it.

    Attributes:
        name: class of the layer or module, `ReLU6`; or name of the function or method, `relu6`.
        is_layer: whether it is a layer or module.
        arguments: name and value of the arguments that a quantiser looks at, as they were given:
            `("padding", "same")`.
        base: Keras: the class of Keras's own that it is read as, which `name` extends where they
            differ; None where the user's own code says what it computes. PyTorch: None.
        calls: Keras: how often the model calls the layer.
    """

    name: str
    is_layer: bool = False
    arguments: Tuple[Tuple[str, str], ...] = ()
    base: Optional[str] = None
    calls: int = 1

    def argument(self, name: str) -> Optional[str]:
        """Returns the value of an argument, or None where it was not given."""
        return dict(self.arguments).get(name)


@dataclass(frozen=True)
class Origin(Plain):
    """Where an operator comes from.

    Attributes:
        framework: `keras`, `torch` or `onnx`.
        layers: paths of the user's layers or modules that became this operator, the one that
            gave it its name first, then those folded into it or dropped after it.
        source: frames of the user's code, innermost last; empty where the framework has none.
        call: how the user wrote it; None for inputs, outputs and what was read from a report.
        own: Keras: paths of the user's own layers and Lambdas, within whose calls `layers` are.
        first: the one of `layers` that reads its input; empty for the first of them, None where
            several do.
        last: the one of `layers` that gives its output; empty for the first of them.
        given_by: PyTorch: paths of the modules that return this operator's output and nothing
            else, innermost first, each with the number of its calls.
    """

    MEMBERS = ("layers", "source")

    framework: str = ""
    layers: Tuple[str, ...] = ()
    source: Tuple[Frame, ...] = ()
    call: Optional[CallForm] = None
    own: Tuple[str, ...] = ()
    first: Optional[str] = ""
    last: str = ""
    given_by: Tuple[Tuple[str, int], ...] = ()

    @property
    def input_layer(self) -> Optional[str]:
        """Path of the layer that reads its input; None where that is no single one."""
        return self.first or (self._own_layer if self.first is not None else None)

    @property
    def output_layer(self) -> Optional[str]:
        """Path of the layer whose output it gives; None without one."""
        return self.last or self._own_layer

    @property
    def _own_layer(self) -> Optional[str]:
        return self.layers[0] if self.layers else None

    def merged(self, other: "Origin") -> "Origin":
        """Returns this origin with the other's layers after its own, each once."""
        added = tuple(layer for layer in other.layers if layer not in self.layers)
        own = tuple(path for path in other.own if path not in self.own)
        return dataclasses.replace(self, layers=self.layers + added, own=self.own + own)


@dataclass(frozen=True)
class Param:
    """A parameter tensor of an operator: XIR's input name and the type; no values.

    Layouts are XIR's: conv2d weights [oc, kh, kw, ic / group], depthwise weights
    [multiplier, kh, kw, c], transposed weights [oc, kh, kw, ic], inner-product weights [oc, ic],
    bias [oc].
    """

    role: str
    type: TensorType


@dataclass(frozen=True)
class Op:
    """One operator.

    Attributes:
        name: unique in its graph.
        kind: a key of `KINDS`.
        attrs: the attribute set of that kind.
        inputs: the values it reads, parameters not among them.
        outputs: the types of the values it gives, NHWC; nearly always one.
        params: its parameter tensors.
        origin: the user's layers and lines.
        messages: notes of the passes for the user.
        float_only: why the vendor's quantiser of this framework leaves the operator in float,
            so that no DPU can take it; None where it quantises it.
        float_remedy: what to do instead, where it is known.
        float_obstacle: id of the obstacle in the quantiser report that says so, where there is one.
    """

    name: str
    kind: str
    attrs: Attrs
    inputs: Tuple[Value, ...] = ()
    outputs: Tuple[TensorType, ...] = ()
    params: Tuple[Param, ...] = ()
    origin: Origin = Origin()
    messages: Tuple[str, ...] = ()
    float_only: Optional[str] = None
    float_remedy: Optional[Remedy] = None
    float_obstacle: Optional[str] = None

    @property
    def output(self) -> TensorType:
        """Type of the first output."""
        return self.outputs[0]

    @property
    def layer(self) -> str:
        """Path of the user's layer that gave it its name; its own name where none is known."""
        return self.origin.layers[0] if self.origin.layers else self.name

    def param(self, role: str) -> Optional[TensorType]:
        """Returns the type of a parameter by XIR's input name, or None."""
        for param in self.params:
            if param.role == role:
                return param.type
        return None

    def replaced(self, **changes: Any) -> "Op":
        """Returns a copy with some fields changed."""
        return Op(**{**vars(self), **changes})  # dataclasses.replace takes twice as long

    def quantised(self, **changes: Any) -> "Op":
        """Returns a copy that the quantiser does not leave in float, with some fields changed."""
        return self.replaced(float_only=None, float_remedy=None, float_obstacle=None, **changes)

    def noted(self, message: str) -> "Op":
        """Returns a copy with one more message."""
        return self.replaced(messages=self.messages + (message,))

    def absorbed(self, other: "Op", message: str, **sides: Any) -> "Op":
        """Returns a copy with the layers and messages of an operator that is folded into it.

        Args:
            other: the operator that is folded.
            message: what became of it.
            sides: `first`, `last` or `given_by` of the origin, if that operator changes it.
        """
        return self.replaced(
            origin=dataclasses.replace(self.origin.merged(other.origin), **sides),
            messages=(*self.messages, message, *other.messages),
        )

    def attributes(self) -> Dict[str, Any]:
        """Returns the attributes by XIR name, in XIR's order."""
        return self.attrs.to_dict()
