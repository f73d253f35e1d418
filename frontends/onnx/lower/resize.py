"""Resizes, and moves between spatial axes and channels."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from vai_inspect.core.ir.attrs import PixelShuffleAttrs, ResizeAttrs
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError

_CENTRES = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "tf_half_pixel_for_nn")
_MODES = {
    ("nearest", 4): "NEAREST",
    ("nearest", 5): "NEAREST",
    ("linear", 4): "BILINEAR",
    ("linear", 5): "TRILINEAR",
    ("cubic", 4): "BICUBIC",
}


def _wanted(call: Call) -> Shape:
    """Returns the output shape of a resize, from its sizes or scales."""
    before, rank = call.x.shape, call.x.rank
    if call.node.op_type == "Upsample":
        scales = call.node.attributes["scales"].numbers if call.opset < 9 else call.values(1)
        return _scaled(before, scales)
    at_scales, at_sizes = (1, -1) if call.opset < 11 else (2, 3)
    named = call.integers("axes", range(rank))
    axes = [axis % rank for axis in named]
    if call.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnreadableError("it keeps the aspect ratio")
    if at_sizes > 0 and call.has(at_sizes) and call.input(at_sizes).shape != (0,):
        sizes = dict(zip(axes, map(int, call.values(at_sizes))))
        return tuple(sizes.get(axis, size) for axis, size in enumerate(before))
    by_axis = dict(zip(axes, call.values(at_scales)))
    return _scaled(before, [by_axis.get(axis, 1.0) for axis in range(rank)])


def _scaled(before: Shape, scales: Sequence[float]) -> Shape:
    if len(scales) != len(before):
        raise UnreadableError(f"its scales are not for {len(before)} axes")
    if any(not 0 < scale < 2**31 for scale in scales):
        raise UnreadableError(f"its scales {list(scales)} are invalid")
    return tuple(int(size * scale + 1e-6) for size, scale in zip(before, scales))


def _resize(call: Call) -> None:
    shape, before = _wanted(call), call.x.shape
    mode = call.text("mode", "nearest")
    default = "half_pixel" if call.opset >= 11 else "asymmetric"
    coordinates = call.text("coordinate_transformation_mode", default)
    kind = _MODES.get((mode, len(before)))
    called = f"{call.node.op_type}({mode})"
    if kind is None or call.integer("antialias") or coordinates not in (*_CENTRES, *_CORNERS):
        message = "with antialias" if call.integer("antialias") else ""
        call.unknown([shape], called, message)
        return
    if shape[:2] != before[:2] or min(before) < 1:
        call.unknown([shape], called, "of the batch or the channels")
        return
    scale = tuple(after / size for after, size in zip(shape[2:], before[2:]))[::-1]
    corners, centres = coordinates == "align_corners", coordinates in _CENTRES
    attrs = ResizeAttrs(kind, corners, centres, scale)
    call.emit("resize", attrs)


_CORNERS = ("align_corners", "asymmetric")


def _depth_to_space(call: Call) -> None:
    """CRD is PyTorch's pixel shuffle; DCR, TensorFlow's, has no known XIR equivalent.

    Both are independent of the axis order, like SpaceToDepth, which is channels-last in TensorFlow.
    """
    scale = call.integer("blocksize")
    if scale < 1:
        raise UnreadableError(f"its block is {scale}")
    if call.text("mode", "DCR") == "CRD":
        call.emit("pixel-shuffle", PixelShuffleAttrs(scale, True))
    else:
        call.unknown([_grown(call.x.shape, scale)], any_order=True)


def _grown(shape: Shape, scale: int) -> Tuple[int, ...]:
    if len(shape) != 4 or shape[1] % scale**2:
        raise UnreadableError(f"the block {scale} does not divide {shape}")
    return shape[0], shape[1] // scale**2, shape[2] * scale, shape[3] * scale


def _space_to_depth(call: Call) -> None:
    scale, shape = call.integer("blocksize"), call.x.shape
    if scale < 1 or len(shape) != 4 or shape[2] % scale or shape[3] % scale:
        raise UnreadableError(f"the block {scale} does not divide {shape}")
    small = (shape[0], shape[1] * scale**2, shape[2] // scale, shape[3] // scale)
    call.unknown([small], any_order=True)


LOWERINGS: Dict[str, Lowering] = {
    "DepthToSpace": _depth_to_space,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
    "Upsample": _resize,
}
