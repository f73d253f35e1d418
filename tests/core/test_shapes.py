"""Shape rules: what each kind gives, and what it refuses."""

from __future__ import annotations

import pytest

from vai_inspect.core.ir import OPS
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.ops import ShapeError, broadcast, output_shape, reshaped

IMAGE = (1, 8, 10, 4)
CONV = a.Conv2dAttrs((3, 5), (2, 1), pad=(1, 1, 2, 2))

GIVES = {
    "conv1d": (a.Conv1dAttrs((3,), (2,)), [(1, 9, 4)], (6, 3, 4), (1, 4, 6)),
    "conv2d": (CONV, [IMAGE], (6, 5, 3, 4), (1, 8, 5, 6)),
    "conv2d ceil": (
        a.Conv2dAttrs((3, 3), (2, 2), pad_mode="CEIL"),
        [IMAGE],
        (6, 3, 3, 4),
        (1, 4, 5, 6),
    ),
    "conv2d in groups": (a.Conv2dAttrs((1, 1), group=2), [IMAGE], (6, 1, 1, 2), (1, 8, 10, 6)),
    "conv2d dilated": (
        a.Conv2dAttrs((3, 3), dilation=(4, 2)),
        [IMAGE],
        (6, 3, 3, 4),
        (1, 4, 2, 6),
    ),
    "conv3d": (a.Conv3dAttrs((1, 2, 3)), [(1, 5, 6, 7, 2)], (3, 3, 2, 1, 2), (1, 3, 5, 7, 3)),
    "depthwise-conv2d": (
        a.DepthwiseConv2dAttrs((3, 3), multiplier=2),
        [IMAGE],
        (2, 3, 3, 4),
        (1, 6, 8, 8),
    ),
    "transposed-conv2d": (
        a.TransposedConv2dAttrs((4, 3), (2, 2), pad=(1, 1, 0, 1), output_padding=(0, 1)),
        [IMAGE],
        (6, 3, 4, 4),
        (1, 17, 20, 6),
    ),
    "transposed-depthwise-conv2d": (
        a.TransposedDepthwiseConv2dAttrs((4, 4), (2, 2), pad=(1, 1, 1, 1)),
        [IMAGE],
        (1, 4, 4, 4),
        (1, 16, 20, 4),
    ),
    "inner-product": (a.InnerProductAttrs(2), [(1, 5, 4)], (7, 4), (1, 5, 7)),
    "inner-product of several axes": (a.InnerProductAttrs(1), [(1, 5, 4)], (7, 20), (1, 7)),
    "matmul": (a.MatmulAttrs(), [(2, 1, 3, 4), (5, 4, 6)], None, (2, 5, 3, 6)),
    "matmul transposed": (a.MatmulAttrs(True, True), [(4, 3), (6, 4)], None, (3, 6)),
    "matmul of vectors": (a.MatmulAttrs(), [(2, 3, 4), (4,)], None, (2, 3)),
    "maxpool1d": (a.MaxPool1dAttrs((2,), (2,)), [(1, 9, 4)], None, (1, 4, 4)),
    "maxpool2d": (a.MaxPool2dAttrs((3, 3), (2, 2), pad=(1, 1, 1, 1)), [IMAGE], None, (1, 4, 5, 4)),
    "maxpool2d ceil": (
        a.MaxPool2dAttrs((2, 2), (3, 3), pad_mode="CEIL", pad=(0, 1, 0, 1)),
        [(1, 9, 9, 4)],
        None,
        (1, 3, 3, 4),
    ),
    "avgpool2d": (a.AvgPool2dAttrs((10, 8), (10, 8), global_=True), [IMAGE], None, (1, 1, 1, 4)),
    "pad": (a.PadAttrs((0, 0, 1, 2, 3, 0, 0, 0)), [IMAGE], None, (1, 11, 13, 4)),
    "resize": (a.ResizeAttrs("NEAREST", scale=(2.0, 0.5)), [IMAGE], None, (1, 4, 20, 4)),
    "resize by a quotient": (
        a.ResizeAttrs("NEAREST", scale=(3 / 7, 5 / 7)),
        [(1, 7, 7, 4)],
        None,
        (1, 5, 3, 4),
    ),
    "pixel-shuffle": (a.PixelShuffleAttrs(2), [IMAGE], None, (1, 16, 20, 1)),
    "reorg": (a.ReorgAttrs(2), [IMAGE], None, (1, 4, 5, 16)),
    "add": (a.NoAttrs(), [IMAGE, (10, 1), (1,)], None, IMAGE),
    "concat": (a.AxisAttrs(3), [IMAGE, (1, 8, 10, 2)], None, (1, 8, 10, 6)),
    "stack": (a.AxisAttrs(1), [(1, 4), (1, 4), (1, 4)], None, (1, 3, 4)),
    "softmax": (a.AxisAttrs(3), [IMAGE], None, IMAGE),
    "argmax": (a.AxisAttrs(3), [IMAGE], None, (1, 8, 10)),
    "reduction_mean": (a.ReductionAttrs((1, 2)), [IMAGE], None, (1, 4)),
    "reduction_max": (a.ReductionAttrs((1, 2), True), [IMAGE], None, (1, 1, 1, 4)),
    "reshape": (a.ReshapeAttrs((1, 80, 4)), [IMAGE], None, (1, 80, 4)),
    "flatten": (a.FlattenAttrs(1, 3), [IMAGE], None, (1, 320)),
    "squeeze": (a.SqueezeAttrs((1, 2)), [(1, 1, 1, 4)], None, (1, 4)),
    "transpose": (a.TransposeAttrs((0, 3, 1, 2)), [IMAGE], None, (1, 4, 8, 10)),
    "strided_slice": (
        a.StridedSliceAttrs((0, 1, 0, 0), (1, 8, 10, 99), (1, 2, 3, 1)),
        [IMAGE],
        None,
        (1, 4, 4, 4),
    ),
    "strided_slice backwards": (a.StridedSliceAttrs((3,), (-1,), (-2,)), [(4,)], None, (2,)),
    "data": (a.TensorAttrs((1, 3)), [], None, (1, 3)),
    "shape": (a.NoAttrs(), [IMAGE], None, (4,)),
}


@pytest.mark.parametrize("name", GIVES)
def test_gives(name: str) -> None:
    attrs, inputs, weights, want = GIVES[name]
    kind = name.split()[0]
    assert type(attrs) is OPS[kind].attrs
    assert output_shape(kind, attrs, inputs, {"weights": weights} if weights else {}) == want


REFUSES = {
    "conv2d of other channels": (CONV, [IMAGE], (6, 5, 3, 3), "4 channels"),
    "conv2d of another rank": (CONV, [(1, 4)], (6, 5, 3, 4), "4 axes"),
    "conv2d larger than the image": (
        a.Conv2dAttrs((11, 1)),
        [IMAGE],
        (6, 1, 11, 4),
        "does not fit",
    ),
    "conv2d without a step": (a.Conv2dAttrs((1, 1), (0, 1)), [IMAGE], (6, 1, 1, 4), "stride 0"),
    "depthwise-conv2d of other channels": (
        a.DepthwiseConv2dAttrs((1, 1)),
        [IMAGE],
        (1, 1, 1, 3),
        "4 channels",
    ),
    "transposed-conv2d that crops all": (
        a.TransposedConv2dAttrs((1, 1), pad=(5, 5, 0, 0)),
        [IMAGE],
        (6, 1, 1, 4),
        "would give",
    ),
    "inner-product of other features": (a.InnerProductAttrs(1), [(1, 4)], (7, 5), "do not fit"),
    "matmul of other sizes": (a.MatmulAttrs(), [(2, 3), (4, 5)], None, "multiplied"),
    "add of other sizes": (a.NoAttrs(), [IMAGE, (1, 8, 9, 4)], None, "do not broadcast"),
    "concat of other sizes": (a.AxisAttrs(3), [IMAGE, (1, 8, 9, 4)], None, "joined on axis 3"),
    "concat on an axis that is not there": (a.AxisAttrs(4), [IMAGE], None, "no axis 4"),
    "stack of other sizes": (a.AxisAttrs(0), [(1, 4), (1, 5)], None, "one shape"),
    "reshape of other elements": (a.ReshapeAttrs((1, 81, 4)), [IMAGE], None, "elements"),
    "squeeze of a real axis": (a.SqueezeAttrs((1,)), [IMAGE], None, "not all 1"),
    "transpose in no order": (a.TransposeAttrs((0, 1, 1, 2)), [IMAGE], None, "no order"),
    "strided_slice of nothing": (a.StridedSliceAttrs((2,), (2,), (1,)), [(4,)], None, "would give"),
    "pad of another rank": (a.PadAttrs((1, 1)), [IMAGE], None, "do not fit"),
    "pixel-shuffle of odd channels": (a.PixelShuffleAttrs(3), [IMAGE], None, "does not divide"),
    **{
        "{} of a scalar".format(kind): (attrs, [()], weights, "no channels|axes of")
        for kind, attrs, weights in (
            ("conv2d", CONV, (6, 5, 3, 4)),
            ("depthwise-conv2d", a.DepthwiseConv2dAttrs((1, 1)), (1, 1, 1, 4)),
            ("transposed-conv2d", a.TransposedConv2dAttrs((1, 1)), (6, 1, 1, 4)),
            ("transposed-depthwise-conv2d", a.TransposedDepthwiseConv2dAttrs((1, 1)), None),
            ("maxpool2d", a.MaxPool2dAttrs((1, 1), (1, 1)), None),
            ("resize", a.ResizeAttrs("NEAREST", scale=(2.0, 2.0)), None),
        )
    },
    "relu of nothing": (a.NoAttrs(), [], None, "no input"),
}


@pytest.mark.parametrize("name", REFUSES)
def test_refuses(name: str) -> None:
    attrs, inputs, weights, says = REFUSES[name]
    with pytest.raises(ShapeError, match=says):
        output_shape(name.split()[0], attrs, inputs, {"weights": weights} if weights else {})


@pytest.mark.parametrize("kind", ["unknown", "conv2d", "inner-product", "resize"])
def test_what_is_not_told_is_none(kind: str) -> None:
    attrs = {
        "unknown": a.UnknownAttrs("Lambda"),
        "conv2d": a.Conv2dAttrs((1, 1)),
        "inner-product": a.InnerProductAttrs(1),
        "resize": a.ResizeAttrs("NEAREST"),
    }[kind]
    assert output_shape(kind, attrs, [IMAGE]) is None


@pytest.mark.parametrize(
    ("target", "want"), [((4, -1), (4, 80)), ((320,), (320,)), ((-1,), (320,)), ((1, 0), None)]
)
def test_reshaped(target: "tuple[int, ...]", want: "tuple[int, ...] | None") -> None:
    if want is None:
        with pytest.raises(ShapeError):
            reshaped(IMAGE, target)
    else:
        assert reshaped(IMAGE, target) == want


def test_broadcast_of_scalars() -> None:
    assert broadcast([(), (2, 1), (3,)]) == (2, 3)
