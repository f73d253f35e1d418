"""Resizes, and moves between spatial axes and channels."""

from __future__ import annotations

from typing import Any, Callable

from vai_inspect.core.ir.attrs import PixelShuffleAttrs, ResizeAttrs
from vai_inspect.frontends.torch.lower.call import Call

_MODES = {
    "bicubic": "BICUBIC",
    "bilinear": "BILINEAR",
    "nearest": "NEAREST",
    "nearest-exact": "NEAREST",
    "trilinear": "TRILINEAR",
}


def resize(call: Call, mode: str, align_corners: Any, antialias: bool = False) -> None:
    """Emits a resize; the scale, (w, h) or (w, h, d), is the ratio of output to input sizes."""
    call.keep_argument("mode", str(mode))
    name = f"{call.step.operation}({mode})"
    if mode not in _MODES or antialias or call.x.rank not in (4, 5):
        call.unknown(name, "with antialias" if antialias else "")
        return
    sizes = zip(call.output.shape[2:], call.x.shape[2:])
    scale = tuple(after / before for after, before in sizes)[::-1]
    aligned = bool(align_corners)
    centers = mode != "nearest" and not aligned
    call.emit("resize", ResizeAttrs(_MODES[mode], aligned, centers, scale))


def _interpolate(call: Call) -> None:
    given = call.settings(
        "input",
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
        antialias=False,
    )
    resize(call, given.mode, given.align_corners, bool(getattr(given, "antialias", False)))


def _upsample(mode: str) -> Callable[[Call], None]:
    """ATen's functions, one per mode."""

    def lowering(call: Call) -> None:
        if mode.startswith("nearest"):
            resize(call, mode, False)
        else:
            resize(call, mode, call.given("input", "size", "align_corners", a=0, b=0).align_corners)

    return lowering


def _pixels(upscale: bool) -> Callable[[Call], None]:
    def lowering(call: Call) -> None:
        # PyTorch's factor is the ratio of the widths.
        wide, narrow = call.output.shape[-1], call.x.shape[-1]
        scale = wide // narrow if upscale else narrow // wide
        call.emit("pixel-shuffle", PixelShuffleAttrs(scale, upscale))

    return lowering


MODULES = {
    "PixelShuffle": _pixels(True),
    "PixelUnshuffle": _pixels(False),
    "Upsample": _interpolate,
    "UpsamplingBilinear2d": _interpolate,
    "UpsamplingNearest2d": _interpolate,
}
FUNCTIONS = {
    "_upsample_bicubic2d_aa": lambda call: resize(call, "bicubic", False, True),
    "_upsample_bilinear2d_aa": lambda call: resize(call, "bilinear", False, True),
    "interpolate": _interpolate,
    "pixel_shuffle": _pixels(True),
    "pixel_unshuffle": _pixels(False),
    "upsample": _interpolate,
    "upsample_bicubic2d": _upsample("bicubic"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "upsample_nearest2d": _upsample("nearest"),
    "upsample_nearest3d": _upsample("nearest"),
    "upsample_trilinear3d": _upsample("trilinear"),
}
