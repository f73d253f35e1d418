"""Output shapes of layers whose operators do not determine them.

Only layers whose lowering needs the output shape, and layers without a lowering, have an entry.
Each rule follows `compute_output_shape` of the layer in Keras 2.15 and 3.15.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir.ops import Shape, ShapeError, elements, reshaped
from vai_inspect.frontends.keras.config import recurrent, same_shape
from vai_inspect.frontends.keras.config.operation_shapes import OPERATIONS
from vai_inspect.frontends.keras.config.shape_input import Rule, ShapeInput, merged, same
from vai_inspect.frontends.keras.config.tf_shapes import tf_shapes
from vai_inspect.frontends.keras.lower.tf_operations import TfOperation


def layer_shapes(given: ShapeInput) -> Optional[List[Shape]]:
    """Returns the output shapes of a layer, or None if there is no rule.

    Raises:
        ShapeError: the layer does not accept such tensors.
    """
    layer = given.layer
    if isinstance(layer, TfOperation) and layer.keras_class is None:
        return tf_shapes(layer.class_name[len("tf.") :], given.shapes, given.args, given.kwargs)
    if getattr(layer, "data_format", None) == "channels_first":
        return same(given) if layer.keras_class in same_shape.LAYERS else None
    table = _LAYERS if layer.is_layer else OPERATIONS
    rule = table.get(layer.keras_class or "")
    return None if rule is None else rule(given)


def _flatten(given: ShapeInput) -> Optional[List[Shape]]:
    return [given.shape[:1] + (elements(given.shape[1:]),)]


def _reshape(given: ShapeInput) -> Optional[List[Shape]]:
    target = tuple(given.layer.target_shape)
    return [given.shape[:1] + reshaped(given.shape[1:], target)]


def _repeat(given: ShapeInput) -> Optional[List[Shape]]:
    batch, features = given.shape
    return [(batch, int(given.layer.n), features)]


def _transposed(given: ShapeInput) -> Optional[List[Shape]]:
    """Conv1DTranspose to Conv3DTranspose, `compute_conv_transpose_output_shape`."""
    layer = given.layer
    paddings = layer.output_padding
    rank = len(layer.kernel_size)
    if isinstance(paddings, int) or paddings is None:
        paddings = (paddings,) * rank
    if len(given.shape) != rank + 2:
        raise ShapeError(f"it reads {rank + 2} axes of {given.shape}")
    lengths = []
    axes = zip(given.shape[1:-1], layer.kernel_size, layer.strides, layer.dilation_rate, paddings)
    for size, kernel, stride, dilation, extra in axes:
        reach = (kernel - 1) * dilation + 1
        if extra is not None:
            cut = 2 * (reach // 2) if layer.padding == "same" else 0
            lengths.append((size - 1) * stride + reach - cut + extra)
        elif layer.padding == "same":
            lengths.append(size * stride)
        else:
            lengths.append(size * stride + max(reach - stride, 0))
    return [(given.shape[0], *lengths, int(layer.filters))]


def _image_of(height: str, width: str) -> Rule:
    """Returns the rule of a layer whose settings are the size of its output image."""

    def rule(given: ShapeInput) -> Optional[List[Shape]]:
        size = (int(getattr(given.layer, height)), int(getattr(given.layer, width)))
        return [given.shape[:-3] + size + given.shape[-1:]]

    return rule


def _adaptive(rank: int) -> Rule:
    def rule(given: ShapeInput) -> Optional[List[Shape]]:
        size = given.layer.output_size
        sizes = (size,) * rank if isinstance(size, int) else tuple(size)
        pairs = zip(given.shape[1:-1], sizes)
        inner = [own if wanted is None else int(wanted) for own, wanted in pairs]
        return [(given.shape[0], *inner, given.shape[-1])]

    return rule


def _pool(given: ShapeInput) -> Optional[List[Shape]]:
    layer = given.layer
    sizes = []
    for size, kernel, stride in zip(given.shape[1:-1], layer.pool_size, layer.strides):
        room = size if layer.padding == "same" else size - kernel + 1
        sizes.append(-(-room // stride))
    return [(given.shape[0], *sizes, given.shape[-1])]


def _global(given: ShapeInput) -> Optional[List[Shape]]:
    ones = (1,) * (len(given.shape) - 2) if given.layer.keepdims else ()
    return [(given.shape[0], *ones, given.shape[-1])]


def _up_sampling_1d(given: ShapeInput) -> Optional[List[Shape]]:
    batch, steps, features = given.shape
    return [(batch, steps * int(given.layer.size), features)]


def _embedding(given: ShapeInput) -> Optional[List[Shape]]:
    return [given.shape + (int(given.layer.output_dim),)]


def _lambda(given: ShapeInput) -> Optional[List[Shape]]:
    """The declared output shape; the function is not run."""
    declared = getattr(given.layer, "output_shape", None)
    if not isinstance(declared, tuple):
        return None
    if any(type(size) is not int or size < 1 for size in declared):
        return None
    return [given.shape[:1] + declared]


def _dot(given: ShapeInput) -> Optional[List[Shape]]:
    first, second = given.shapes
    axes = given.layer.axes
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    a, b = pair[0] % len(first), pair[1] % len(second)
    if first[a] != second[b]:
        raise ShapeError(f"{first} and {second} differ on the axes {pair}")
    rest = first[:a] + first[a + 1 :] + second[1:b] + second[b + 1 :]
    return [rest if len(rest) > 1 else rest + (1,)]


def _attention(given: ShapeInput) -> Optional[List[Shape]]:
    query, value = given.shapes[:2]
    return [query[:-1] + value[-1:]]


def _multi_head(given: ShapeInput) -> Optional[List[Shape]]:
    sizes = getattr(given.layer, "output_shape", None)
    if sizes is None:
        return [given.shape]
    return [given.shape[:-1] + (tuple(sizes) if isinstance(sizes, tuple) else (int(sizes),))]


def _einsum_dense(given: ShapeInput) -> Optional[List[Shape]]:
    sizes = given.layer.output_shape
    inner = tuple(sizes) if isinstance(sizes, tuple) else (sizes,)
    if any(size is None for size in inner) or "..." in given.layer.equation:
        left, _, right = given.layer.equation.replace("...", "").partition("->")
        letters = dict(zip(left.split(",")[0][::-1], given.shape[::-1]))
        if "..." in given.layer.equation:
            return [given.shape[: len(given.shape) - len(right)] + _last(right, letters, inner)]
        return [given.shape[:1] + _last(right[1:], letters, inner)]
    return [given.shape[:1] + tuple(int(size) for size in inner)]


def _last(letters: str, known: Dict[str, int], sizes: Tuple[Any, ...]) -> Shape:
    wanted = sizes[-len(letters) :] if letters else ()
    return tuple(
        known[letter] if size is None else int(size) for letter, size in zip(letters, wanted)
    )


def _time_distributed(given: ShapeInput) -> Optional[List[Shape]]:
    """The nested layer reads each step; the steps are the second axis of the output."""
    shape = given.shape
    inner = given.probe(given.layer.layer, [shape[:1] + shape[2:]])
    return None if inner is None else [one[:1] + shape[1:2] + one[1:] for one in inner]


def _recurrent(given: ShapeInput) -> Optional[List[Shape]]:
    return recurrent.LAYERS[given.layer.keras_class or ""](given.layer, given.shape)


def _bidirectional(given: ShapeInput) -> Optional[List[Shape]]:
    layer = given.layer
    return recurrent.bidirectional(layer, given.probe(layer.layer, [given.shape]))


def _wrapped(given: ShapeInput) -> Optional[List[Shape]]:
    return given.probe(given.layer.layer, [given.shape])


_LAYERS: Dict[str, Rule] = {
    **dict.fromkeys(same_shape.LAYERS, same),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _transposed),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _pool),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"), _pool),
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D"), _global),
    **dict.fromkeys(("GlobalAveragePooling3D", "GlobalMaxPooling1D"), _global),
    **dict.fromkeys(("GlobalMaxPooling2D", "GlobalMaxPooling3D"), _global),
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"), merged),
    **dict.fromkeys(recurrent.LAYERS, _recurrent),
    "AdaptiveAveragePooling1D": _adaptive(1),
    "AdaptiveAveragePooling2D": _adaptive(2),
    "AdaptiveAveragePooling3D": _adaptive(3),
    "AdaptiveMaxPooling1D": _adaptive(1),
    "AdaptiveMaxPooling2D": _adaptive(2),
    "AdaptiveMaxPooling3D": _adaptive(3),
    "AdditiveAttention": _attention,
    "Attention": _attention,
    "Bidirectional": _bidirectional,
    "CenterCrop": _image_of("height", "width"),
    "Dot": _dot,
    "EinsumDense": _einsum_dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "GroupedQueryAttention": _multi_head,
    "Lambda": _lambda,
    "MultiHeadAttention": _multi_head,
    "RandomCrop": _image_of("height", "width"),
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "Resizing": _image_of("height", "width"),
    "SpectralNormalization": _wrapped,
    "TimeDistributed": _time_distributed,
    "UpSampling1D": _up_sampling_1d,
}
