"""Element-wise functions of one or several tensors."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir.attrs import CastAttrs
from vai_inspect.core.ir.ops import ShapeError
from vai_inspect.core.ir.ops.joins import broadcast
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.file.numbers import dtype_of
from vai_inspect.frontends.onnx.node_reader import NodeReader
from vai_inspect.frontends.onnx.tensors import (
    Computed,
    Constant,
    Operand,
    Shape,
    UnreadableError,
)


def together(call: NodeReader) -> Shape:
    """Returns the broadcast shape of all inputs.

    Raises:
        UnreadableError: they do not broadcast.
    """
    try:
        return broadcast([one.shape for one in call.inputs if one is not None])
    except ShapeError as error:
        raise UnreadableError(str(error)) from error


def _joined(kind: str) -> Lowering:
    """Returns the lowering of a kind with two or more inputs, as a chain of binary operators.

    A product with 1 and a sum with 0 are identities, which PyTorch's older exporter omits too.
    """

    def lowering(call: Call) -> None:
        same = _unchanged(call, kind)
        if same is not None:
            call.emit("identity", inputs=[call.value(same)])
            return
        values = [
            call.value(one, f"const_{at}" if at else "const")
            for at, one in enumerate(call.inputs)
            if one is not None
        ]
        if len(values) == 1:
            call.emit("identity", inputs=values)
            return
        result, rest = values[0], values[1:]
        for at, value in enumerate(rest, 1 - len(rest)):
            suffix = f"{kind}_{at + len(rest) - 1}" if at else ""
            result = call.emit(kind, inputs=[result, value], suffix=suffix)

    return lowering


_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1}


def _unchanged(call: Call, kind: str) -> Optional[Operand]:
    """Returns the input that a binary operator returns unchanged, if the other is neutral."""
    if kind not in _NEUTRAL or len(call.inputs) != 2:
        return None
    pairs = [(call.input(0), call.input(1)), (call.input(1), call.input(0))]
    for kept, other in pairs if kind in ("add", "mul") else pairs[:1]:
        neutral = isinstance(other, Constant) and other.values == (_NEUTRAL[kind],)
        if neutral and isinstance(kept, Computed) and kept.shape == together(call):
            return kept
    return None


def unary(kind: str) -> Lowering:
    """Returns the lowering of an operator that is one operator without attributes in XIR."""

    def lowering(call: Call) -> None:
        call.emit(kind)

    return lowering


def _without_equivalent(call: Call) -> None:
    call.unknown([together(call)])


def _condition(call: Call) -> None:
    call.unknown([together(call)], dtype="bool")


def _where(call: Call) -> None:
    call.unknown([together(call)], dtype=call.input(1).dtype)


def _cast(call: Call) -> None:
    wanted = (
        call.input(1).dtype if call.node.op_type == "CastLike" else dtype_of(call.integer("to"))
    )
    if wanted == call.x.dtype:
        call.emit("identity")
    else:
        call.emit("cast", CastAttrs(wanted.upper()), dtype=wanted)


def _identity(call: Call) -> None:
    call.emit("identity")


def _dropout(call: Call) -> None:
    """At inference, where its mask is constant."""
    call.emit("identity")
    mask = Constant(call.x.shape, "bool" if call.opset >= 10 else call.x.dtype)
    call.set_outputs(*call.results, *[mask] * len(call.node.outputs[1:]))
    training = call.inputs[2] if call.has(2) else None
    values = training.values if isinstance(training, Constant) else None
    if training is not None and values != (False,):
        call.note("training_mode is set; inspected as at inference, where it does nothing")


_CONDITIONS = ("Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual")
_LOGIC = ("And", "Not", "Or", "Xor")
_EACH = (
    ("Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitShift")
    + ("BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil", "Cos", "Cosh", "Erf")
    + ("Floor", "Log", "Mod", "Pow", "Reciprocal", "Round", "Shrink", "Sign", "Sin", "Sinh")
    + ("Softplus", "Softsign", "Sqrt", "Tan", "ThresholdedRelu")
)
LOWERINGS: Dict[str, Lowering] = {
    **dict.fromkeys(_EACH, _without_equivalent),
    **dict.fromkeys((*_CONDITIONS, *_LOGIC), _condition),
    **dict.fromkeys(("Cast", "CastLike"), _cast),
    "Add": _joined("add"),
    "Div": _joined("div"),
    "Dropout": _dropout,
    "Exp": unary("exp"),
    "Identity": _identity,
    "Max": _joined("max"),
    "Min": _joined("min"),
    "Mul": _joined("mul"),
    "Neg": unary("neg"),
    "Sub": _joined("sub"),
    "Sum": _joined("add"),
    "Where": _where,
}
