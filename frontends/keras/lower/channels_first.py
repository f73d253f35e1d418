"""Converts a channels-first model to channels last, the layout of the DPU.

A step on the calls, before they are lowered: where a layer works on (N, C, H, W), its call is
rewritten to (N, H, W, C), so that no lowering knows of the other order. A transpose is inserted
only where an operator depends on the order of the axes, and says so.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Param
from vai_inspect.frontends.keras.live.generation import Symbol
from vai_inspect.frontends.keras.live.nested import leaves, mapped
from vai_inspect.frontends.keras.live.trace import InputTensor, Step, Trace
from vai_inspect.frontends.keras.lower.activation_function import SOFTMAX, Function
from vai_inspect.frontends.keras.lower.layer import Layer, seen
from vai_inspect.frontends.keras.lower.opaque_layers import OWN_CODE, WHOLE
from vai_inspect.frontends.keras.lower.wrapped import LAYERS as WRAPPED

_FIRST = "channels_first"
_KEPT = frozenset(OWN_CODE).union(*WHOLE.values(), WRAPPED)
_ANY_ORDER = frozenset(
    ("Activation", "Add", "AlphaDropout", "Average", "BatchNormalization", "Concatenate", "Dropout")
    + ("ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity", "LeakyReLU")
    + ("Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "ReLU", "Rescaling", "Softmax")
    + ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Subtract")
    + ("SyncBatchNormalization", "UnitNormalization")
)
"""Layers that mean the same in any order of the axes, but for the number of the axis they name."""
_ANY_ORDER_OPERATIONS = frozenset(
    ("Add", "Concatenate", "Copy", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid", "HardSilu")
    + ("LeakyRelu", "Maximum", "Minimum", "Multiply", "Negative", "ReLU", "Relu", "Relu6")
    + ("Sigmoid", "Silu", "Square", "Subtract", "Tanh", "TrueDivide")
)


def channels_last(
    inputs: Sequence[InputTensor], traced: Trace
) -> Tuple[Sequence[InputTensor], Trace]:
    """Returns the inputs and calls with the channels last; as they are where they always were."""
    if not any(keeps_first(seen(step.operation)) for step in traced.steps):
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
        """Returns an input, channels last where what reads it wants it so."""
        spec = tensor.spec
        readers = [step for step in steps if any(one is spec for one in step.inputs)]
        if len(spec.shape) > 2 and any(_wants_last(step) for step in readers):
            self._last[id(spec)] = turned(spec)
            return dataclasses.replace(tensor, spec=self._last[id(spec)])
        self._own[id(spec)] = spec
        return tensor

    def either(self, tensor: Any) -> Any:
        """Returns what a tensor has become, channels last where that is there."""
        return self._last.get(id(tensor)) or self._own[id(tensor)]

    def add(self, step: Step) -> None:
        """Adds a call in the order of axes that suits it."""
        operation = seen(step.operation)
        turn = keeps_first(operation) or (_wants_last(step) and self._all_last(step))
        known = {id(one): self._get(one, step, turn and len(one.shape) > 2) for one in step.inputs}
        outputs = []
        for tensor in step.outputs or ():
            moved = turn and len(tensor.shape) > 2
            outputs.append(turned(tensor) if moved else tensor)
            (self._last if moved else self._own)[id(tensor)] = outputs[-1]
        rank = len(step.inputs[0].shape) if step.inputs else 0
        self.steps.append(
            dataclasses.replace(
                step,
                operation=Turned(operation, rank) if turn else step.operation,
                args=mapped(step.args, known.get),
                kwargs=mapped(step.kwargs, known.get),
                inputs=tuple(known[id(one)] for one in step.inputs),
                outputs=tuple(outputs),
            )
        )

    def _all_last(self, step: Step) -> bool:
        return all(id(one) in self._last for one in step.inputs)

    def _get(self, tensor: Any, step: Step, last: bool) -> Any:
        """Returns a tensor in the order asked for, by a transpose where it is not there yet."""
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
        path="{}/{}".format(step.path, "to_nhwc" if last else "to_nchw"),
        args=(source,),
        kwargs={},
        inputs=(source,),
        outputs=(result,),
        messages=(f"inserted for deployment: from {first} to {second}",),
    )


def keeps_first(operation: Layer) -> bool:
    """Tells whether a layer that some lowering knows works on channels that come first."""
    if operation.keras_class is None or operation.keras_class in _KEPT:
        return False
    return bool(getattr(operation, "data_format", None) == _FIRST)


def _wants_last(step: Step) -> bool:
    operation = seen(step.operation)
    if keeps_first(operation):
        return True
    if len({len(tensor.shape) for tensor in step.inputs}) != 1:
        return False
    if operation.is_layer:
        softmax = _is_softmax(getattr(operation, "activation", None))
        return operation.keras_class in _ANY_ORDER and not softmax
    return operation.keras_class in _ANY_ORDER_OPERATIONS and all(
        # A constant of several elements has an order of its own.
        any(leaf is tensor for tensor in step.inputs) or not getattr(leaf, "shape", ())
        for leaf in leaves((step.args, step.kwargs))
    )


def _is_softmax(activation: Any) -> bool:
    """Tells whether an activation is a softmax over the last axis, whoever wrote it."""
    return isinstance(activation, Function) and activation.name == SOFTMAX.name


def turned(tensor: Any) -> Symbol:
    """Returns a tensor with its channels last, of one with its channels first."""
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
        """The layer's own."""
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
    """The transpose that is inserted, as Keras's layer of that meaning."""

    def __init__(self, order: Tuple[int, ...]) -> None:
        self.class_name = self.keras_class = "Permute"
        self.is_layer = True
        self.variable_dtype = ""
        self.dims = order[1:]
        self.data_format: Optional[str] = None

    def weights(self) -> List[Param]:
        """It has none."""
        return []
