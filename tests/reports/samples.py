"""Inspections made by hand, so that the reports' tests need neither rules nor a framework."""

from __future__ import annotations

import dataclasses
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from vai_inspect.core.findings import (
    Device,
    Evidence,
    Finding,
    Remedy,
    Verdict,
    approximate,
)
from vai_inspect.core.inspection import (
    Crossing,
    InspectedOp,
    Inspection,
    ModelInfo,
    Subgraph,
)
from vai_inspect.core.ir import Frame, Op, Origin, TensorType, Value
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.root_cause import Outcome, Position, RootCause
from vai_inspect.core.target import (
    AluEngine,
    Bank,
    ConvEngine,
    EltwiseEngine,
    Limit,
    LoadEngine,
    PadLimit,
    SaveEngine,
    Target,
    WindowLimit,
)

_BANKS = ("VB0", "VB1")
TARGET = Target(
    name="DPUCZDX8G_ISA1_B4096",
    dpu="DPUCZDX8G",
    family="czdx8g",
    isa_version=1,
    fingerprint=0x101000056010407,
    peak_ops_per_cycle=4096,
    batch=1,
    releases=("3.0", "3.5"),
    banks=(Bank("VB0", "Virtual", 0, 8, 16, 2048), Bank("CONVW", "Param", 16, 17, 16, 2048)),
    load=LoadEngine(16, _BANKS),
    save=SaveEngine(16, _BANKS, argmax=True),
    conv=ConvEngine(
        16,
        16,
        8,
        WindowLimit(Limit.parse("1-16"), Limit.parse("1-8")),
        ("relu", "relu6", "leaky-relu"),
        _BANKS,
        _BANKS,
        "CONVW",
        "CONVW",
    ),
    eltwise=EltwiseEngine(8, 4, ("add", "mult"), ("relu",), _BANKS, _BANKS),
    alu=AluEngine(
        16,
        4,
        WindowLimit(Limit.parse("1-256"), Limit.parse("1-256"), Limit.parse("1-4")),
        PadLimit(*[Limit.parse("0-15")] * 4),
        ("avgpool", "max", "dwconv"),
        ("relu",),
        _BANKS,
        _BANKS,
        "CONVW",
        "CONVW",
    ),
)

KERNEL = Finding(
    constraint="czdx8g.conv.kernel",
    message="kernel_w is 17, but the convolution engine takes 1-16.",
    evidence=Evidence.PARTITION_RULE,
    found=17,
    limit="1-16",
    nearest=16,
    remedies=(
        approximate(
            "use a kernel of {nearest} or less, or two smaller convolutions one after the other",
            "kernel-in-range",
        ).rendered({"nearest": 16}),
    ),
    source="UG1414 3.5, Operators Supported; conv2d",
    template="{axes:are} {found}, but the convolution engine takes {limit}.",
    arguments=(("axes", ("kernel_w",)), ("found", 17), ("limit", "1-16")),
)


def saying(message: str) -> Finding:
    """The finding of a kernel with another message."""
    return dataclasses.replace(KERNEL, message=message, template=message, arguments=())


STRIDE = Finding(
    constraint="czdx8g.conv.stride",
    message="stride_w is 9, but the convolution engine takes 1-8.",
    evidence=Evidence.USER_GUIDE,
    found=9,
    limit="1-8",
    nearest=8,
)
UNKNOWN = Finding(
    constraint="czdx8g.op.unknown",
    message="No source says whether the DPU runs FancyNorm.",
    evidence=Evidence.INFERRED,
    verdict=Verdict.UNKNOWN,
)


def follows(name: str) -> Finding:
    """The finding of an operator that is on the CPU because of another."""
    return Finding(
        constraint="czdx8g.reshape.input",
        message="The input {} is on the CPU; a reshape runs where its input does.".format(name),
        evidence=Evidence.COMPILED,
        source="observed: resnet50 3.5",
        follows=name,
        template="The input {input:op} is on the CPU; a reshape runs where its input does.",
        arguments=(("input", name),),
    )


def op(
    name: str,
    kind: str,
    inputs: Sequence[str] = (),
    shape: Tuple[int, ...] = (1, 8, 8, 16),
    attrs: Optional[a.Attrs] = None,
    device: Device = Device.DPU,
    findings: Tuple[Finding, ...] = (),
    messages: Tuple[str, ...] = (),
    macs: Optional[int] = 0,
    layers: Optional[Tuple[str, ...]] = None,
    source: Tuple[Frame, ...] = (),
    framework: str = "keras",
) -> InspectedOp:
    """An operator whose consumers and subgraph `inspection` fills in."""
    return InspectedOp(
        op=Op(
            name=name,
            kind=kind,
            attrs=attrs or (a.TensorAttrs(shape) if kind == "data" else a.NoAttrs()),
            inputs=tuple(Value(read) for read in inputs),
            outputs=(TensorType(shape),),
            origin=Origin(framework, (name,) if layers is None else layers, source),
        ),
        consumers=(),
        device=device,
        findings=findings,
        messages=messages,
        subgraph=None,
        macs=macs,
        macs_unknown="what it computes is not known" if macs is None else None,
    )


def inspection(
    name: str,
    ops: Iterable[InspectedOp],
    groups: Optional[Dict[str, List[str]]] = None,
    crossings: Tuple[Crossing, ...] = (),
    warnings: Tuple[str, ...] = (),
    framework: str = "keras",
    root_causes: Tuple[RootCause, ...] = (),
) -> Inspection:
    """An inspection of these operators; `groups` holds the operators of each subgraph."""
    placed = list(ops)
    readers: Dict[str, List[str]] = {each.name: [] for each in placed}
    for each in placed:
        for value in each.op.inputs:
            readers[value.op].append(each.name)
    if groups is None:
        groups = {"dpu_subgraph_0": [e.name for e in placed if e.device is Device.DPU]}
    part_of = {member: part for part, members in groups.items() for member in members}
    done = [
        InspectedOp(
            op=each.op,
            consumers=tuple(dict.fromkeys(readers[each.name])),
            device=each.device,
            findings=each.findings,
            messages=each.messages,
            subgraph=part_of.get(each.name),
            macs=each.macs,
            macs_unknown=each.macs_unknown,
        )
        for each in placed
    ]
    by_name = {each.name: each for each in done}
    parts = []
    for part, members in groups.items():
        read = [value.op for member in members for value in by_name[member].op.inputs]
        parts.append(
            Subgraph(
                name=part,
                device=by_name[members[0]].device,
                ops=tuple(members),
                inputs=tuple(dict.fromkeys(r for r in read if r not in members)),
                outputs=tuple(m for m in members if set(by_name[m].consumers) - set(members)),
            )
        )
    return Inspection(
        model=ModelInfo(name, framework, "2.16.1", "functional" if framework == "keras" else "fx"),
        target=TARGET,
        ops=tuple(done),
        subgraphs=tuple(parts),
        crossings=crossings,
        root_causes=root_causes,
        warnings=warnings,
        tool_version="0.1.0",
    )


def all_on_dpu() -> Inspection:
    """A small Keras model that runs on the DPU as a whole."""
    conv = a.Conv2dAttrs(kernel=(7, 7), stride=(2, 2), pad=(3, 3, 3, 3))
    pool = a.MaxPool2dAttrs(kernel=(3, 3), stride=(2, 2))
    return inspection(
        "tiny",
        [
            op("input_1", "data", (), (1, 224, 224, 3), a.TensorAttrs((1, 224, 224, 3)),
               Device.USER, macs=0),
            op("conv1", "conv2d", ["input_1"], (1, 112, 112, 64), conv, macs=118013952,
               layers=("conv1", "bn1"), messages=("batch norm bn1 is folded into conv1",)),
            op("relu1", "relu", ["conv1"], (1, 112, 112, 64)),
            op("pool1", "maxpool2d", ["relu1"], (1, 55, 55, 64), pool),
            op("output_0", "return", ["pool1"], (1, 55, 55, 64), device=Device.USER, layers=()),
        ],
    )  # fmt: skip


def mixed() -> Inspection:
    """A small PyTorch model with root causes, a consequence and an operator that is unknown."""
    wide_name = "features.conv_with_a_very_long_name_that_wraps"
    wide = a.Conv2dAttrs(kernel=(17, 3), stride=(9, 1), pad=(8, 8, 1, 1))
    here = (
        Frame("/home/me/project/train.py", 40, "main"),
        Frame("/usr/lib/python3/site-packages/torchvision/models/net.py", 12, "forward"),
        Frame("net.py", 31, "_forward_impl"),
    )
    return inspection(
        "Net",
        [
            op("x", "data", (), (1, 32, 32, 3), device=Device.USER, framework="torch"),
            op("conv1", "conv2d", ["x"], (1, 32, 32, 8), a.Conv2dAttrs((3, 3)), macs=221184,
               layers=("conv1", "bn1", "relu1"), source=here, framework="torch"),
            op(wide_name, "conv2d", ["conv1"],
               (1, 32, 3, 8), wide, Device.CPU, (KERNEL, STRIDE), macs=313344, source=here[2:],
               framework="torch"),
            op("reshape", "reshape", [wide_name], (1, 768),
               a.ReshapeAttrs((1, 768)), Device.CPU,
               (follows(wide_name),),
               ("a permute NHWC -> NCHW is inserted before it for deployment",)),
            op("fc", "inner-product", ["reshape"], (1, 1, 1, 10), a.InnerProductAttrs(),
               macs=7680),
            op("fancy", "unknown", ["fc"], (1, 10), a.UnknownAttrs("FancyNorm"), Device.CPU,
               (UNKNOWN,), macs=None),
            op("output_0", "return", ["fancy"], (1, 10), device=Device.USER),
        ],
        {
            "dpu_subgraph_0": ["conv1"],
            "cpu_subgraph_0": [wide_name, "reshape"],
            "dpu_subgraph_1": ["fc"],
            "cpu_subgraph_1": ["fancy"],
        },
        (
            Crossing("conv1", 0, "dpu_subgraph_0", "cpu_subgraph_0", 8192),
            Crossing("reshape", 0, "cpu_subgraph_0", "dpu_subgraph_1", 768),
            Crossing("fc", 0, "dpu_subgraph_1", "cpu_subgraph_1", 10),
        ),
        ("the rules plug-in 'acme' does not load (ImportError: no module named acme)",),
        framework="torch",
        root_causes=(
            cause(KERNEL, "conv2d", wide_name, Position.BETWEEN,
                  Outcome((wide_name, "reshape"), 313344, 1, 1, 1, 10), more=(STRIDE,)),
            cause(UNKNOWN, "unknown", "fancy", Position.END,
                  Outcome(("fancy",), 0, 2, 1, 2, 8960),
                  Outcome((wide_name, "reshape", "fancy"), 313344, 1, 0, 0, 0)),
        ),
    )  # fmt: skip


def cause(
    finding: Finding,
    kind: str,
    name: str,
    position: Position,
    alone: Outcome,
    cumulative: Optional[Outcome] = None,
    more: Tuple[Finding, ...] = (),
) -> RootCause:
    """A root cause of one operator."""
    return RootCause(
        type=kind,
        constraints=tuple(each.constraint for each in (finding, *more)),
        message=finding.message,
        remedies=(finding.remedies,) if finding.remedies else (),
        verdict=finding.verdict,
        position=position,
        ops=(name,),
        alone=alone,
        cumulative=cumulative or alone,
        each=(alone,),
    )


def many(length: int) -> Inspection:
    """A chain of convolutions and sigmoids, each sigmoid with a root cause of its own."""
    ops = [op("in", "data", device=Device.USER)]
    groups: Dict[str, List[str]] = {}
    crossings, causes = [], []
    for at in range(length):
        conv, gate = "conv{}".format(at), "gate{}".format(at)
        kernel = a.Conv2dAttrs((3, 3))
        ops.append(op(conv, "conv2d", [ops[-1].name], attrs=kernel, macs=1000))
        ops.append(op(gate, "sigmoid", [conv], device=Device.CPU, findings=(KERNEL,)))
        parts = "dpu_subgraph_{}".format(at), "cpu_subgraph_{}".format(at)
        groups.update({parts[0]: [conv], parts[1]: [gate]})
        crossings.append(Crossing(conv, 0, *parts, 1024))
        outcome = Outcome((gate,), 0, length - 1, length - 1, length - 1, 1024 * (length - 1))
        causes.append(cause(KERNEL, "sigmoid", gate, Position.BETWEEN, outcome))
    return inspection("many", ops, groups, tuple(crossings), root_causes=tuple(causes))


HOSTILE_NAMES = (
    "line\nassigned device: dpu",
    'quote " and \\ and \\" end\\',
    "<b>html</b>",
    "<",
    "&lt; &amp;",
    "\\N \\G \\E \\l \\n",
    "[red]markup[/red] [/] :smile:",
    "nul\x00 bell\x07 escape\x1b[31m",
    "right-to-left \u202e override, line \u2028 separator",
    "lone surrogate \ud800",
    "中文 äöü 🙂",
    "] [label=forged]; } // --",
    "{record|<f0>}",
    " ",
    "x" * 10_000,
)


def hostile() -> Inspection:
    """A chain whose names, layers and messages are whatever may break a report."""
    ops = [op("in\nput", "data", device=Device.USER)]
    for name in HOSTILE_NAMES:
        finding = Finding(
            constraint="czdx8g.\nnode name: forged",
            message="message of " + name[:80],
            evidence=Evidence.INFERRED,
            remedies=(Remedy(name[:80], text=name[:80]),),
            source=name[:80],
            follows=ops[-1].name[:80],
        )
        frame = Frame(name[:80], 1, name[:80])
        ops.append(
            op(name, "unknown", [ops[-1].name], (1, 4), a.UnknownAttrs(name), Device.CPU,
               (finding,), (name[:80],), None, (name, name[:80] + "2"), (frame,))
        )  # fmt: skip
    groups = {"cpu_subgraph_0": [each.name for each in ops[1:]]}
    return inspection('model\n"name" \ud800', ops, groups, (), ("warning\nof " + HOSTILE_NAMES[1],))


def chain(length: int) -> Inspection:
    """A network of residual blocks, `length` operators in all but input and output."""
    ops = [op("input", "data", (), (1, 224, 224, 3), device=Device.USER)]
    last = skip = "input"
    for at in range(length):
        stage = "conv{}_block{}_".format(2 + at // 40, at // 10)
        if at % 10 == 9:
            name, kind, read = stage + "add", "add", [last, skip]
        else:
            name, kind, read = stage + "{}_conv".format(at % 10), "conv2d", [last]
        attrs = a.Conv2dAttrs((3, 3)) if kind == "conv2d" else None
        ops.append(
            op(name, kind, read, (1, 56, 56, 256), attrs, layers=(name, name + "_bn"), macs=1000)
        )
        last = name
        skip = name if at % 10 == 9 or at == 0 else skip
    ops.append(op("output", "return", [last], (1, 56, 56, 256), device=Device.USER, layers=()))
    return inspection("residual", ops)


def dense(blocks: Sequence[int] = (6, 12, 24, 16)) -> Inspection:
    """Dense blocks as torchvision has them: each concat reads every layer before it."""
    ops = [op("input", "data", (), (1, 224, 224, 3), device=Device.USER)]
    last = "input"
    for block, layers in enumerate(blocks):
        features = [last]
        for layer in range(layers):
            stem = "denseblock{}.layer{}.".format(block + 1, layer + 1)
            if len(features) > 1:
                ops.append(op(stem + "cat", "concat", features, (1, 56, 56, 128), a.AxisAttrs(3)))
                last = stem + "cat"
            for part in ("norm1", "relu1", "conv1", "relu2", "conv2"):
                kind = "relu" if "relu" in part else "conv2d"
                attrs = a.Conv2dAttrs((1, 1)) if kind == "conv2d" else None
                ops.append(op(stem + part, kind, [last], (1, 56, 56, 32), attrs, macs=10))
                last = stem + part
            features.append(last)
        ops.append(op("transition{}.cat".format(block), "concat", features, (1, 56, 56, 256),
                      a.AxisAttrs(3)))  # fmt: skip
        last = "transition{}.cat".format(block)
    ops.append(op("output", "return", [last], device=Device.USER))
    return inspection("dense", ops)
