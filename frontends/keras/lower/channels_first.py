"""Converts a channels-first model to channels last, the layout of the DPU.

It rewrites calls before they are lowered: that of a layer on (N, C, H, W) becomes one on
(N, H, W, C), so that lowerings handle only one order. A transpose, with a note, is inserted only
before an operator that depends on the order of the axes.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.ir import Param
from vai_inspect.frontends.keras.lower.activation_function import SOFTMAX, Function
from vai_inspect.frontends.keras.lower.layer import Layer
from vai_inspect.frontends.keras.lower.opaque_layers import OPAQUE, OWN_CODE
from vai_inspect.frontends.keras.lower.steps import InputTensor, Step, Symbol, Trace
from vai_inspect.frontends.keras.lower.wrapped import LAYERS as WRAPPED
from vai_inspect.frontends.keras.nested import leaves, replaced

_FIRST = "channels_first"
_KEPT = frozenset(OWN_CODE).union(*OPAQUE.values(), WRAPPED)
_ANY_ORDER = frozenset(
    ("Activation", "Add", "AlphaDropout", "Average", "BatchNormalization", "Concatenate", "Dropout")
    + ("ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity", "LeakyReLU")
    + ("Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "ReLU", "Rescaling", "Softmax")
    + ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Subtract")
    + ("SyncBatchNormalization", "UnitNormalization")
)
"""Layers independent of the order of the axes, except for the number of their axis setting."""
_ANY_ORDER_OPERATIONS = frozenset(
    ("Add", "Concatenate", "Copy", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid", "HardSilu")
    + ("LeakyRelu", "Maximum", "Minimum", "Multiply", "Negative", "ReLU", "Relu", "Relu6")
    + ("Sigmoid", "Silu", "Square", "Subtract", "Tanh", "TrueDivide")
)


def channels_last(
    inputs: Sequence[InputTensor], traced: Trace
) -> Tuple[Sequence[InputTensor], Trace]:
    """Returns the inputs and calls with the channels last; unchanged if no layer is first."""
    if not any(keeps_first(step.operation) for step in traced.steps):
        return inputs, traced
    layout = _Layout()
    given = [layout.input(tensor, traced.steps) for tensor in inputs]
    for step in traced.steps:
        layout.add(step)
    outputs = tuple(layout.either(tensor) for tensor in traced.outputs)
    return given, Trace(tuple(layout.steps), outputs)


class _Layout:
    """Maps each tensor to its channels-last form, its original form, or both."""

    def __init__(self) -> None:
        self.steps: List[Step] = []
        self._last: Dict[int, Symbol] = {}
        self._own: Dict[int, Any] = {}

    def input(self, tensor: InputTensor, steps: Sequence[Step]) -> InputTensor:
        """Returns an input, with the channels last if one of its readers needs that."""
        spec = tensor.spec
        readers = [step for step in steps if any(one is spec for one in step.inputs)]
        if len(spec.shape) > 2 and any(_wants_last(step) for step in readers):
            self._last[id(spec)] = turned(spec)
            return dataclasses.replace(tensor, spec=self._last[id(spec)])
        self._own[id(spec)] = spec
        return tensor

    def either(self, tensor: Any) -> Any:
        """Returns the new form of a tensor, with the channels last if it exists."""
        return self._last.get(id(tensor)) or self._own[id(tensor)]

    def add(self, step: Step) -> None:
        """Adds a call in the order of axes that it needs."""
        operation = step.operation
        turn = keeps_first(operation) or (_wants_last(step) and self._all_last(step))
        known = {id(one): self._get(one, step, turn and len(one.shape) > 2) for one in step.inputs}
        outputs = []
        for tensor in step.outputs or ():
            moved = turn and len(tensor.shape) > 2
            outputs.append(turned(tensor) if moved else tensor)
            (self._last if moved else self._own)[id(tensor)] = outputs[-1]
        moved_step = with_tensors(step, known, tuple(outputs))
        self.steps.append(with_channels_last(moved_step) if turn else moved_step)

    def _all_last(self, step: Step) -> bool:
        return all(id(one) in self._last for one in step.inputs)

    def _get(self, tensor: Any, step: Step, last: bool) -> Any:
        """Returns a tensor in an order of axes; adds a transpose if it does not exist yet."""
        table, other = (self._last, self._own) if last else (self._own, self._last)
        if id(tensor) not in table:
            rank = len(tensor.shape)
            order = to_last(rank) if last else to_first(rank)
            source = other[id(tensor)]
            result = Symbol(tuple(source.shape[axis] for axis in order), str(source.dtype))
            table[id(tensor)] = result
            self.steps.append(_transpose(step, source, result, order, last))
        return table[id(tensor)]


def _transpose(step: Step, source: Any, result: Symbol, order: Tuple[int, ...], last: bool) -> Step:
    letters = {3: "NCW", 4: "NCHW", 5: "NCDHW"}.get(len(order), "N" + "C" * (len(order) - 1))
    ends = (letters, letters[0] + letters[2:] + "C")
    first, second = ends if last else ends[::-1]
    return Step(
        operation=_Permute(order),
        path=f"{step.path}/{'to_nhwc' if last else 'to_nchw'}",
        args=(source,),
        kwargs={},
        inputs=(source,),
        outputs=(result,),
        messages=(f"inserted for deployment: from {first} to {second}",),
    )


def with_tensors(
    step: Step, known: Mapping[int, Any], outputs: Optional[Tuple[Any, ...]] = None
) -> Step:
    """Returns a call on other tensors.

    Args:
        step: the call.
        known: the tensor that replaces an input, by the input's identity.
        outputs: its output tensors.
    """
    args, kwargs = replaced((step.args, step.kwargs), known)
    inputs = tuple(known.get(id(one), one) for one in step.inputs)
    return dataclasses.replace(step, args=args, kwargs=kwargs, inputs=inputs, outputs=outputs)


def with_channels_last(step: Step) -> Step:
    """Returns a channels-first call as a call of the channels-last layer.

    Args:
        step: the call, on tensors with the channels last.
    """
    rank = len(step.inputs[0].shape) if step.inputs else 0
    return dataclasses.replace(step, operation=Turned(step.operation, rank))


def keeps_first(operation: Layer) -> bool:
    """Returns whether a layer that may have a lowering is channels-first."""
    if operation.keras_class is None or operation.keras_class in _KEPT:
        return False
    return bool(getattr(operation, "data_format", None) == _FIRST)


def _wants_last(step: Step) -> bool:
    operation = step.operation
    if keeps_first(operation):
        return True
    if len({len(tensor.shape) for tensor in step.inputs}) != 1:
        return False
    if operation.is_layer:
        softmax = _is_softmax(getattr(operation, "activation", None))
        return operation.keras_class in _ANY_ORDER and not softmax
    return operation.keras_class in _ANY_ORDER_OPERATIONS and all(
        # A constant of several elements has a fixed order.
        any(leaf is tensor for tensor in step.inputs) or not getattr(leaf, "shape", ())
        for leaf in leaves((step.args, step.kwargs))
    )


def _is_softmax(activation: Any) -> bool:
    """Returns whether an activation is a softmax over the last axis, of any library."""
    return isinstance(activation, Function) and activation.name == SOFTMAX.name


def turned(tensor: Any) -> Symbol:
    """Returns a channels-first tensor with the channels last."""
    shape = tuple(tensor.shape)
    return Symbol(tuple(shape[axis] for axis in to_last(len(shape))), str(tensor.dtype))


def to_last(rank: int) -> Tuple[int, ...]:
    """Returns the axis order that moves the channels last."""
    return (0, *range(2, rank), 1)


def to_first(rank: int) -> Tuple[int, ...]:
    """Returns the axis order that moves the channels first."""
    return (0, rank - 1, *range(1, rank - 1))


class Turned(Layer):
    """The channels-last equivalent of a layer: axes in its settings are renumbered."""

    def __init__(self, layer: Layer, rank: int) -> None:
        self.class_name = layer.class_name
        self.keras_class = layer.keras_class
        self.is_layer = layer.is_layer
        self.variable_dtype = layer.variable_dtype
        self._layer = layer
        self._rank = rank

    def weights(self) -> List[Param]:
        """Returns the parameters of the layer."""
        return self._layer.weights()

    def _setting(self, name: str) -> Any:
        value = getattr(self._layer, name)
        if name == "data_format":
            return "channels_last"
        if name in ("axis", "shared_axes"):
            return self._axes(value)
        if name == "activation" and _is_softmax(value):
            return Function("softmax over the width", "keras")
        return value

    def _axes(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, (list, tuple)):
            return type(value)(self._axes(axis) for axis in value)
        return to_last(self._rank).index(int(value) % self._rank)


class _Permute(Layer):
    """An inserted transpose, as a Permute layer."""

    def __init__(self, order: Tuple[int, ...]) -> None:
        self.class_name = self.keras_class = "Permute"
        self.is_layer = True
        self.variable_dtype = ""
        self.dims = order[1:]
        self.data_format: Optional[str] = None

    def weights(self) -> List[Param]:
        """Returns nothing."""
        return []
