"""Transposed convolutions: crop and output padding follow from Keras's output shape."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import TransposedConv2dAttrs, TransposedConv3dAttrs
from vai_inspect.frontends.keras.lower.activation import append_activation
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.window import transposed_crop, xir


def _transposed(rank: int, cls: Any) -> Lowering:
    """Conv2DTranspose and Conv3DTranspose; weights [oc, (kd), kh, kw, ic / group]."""

    def lowering(call: Call) -> None:
        layer = call.operation
        settings = (layer.kernel_size, layer.strides, layer.dilation_rate)
        kernel, stride, dilation = (xir(sizes, rank) for sizes in settings)
        group = int(getattr(layer, "groups", 1))
        sizes = zip(call.shape[1 : 1 + rank], call.output.shape[1 : 1 + rank], *settings)
        crops = [transposed_crop(*axis) for axis in sizes][::-1]
        attrs = cls(
            kernel=kernel,
            stride=stride,
            dilation=dilation,
            pad=tuple(side for before, after, _ in crops for side in (before, after)),
            group=group,
            output_padding=tuple(extra for _, _, extra in crops),
        )
        weights = (layer.filters, *layer.kernel_size, call.types[0].channels // group)
        params: List[Tuple[str, Sequence[int]]] = [("weights", weights)]
        if layer.use_bias:
            params.append(("bias", (layer.filters,)))
        call.emit(f"transposed-conv{rank}d", attrs, params=params)
        append_activation(call, layer.activation)

    return lowering


LAYERS = {
    "Conv2DTranspose": _transposed(2, TransposedConv2dAttrs),
    "Conv3DTranspose": _transposed(3, TransposedConv3dAttrs),
}
