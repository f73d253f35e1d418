"""DPUCADF8H takes four images per run, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import AbstractSet, Iterator, Optional, Tuple

from vai_inspect.core.ir import OPS, Op
from vai_inspect.rules.plugin import Constraint, Evidence, OpContext, Violation, constraint
from vai_inspect.rules.shared.examples import conv


def with_batch_four(
    rules: Tuple[Constraint, ...], takes: AbstractSet[str]
) -> Tuple[Constraint, ...]:
    """Returns a family's constraints, before them that of the batch for every kind they name.

    A kind that neither they nor `takes` name stays unknown.

    Args:
        rules: the other constraints of the family.
        takes: kinds that the family runs unless a constraint objects.
    """
    named = frozenset(takes).union(*(rule.kinds for rule in rules)) - {"unknown"}
    return (replace(four, kinds=tuple(kind for kind in OPS if kind in named)), *rules)


@constraint(
    "batch.four",
    kinds=("conv2d",),
    evidence=Evidence.COMPILED,
    source="compile logs: 'DPU prefers ... input batch to be 4, but it's 1 now. So it will be "
    "assigned to CPU.' (Vitis-AI issues 490, 602)",
    limits={"batch": lambda target: target.batch},
    passes=(conv("batch 4"),),
    fails=(conv("batch 8", (2, 64, 64, 16)),),
    remedy="inspect, quantise and compile the network with that batch",
)
def four(ctx: OpContext) -> Iterator[Violation]:
    """The batch is {batch}, the images that the DPU takes per run; any other is on the CPU.

    No inspector looks at the batch: those of 2.5 have no such rule, those of 3.x compile with
    batch 1. The vendor's README of 1.4 to 2.5 requires batch 4, in PyTorch when the model is
    quantised and exported; no compiled model of this batch was seen. A batch that a Keras model
    leaves open is taken as {batch}.
    """
    limit = ctx.limit("batch")
    found = _other_batch(ctx, ctx.original, limit)
    if found is None:
        return
    before = [one.name for one in ctx.producers if _other_batch(ctx, one, limit) is not None]
    yield Violation(
        "the batch is {found}; this DPU takes {nearest} images per run, and the compiler leaves "
        "any other batch on the CPU",
        found=found,
        limit=str(limit),
        nearest=limit,
        remedy="give input_args with the batch {nearest}",
        follows=before[0] if before else None,
    )


def _other_batch(ctx: OpContext, op: Op, limit: int) -> Optional[int]:
    """Returns the batch that an operator reads, if it is another; constants have none."""
    shapes = [
        ctx.graph.type_of(value).shape for value in op.inputs if ctx.graph[value.op].kind != "const"
    ]
    others = [shape[0] for shape in shapes if len(shape) > 1 and shape[0] != limit]
    return others[0] if others else None
