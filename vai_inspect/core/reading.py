"""The JSON report read back."""

from __future__ import annotations

import json
import typing
from typing import Any, Dict, List, Optional, Set, Tuple, Type, TypeVar

from vai_inspect.core import schema_1_0
from vai_inspect.core import target as parts
from vai_inspect.core.decode import dataclass, decoded, field, plain, wrong
from vai_inspect.core.errors import ReportError
from vai_inspect.core.estimate import Estimate, OpEstimate
from vai_inspect.core.findings import Device, Finding, Remedy
from vai_inspect.core.inspected import Crossing, InspectedOp, ModelInfo, Subgraph
from vai_inspect.core.inspection_data import SCHEMA_VERSION, TOOL_NAME, InspectionData
from vai_inspect.core.ir import OPS, Op, Origin, TensorType, Value
from vai_inspect.core.message import Argument, Arguments, mismatch
from vai_inspect.core.plan import PlanStep
from vai_inspect.core.quantizer import QuantizerReport
from vai_inspect.core.root_cause import RootCause

T = TypeVar("T", bound=InspectionData)


def read_json(text: str) -> Any:
    """Returns what the text of a JSON report holds.

    Args:
        text: the report; one, not the list that is printed for several targets.

    Raises:
        ReportError: it is no JSON, or a list.
    """
    try:
        report = json.loads(text)
    except TypeError:
        raise ReportError(
            "Received a {} for the text of a JSON report; give the text of the file, or what was "
            "read of it to Inspection.from_dict.".format(type(text).__name__)
        ) from None
    except RecursionError:
        raise ReportError("The text is nested too deeply to be a report.") from None
    except ValueError as error:
        raise ReportError("The text is no JSON ({}).".format(error)) from None
    if isinstance(report, list):
        raise ReportError(
            "The text is a list of {} reports; give its members to Inspection.from_dict.".format(
                len(report)
            )
        )
    return report


def read_inspection(kind: Type[T], report: Any) -> T:
    """Returns the inspection that a report holds; of schema 1.0 with the counts of today.

    What a report does not hold, an operator's parameters, element types and which output of
    another it reads, is left out. Every report that is made of the result is the same.

    Args:
        kind: the class of the inspection.
        report: what `Inspection.to_dict` returned.

    Raises:
        ReportError: it is no report, or its parts contradict each other.
    """
    data = plain(dict, report, "the report")
    version = str(field(data, "schema_version", "the report"))
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise wrong("schema_version", version, "a version like " + SCHEMA_VERSION)
    tool = plain(dict, field(data, "tool", "the report"), "tool")
    if tool.get("name") != TOOL_NAME:
        raise wrong("tool.name", tool.get("name"), repr(TOOL_NAME))
    model = dataclass(ModelInfo, field(data, "model", "the report"), "model")
    ops = plain(list, field(data, "ops", "the report"), "ops")
    summary = plain(dict, field(data, "summary", "the report"), "summary")
    inspection = kind(
        model=model,
        target=_target(field(data, "target", "the report")),
        ops=tuple(_op(op, "ops[{}]".format(at), model.framework) for at, op in enumerate(ops)),
        subgraphs=_tuple(Subgraph, data, "subgraphs"),
        crossings=_tuple(Crossing, data, "crossings"),
        root_causes=_tuple(RootCause, data, "root_causes"),
        warnings=_tuple(str, data, "warnings"),
        tool_version=str(tool.get("version", "")),
        steps=_tuple(PlanStep, data, "plan"),
        default_estimate=_estimate(summary.get("estimate"), ops),
        estimate_unknown=decoded(
            Optional[str], summary.get("estimate_unknown"), "summary.estimate_unknown"
        ),
        quantizer=decoded(Optional[QuantizerReport], data.get("quantizer"), "quantizer"),
    )
    earlier = version == schema_1_0.VERSION
    _agrees(inspection, summary, earlier)
    cuts = inspection.cut_points.to_dict()
    if data.get("cut_points", cuts) != cuts:
        raise wrong("cut_points", data["cut_points"], "{}, as the operators stand".format(cuts))
    return schema_1_0.without_constants(inspection) if earlier else inspection


def _tuple(kind: Any, data: Dict[str, Any], name: str) -> Any:
    return decoded(Tuple[kind, ...], data.get(name, []), name)


def _op(value: Any, where: str, framework: str) -> InspectedOp:
    data = plain(dict, value, where)
    kind = plain(str, field(data, "type", where), where + ".type")
    if kind not in OPS:
        raise wrong(where + ".type", kind, "an op type of XIR, or return, or unknown")
    shapes = field(data, "output_shapes", where)
    outputs = decoded(Tuple[Tuple[int, ...], ...], shapes, where + ".output_shapes")
    if not outputs:
        raise wrong(where + ".output_shapes", [], "a shape for each output")
    inputs = decoded(Tuple[str, ...], field(data, "inputs", where), where + ".inputs")
    attributes = field(data, "attributes", where)
    origin = field(data, "origin", where)
    return dataclass(
        InspectedOp,
        data,
        where,
        op=Op(
            name=plain(str, field(data, "name", where), where + ".name"),
            kind=kind,
            attrs=dataclass(OPS[kind].attrs, attributes, where + ".attributes"),
            inputs=tuple(Value(name) for name in inputs),
            outputs=tuple(TensorType(shape) for shape in outputs),
            origin=dataclass(Origin, origin, where + ".origin", framework=framework),
        ),
        consumers=decoded(Tuple[str, ...], field(data, "outputs", where), where + ".outputs"),
        findings=tuple(
            _finding(one, "{}.findings[{}]".format(where, at))
            for at, one in enumerate(plain(list, field(data, "findings", where), where))
        ),
    )


def _finding(value: Any, where: str) -> Finding:
    data = plain(dict, value, where)
    remedies = plain(list, data.get("remedies", []), where + ".remedies")
    found = tuple(_remedy(one, f"{where}.remedies[{at}]") for at, one in enumerate(remedies))
    if "remedies" not in data and data.get("suggestion") is not None:  # as in schema 1.0
        text = plain(str, data["suggestion"], where + ".suggestion")
        found = (Remedy(text, text=text),)
    finding = dataclass(
        Finding, data, where, remedies=found, arguments=_arguments(data, "template", where)
    )
    if data.get("suggestion") != finding.suggestion:
        raise wrong(where + ".suggestion", data["suggestion"], "the texts of its remedies")
    return finding


def _remedy(value: Any, where: str) -> Remedy:
    data = plain(dict, value, where)
    return dataclass(Remedy, data, where, arguments=_arguments(data, "template", where))


def _arguments(data: Dict[str, Any], template: str, where: str) -> Arguments:
    """Returns the arguments of a template, which must be what it names."""
    given = plain(dict, data.get("arguments", {}), where + ".arguments")
    read = {
        name: decoded(Argument, value, f"{where}.arguments.{name}") for name, value in given.items()
    }
    problem = mismatch(plain(str, data.get(template, ""), f"{where}.{template}"), read)
    if problem is not None:
        raise wrong(where + ".arguments", given, f"what its template names: {problem}")
    return tuple(read.items())


def _estimate(total: Any, ops: List[Any]) -> Optional[Estimate]:
    """Returns the estimate, whose figures for single operators stand with them."""
    if total is None:
        return None
    times = {}
    for at, op in enumerate(ops):
        where = "ops[{}].estimate".format(at)
        if op.get("estimate") is not None:
            times[str(op["name"])] = dataclass(OpEstimate, op["estimate"], where)
    data = plain(dict, total, "summary.estimate")
    subgraphs = plain(dict, field(data, "subgraphs", "summary.estimate"), "subgraphs")
    return dataclass(
        Estimate,
        data,
        "summary.estimate",
        ops=times,
        subgraphs={
            name: plain(float, one, "summary.estimate.subgraphs." + name)
            for name, one in subgraphs.items()
        },
    )


def _target(value: Any) -> parts.Target:
    data = plain(dict, value, "target")
    dpu = plain(str, field(data, "family", "target"), "target.family")
    fingerprint = _fingerprint(field(data, "fingerprint", "target"))
    engines = plain(dict, field(data, "engines", "target"), "target.engines")
    for name in ("load", "conv", "save"):
        field(engines, name, "target.engines")
    hints = typing.get_type_hints(parts.Target)
    built = {
        name: decoded(hints[name], engine, "target.engines." + name)
        for name, engine in engines.items()
        if name in hints
    }
    family = dpu[3:].lower() if dpu.startswith("DPU") else dpu.lower()
    if "board_uses" not in data:  # as in schema 1.0
        names = decoded(Tuple[str, ...], data.get("boards", []), "target.boards")
        built["board_uses"] = tuple(map(parts.BoardUse, names))
    return dataclass(
        parts.Target, data, "target", dpu=dpu, family=family, fingerprint=fingerprint, **built
    )


def _fingerprint(value: Any) -> Optional[int]:
    text = decoded(Optional[str], value, "target.fingerprint")
    try:
        return None if text is None else int(text, 16)
    except ValueError:
        raise wrong("target.fingerprint", text, "0x and hexadecimal digits, or null") from None


def _agrees(inspection: InspectionData, summary: Dict[str, Any], earlier: bool) -> None:
    """Checks that what the report sums up is what it holds, as its version of the schema counts."""
    names: Dict[str, Set[str]] = {}
    for at, op in enumerate(inspection.ops):
        for value in op.op.inputs:
            if value.op not in names:
                raise wrong("ops[{}].inputs".format(at), value.op, "an operator before it")
            names[value.op].add(op.name)
        names[op.name] = set()
    if len(names) < len(inspection.ops):
        raise ReportError("ops holds two operators of one name.")
    groups = [(part.name, part.ops) for part in inspection.subgraphs]
    groups += [("a root cause", cause.ops) for cause in inspection.root_causes]
    for title, members in groups:
        for name in members:
            if name not in names:
                raise wrong("an operator of " + title, name, "one that ops holds")
    part_of: Dict[str, Tuple[Optional[str], Device]] = {
        name: (part.name, part.device) for part in inspection.subgraphs for name in part.ops
    }
    for at, op in enumerate(inspection.ops):
        where, readers = "ops[{}].".format(at), names[op.name]
        if set(op.consumers) != readers:
            valid = "{}, which read it".format(sorted(readers))
            raise wrong(where + "outputs", list(op.consumers), valid)
        holder, device = part_of.get(op.name, (None, op.device))
        if op.subgraph != holder:
            raise wrong(where + "subgraph", op.subgraph, "{!r}, which holds it".format(holder))
        if op.device is not device:
            raise wrong(
                where + "device", op.device.value, "{}, its subgraph's".format(device.value)
            )
    held = schema_1_0.summary(inspection) if earlier else vars(inspection.summary)
    for name, figure in held.items():
        if name in summary and summary[name] != figure:
            raise wrong(
                "summary." + name,
                summary[name],
                "{}, which is what the report holds".format(figure),
            )
