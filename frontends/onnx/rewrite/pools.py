"""Rewrites of pools to chains of smaller pools."""

from __future__ import annotations

from typing import Any, List

from vai_inspect.frontends.onnx.rewrite.edit import Edit, plain
from vai_inspect.frontends.onnx.rewrite.node_list import RefusedError

CHAINED = 5
"""Kernel of the pools that replace a larger one, as in SPPF."""


def chain_max_pool(edit: Edit, node: Any) -> None:
    """A max pool 9x9 or 13x13 of stride 1 becomes two or three of 5x5."""
    if not plain(node, "MaxPool") or len([one for one in node.output if one]) != 1:
        raise RefusedError("it is not a max pool, or one whose indices are read")
    kernel = edit.attribute(node, "kernel_shape")
    size = kernel[0]
    times, rest = divmod(size - 1, CHAINED - 1)
    same = edit.attribute(node, "auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER")
    pads = [size // 2] * 4 if same else edit.attribute(node, "pads", [0] * 4)
    ones = [edit.attribute(node, name, [1, 1]) for name in ("strides", "dilations")]
    fits = kernel == [size, size] and ones == [[1, 1]] * 2 and pads == [size // 2] * 4
    if rest or times < 2 or not fits or edit.attribute(node, "ceil_mode", 0):
        raise RefusedError("its window does not divide into pools of 5x5")
    around = [CHAINED // 2] * 4
    source, new = node.input[0], []
    for number in range(times):
        suffix = "" if number == times - 1 else f"pool_{number}"
        size_of = {"kernel_shape": [CHAINED] * 2, "strides": [1, 1], "pads": around}
        new.append(edit.node("MaxPool", [source], node, suffix, **size_of))
        source = new[-1].output[0]
    edit.replace([node], new)


def split_pool(edit: Edit, node: Any) -> None:
    """An average pool with a large window becomes two whose windows multiply to it."""
    height, width = edit.shape(node.input[0])[2:]
    if plain(node, "GlobalAveragePool"):
        if not edit.sizes_fixed:
            raise RefusedError("the file leaves the size of its map open")
        kernel = [height, width]
    elif plain(node, "AveragePool"):
        kernel = edit.attribute(node, "kernel_shape")
        padded = any(edit.attribute(node, "pads", [0])) or edit.attribute(node, "ceil_mode", 0)
        apart = edit.attribute(node, "strides", [1, 1]) == kernel
        plainly = edit.attribute(node, "auto_pad", "NOTSET") in ("NOTSET", "VALID")
        if padded or not apart or not plainly:
            raise RefusedError("its windows overlap or are padded")
    else:
        raise RefusedError("it is not an average pool")
    outer = [_factor(size) for size in kernel]
    inner = [size // one for size, one in zip(kernel, outer)]
    if [1, 1] in (outer, inner) or height % kernel[0] or width % kernel[1]:
        raise RefusedError("its window does not divide")
    first = edit.node(
        "AveragePool", [node.input[0]], node, "first", kernel_shape=inner, strides=inner
    )
    read: List[str] = [first.output[0]]
    if node.op_type == "GlobalAveragePool":
        last = edit.node("GlobalAveragePool", read, node, "")
    else:
        last = edit.node("AveragePool", read, node, "", kernel_shape=outer, strides=outer)
    edit.replace([node], [first, last])


def _factor(size: int) -> int:
    return max(one for one in range(1, int(size**0.5) + 1) if size % one == 0)
