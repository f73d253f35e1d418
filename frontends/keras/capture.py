"""A Keras model read into the IR, step by step."""

from __future__ import annotations

from typing import Any, Dict, List

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import ModelInfo
from vai_inspect.core.ir import Graph, Op, Origin, TensorType, Value, verify
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs
from vai_inspect.frontends.keras.call import Call
from vai_inspect.frontends.keras.dispatch import lower
from vai_inspect.frontends.keras.input_shapes import resolve_inputs
from vai_inspect.frontends.keras.names import Names
from vai_inspect.frontends.keras.recognise import opened
from vai_inspect.frontends.keras.trace import InputTensor, Step, trace


def capture(model: Any, input_args: Any = None) -> Captured:
    """Reads a Keras 3 model into the IR.

    The user's model comes back unchanged: no node, layer or variable more than before.

    Args:
        model: a built Functional, Sequential or subclassed model. A Sequential that is not built
            is read from a copy where `input_args` says its input shape. Of a subclassed model
            the call is run once on symbolic tensors; the nodes that this adds are taken away.
        input_args: shapes that replace the model's own, batch included: None, one shape, a list
            of shapes in the order of `model.inputs` or a dict of shapes by input name; an
            array-like stands for its shape. Where None, a batch of 1 is taken.

    Returns:
        The graph before any pass, shapes NHWC, and what the report says of the model.

    Raises:
        ModelError: something that is no Keras 3 model, or one that has no graph yet.
        InputShapeError: a dimension that nothing fills, or a shape that does not fit the model.
        CaptureError: a model whose layers keep their channels first.
    """
    import keras

    with opened(model, input_args) as function:
        inputs = resolve_inputs(function, input_args)
        traced = trace(function, inputs, replaced=input_args is not None)
    paths = [step.path for step in traced.steps]
    names = Names([tensor.name for tensor in inputs] + paths)
    values: Dict[int, Value] = {}
    ops = [_data(tensor, names, values) for tensor in inputs]
    for step in traced.steps:
        ops.extend(_lowered(step, names, values))
    for tensor in traced.outputs:
        ops.append(_return(ops, values[id(tensor)], names))
    return Captured(
        graph=verify(Graph(model.name, ops)),
        model=ModelInfo(
            name=model.name,
            framework="keras",
            framework_version=str(keras.__version__),
            capture="functional",
        ),
    )


def _data(tensor: InputTensor, names: Names, values: Dict[int, Value]) -> Op:
    name = names.take(tensor.name)
    values[id(tensor.spec)] = Value(name)
    shape = tuple(tensor.spec.shape)
    dtype = str(tensor.spec.dtype)
    return Op(
        name=name,
        kind="data",
        attrs=TensorAttrs(shape, dtype.upper()),
        outputs=(TensorType(shape, dtype),),
        origin=Origin("keras", (tensor.name,)),
    )


def _lowered(step: Step, names: Names, values: Dict[int, Value]) -> List[Op]:
    """Returns the operators of one call and enters what it gives in `values`."""
    ops = lower(Call(step, names.take(step.path), names, values))
    last = ops[-1].name
    for index, tensor in enumerate(step.outputs):
        values[id(tensor)] = Value(last, index)
    return ops


def _return(ops: List[Op], value: Value, names: Names) -> Op:
    source = next(op for op in reversed(ops) if op.name == value.op)
    return Op(
        name=names.take("return"),
        kind="return",
        attrs=NoAttrs(),
        inputs=(value,),
        outputs=(source.outputs[value.index],),
        origin=Origin("keras"),
    )
