"""Layers and operations that resize an image."""

from __future__ import annotations

from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.frontends.keras.lower.call import Call

_MODES = {"nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC"}


def up_sampling_2d(call: Call) -> None:
    """UpSampling2D; scale is (w, h). Keras interpolates between the centres of pixels."""
    layer = call.operation
    height, width = layer.size
    _resize(call, layer.interpolation, (float(width), float(height)))


def up_sampling_3d(call: Call) -> None:
    """UpSampling3D repeats its input; scale is (w, h, d)."""
    depth, height, width = call.operation.size
    call.emit("resize", ResizeAttrs("NEAREST", scale=(float(width), float(height), float(depth))))


def resizing(call: Call) -> None:
    """Resizing and `keras.ops.image.resize` to a size."""
    layer = call.operation
    name = layer.class_name
    if call.types[0].rank != 4:
        call.unknown(name, "of one image without a batch axis")
    elif layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio or layer.antialias:
        call.unknown(name, "with crop_to_aspect_ratio, pad_to_aspect_ratio or antialias")
    else:
        scale = (call.output.shape[2] / call.shape[2], call.output.shape[1] / call.shape[1])
        _resize(call, layer.interpolation, scale)


def _resize(call: Call, interpolation: str, scale: "tuple[float, float]") -> None:
    if interpolation not in _MODES:
        call.unknown(f"{call.operation.class_name}({interpolation})")
        return
    mode = _MODES[interpolation]
    call.emit("resize", ResizeAttrs(mode, half_pixel_centers=mode != "NEAREST", scale=scale))


LAYERS = {"Resizing": resizing, "UpSampling2D": up_sampling_2d, "UpSampling3D": up_sampling_3d}
