"""Small models as examples of quantiser rules, built without a framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import CallForm, Graph, Op, Origin, Param, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, NoAttrs, TensorAttrs
from vai_inspect.core.ir.ops import output_shape
from vai_inspect.core.model_form import ModelForm
from vai_inspect.rules.quantizers.sketch_attrs import default_attrs, default_weights

Shape = Tuple[int, ...]
MAP: Shape = (1, 16, 16, 8)


class Sketch:
    """Builder of a model, one call after another.

    Attributes:
        x: the last operator, which the next one reads.
    """

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self.x = "input"
        self.form = ModelForm()
        self._ops: List[Op] = []
        self._returned: List[str] = []

    def input(self, shape: Shape = MAP, dtype: str = "float32", name: str = "input") -> str:
        """Adds an input; the default is a 16 x 16 feature map with 8 channels."""
        attrs = TensorAttrs(shape, dtype.upper())
        self._ops.append(Op(name, "data", attrs, outputs=(TensorType(shape, dtype),)))
        self.x = name
        return name

    def conv(self, after: Optional[str] = None, **arguments: str) -> str:
        """Adds a convolution with 8 channels, as a module or layer."""
        name = "Conv2d" if self.framework == "torch" else "Conv2D"
        return self.layer(name, "conv2d", None if after is None else [after], **arguments)

    def layer(self, cls: str, kind: str, read: Optional[Sequence[str]] = None, **rest: Any) -> str:
        """Adds a module or layer; see `call`."""
        return self.call(cls, kind, read, is_layer=True, **rest)

    def call(
        self,
        name: str,
        kind: str = "unknown",
        read: Optional[Sequence[str]] = None,
        *,
        is_layer: bool = False,
        attrs: Optional[Attrs] = None,
        shape: Optional[Shape] = None,
        dtype: str = "float32",
        params: Sequence[str] = (),
        as_name: str = "",
        own_class: bool = False,
        times: int = 1,
        layer: str = "",
        in_float: Optional[str] = None,
        **arguments: str,
    ) -> str:
        """Adds an operator and returns its name.

        Args:
            name: class or function in the user's code.
            kind: kind of the operator.
            read: names of the input operators; the last operator by default.
            is_layer: whether it is a module or layer.
            attrs: attributes of the operator.
            shape: shape of the output; that of the first input by default.
            dtype: type of the output.
            params: roles of its parameters in addition to the weights, one value per channel.
            as_name: name of the operator, if it matters.
            own_class: whether the class is the user's own (Keras).
            times: number of calls of the layer in the model (Keras).
            layer: path of the layer, if several operators share one.
            in_float: why the flow's passes leave it in float.
            **arguments: arguments in the user's code.
        """
        if not self._ops:
            self.input()
        read = [self.x] if read is None else list(read)
        known = {op.name: op for op in self._ops}
        before = [known[one].output.shape for one in read]
        attrs = attrs or default_attrs(kind, name, before[0])
        roles: Dict[str, Shape] = dict.fromkeys(params, (before[0][-1],))
        weights = default_weights(kind, attrs, before[0])
        if weights:
            roles["weights"] = weights
        size = shape or output_shape(kind, attrs, before, roles) or before[0]
        op_name = as_name or f"{name}_{len(self._ops)}"
        base = None
        if self.framework == "keras" and not own_class:
            base = name
        form = CallForm(name, is_layer, tuple(arguments.items()), base, times)
        self._ops.append(
            Op(
                name=op_name,
                kind=kind,
                attrs=attrs,
                inputs=tuple(Value(one) for one in read),
                outputs=(TensorType(size, dtype),),
                params=tuple(Param(role, TensorType(one)) for role, one in roles.items()),
                origin=Origin(self.framework, (layer or op_name,), (), form),
                float_only=in_float,
            )
        )
        self.x = op_name
        return op_name

    def parameter(self, *shape: int, path: str = "scale") -> str:
        """Adds a parameter or buffer of the model, in PyTorch's axis order."""
        form = CallForm("parameter", False, (("path", path), ("shape", _text(shape))))
        return self._constant(shape, path, form)

    def constant(self, *shape: int, number: Optional[float] = None) -> str:
        """Adds a constant that is not a parameter, or a number."""
        name = f"const_{len(self._ops)}"
        form = CallForm("constant", False, (("shape", _text(shape)),)) if shape else None
        return self._constant(shape or (1,), name, form, number)

    def _constant(
        self, shape: Shape, name: str, form: Optional[CallForm], number: Optional[float] = None
    ) -> str:
        if not self._ops:
            self.input()
        if self.framework == "torch" and self._ops[0].output.rank == 4:
            _, *rest = (1,) * (4 - len(shape)) + tuple(shape)
            shape = (1, *rest[1:], rest[0])  # NHWC, as the frontend lays out operands of a map
        attrs = TensorAttrs(shape, "FLOAT32", number)
        origin = Origin(self.framework, (), (), form)
        self._ops.append(Op(name, "const", attrs, outputs=(TensorType(shape),), origin=origin))
        return name

    def returns(self, *names: str) -> None:
        """Sets the outputs of the model; the default is the last operator."""
        self._returned += names

    def captured(self) -> Captured:
        """Returns the model like the result of a frontend."""
        if not self._ops:
            self.input()
        ends = []
        known = {op.name: op for op in self._ops}
        for at, name in enumerate(self._returned or [self.x]):
            attrs = NoAttrs()
            end = f"return_{at}"
            ends.append(Op(end, "return", attrs, (Value(name),), (known[name].output,)))
        info = ModelInfo("example", self.framework, "", "fx")
        graph = Graph("example", [*self._ops, *ends])
        return Captured(graph, info, form=self.form)


Draw = Callable[[Sketch], Any]


@dataclass(frozen=True)
class Sketched:
    """An example.

    Attributes:
        text: what it shows, for the documentation.
        draw: builds the model.
        releases: releases for which it holds; empty for all releases of the rule.
    """

    text: str
    draw: Draw
    releases: Tuple[str, ...] = ()

    def captured(self, framework: str) -> Captured:
        """Returns the model, as one of a framework."""
        sketch = Sketch(framework)
        self.draw(sketch)
        return sketch.captured()


def example(text: str, draw: Union[Draw, Sequence[Draw]], *releases: str) -> Sketched:
    """Returns an example; see `Sketched`."""
    steps = [draw] if callable(draw) else list(draw)

    def draw_all(sketch: Sketch) -> None:
        for step in steps:
            step(sketch)

    return Sketched(text, draw_all, releases)


def _text(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
