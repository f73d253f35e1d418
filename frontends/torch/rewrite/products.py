"""Products with a parameter as nn.Linear."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError, carried
from vai_inspect.frontends.torch.rewrite.functional import filled

_EQUATION = re.compile(
    r"^(?P<rest>[a-z]+)(?P<i>[a-z]),(?P<weight>[a-z]{2})->(?P=rest)(?P<o>[a-z])$"
)


def einsum_to_linear(edit: Edit, node: Any) -> None:
    """Einsum "bi,io->bo" and x @ w with a parameter w become nn.Linear."""
    if edit.is_call(node, "einsum"):
        equation, *given = node.args
        operands = given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
        found = _EQUATION.match(str(equation).replace(" ", ""))
        if found is None or len(operands) != 2:
            raise RefusedError(f"{equation} is no product of features with a matrix")
        (source, other), inner, outer = operands, found.group("i"), found.group("o")
        turned = {inner + outer: True, outer + inner: False}.get(found.group("weight"))
        if turned is None or inner == outer or {inner, outer} & set(found.group("rest")):
            raise RefusedError(f"{equation} is no product of features with a matrix")
    elif edit.is_call(node, "matmul", "mm"):
        (source, other), turned = node.args[:2], True
    else:
        raise RefusedError("it is no einsum or product of matrices")
    weight = edit.constant(other)
    if weight is None or weight.dim() != 2:
        raise RefusedError("its second operand is no matrix that the model holds")
    weight = carried(weight.t() if turned else weight, weight)
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False, **edit.like(node))
    edit.replace(node, edit.add(filled(linear, weight, None), source, node, "linear"))
