"""The JSON report read back."""

from __future__ import annotations

import json
import typing
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple, Type, TypeVar

from vai_inspect.core import target as parts
from vai_inspect.core.codec import Place, dataclass, decode, member, plain
from vai_inspect.core.errors import ReportError
from vai_inspect.core.estimate import Estimate, OpEstimate
from vai_inspect.core.findings import Device, Finding, Remedy
from vai_inspect.core.inspection import schema_1_0
from vai_inspect.core.inspection.data import SCHEMA_VERSION, TOOL_NAME, InspectionData
from vai_inspect.core.inspection.parts import Crossing, InspectedOp, ModelInfo, Subgraph
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
            f"Received a {type(text).__name__} for the text of a JSON report; give the text of the "
            "file, or what was read of it to Inspection.from_dict."
        ) from None
    except RecursionError:
        raise ReportError("The text is nested too deeply to be a report.") from None
    except ValueError as error:
        raise ReportError(f"The text is no JSON ({error}).") from None
    if isinstance(report, list):
        raise ReportError(
            f"The text is a list of {len(report)} reports; give its members to "
            "Inspection.from_dict."
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
    place = _ReportPlace()
    data = plain(dict, report, place)
    version = str(member(Any, data, "schema_version", place))
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise place.at("schema_version").error(version, "a version like " + SCHEMA_VERSION)
    tool = member(dict, data, "tool", place)
    if tool.get("name") != TOOL_NAME:
        raise place.at("tool").at("name").error(tool.get("name"), repr(TOOL_NAME))
    model = member(ModelInfo, data, "model", place)
    ops = member(list, data, "ops", place)
    summary = member(dict, data, "summary", place)
    in_summary = place.at("summary")
    inspection = kind(
        model=model,
        target=_target(member(dict, data, "target", place), place.at("target")),
        ops=tuple(_op(op, place.at("ops").at(at), model.framework) for at, op in enumerate(ops)),
        subgraphs=_optional(Tuple[Subgraph, ...], data, "subgraphs", place, ()),
        crossings=_optional(Tuple[Crossing, ...], data, "crossings", place, ()),
        root_causes=_optional(Tuple[RootCause, ...], data, "root_causes", place, ()),
        warnings=_optional(Tuple[str, ...], data, "warnings", place, ()),
        tool_version=str(tool.get("version", "")),
        steps=_optional(Tuple[PlanStep, ...], data, "plan", place, ()),
        default_estimate=_estimate(summary.get("estimate"), ops, in_summary.at("estimate")),
        estimate_unknown=_optional(Optional[str], summary, "estimate_unknown", in_summary),
        quantizer=_optional(Optional[QuantizerReport], data, "quantizer", place),
    )
    earlier = version == schema_1_0.VERSION
    _agrees(inspection, summary, earlier)
    cuts = inspection.cut_points.to_dict()
    if data.get("cut_points", cuts) != cuts:
        valid = f"{cuts}, as computed from the operators"
        raise place.at("cut_points").error(data["cut_points"], valid)
    return schema_1_0.without_constants(inspection) if earlier else inspection


def _optional(kind: Any, data: Dict[str, Any], name: str, place: Place, default: Any = None) -> Any:
    """Returns a member of an object, or a default where an early report has none."""
    return decode(kind, data[name], place.at(name)) if name in data else default


def _op(value: Any, place: Place, framework: str) -> InspectedOp:
    data = plain(dict, value, place)
    kind = member(str, data, "type", place)
    if kind not in OPS:
        raise place.at("type").error(kind, "an op type of XIR, or return, or unknown")
    outputs = _member(Tuple[Tuple[int, ...], ...], data, "output_shapes", place)
    if not outputs:
        raise place.at("output_shapes").error([], "a shape for each output")
    inputs = _member(Tuple[str, ...], data, "inputs", place)
    origin = member(dict, data, "origin", place)
    return dataclass(
        InspectedOp,
        data,
        place,
        op=Op(
            name=member(str, data, "name", place),
            kind=kind,
            attrs=member(OPS[kind].attrs, data, "attributes", place),
            inputs=tuple(Value(name) for name in inputs),
            outputs=tuple(TensorType(shape) for shape in outputs),
            origin=dataclass(Origin, origin, place.at("origin"), framework=framework),
        ),
        consumers=_member(Tuple[str, ...], data, "outputs", place),
    )


def _member(kind: Any, data: Dict[str, Any], name: str, place: Place) -> Any:
    """Returns a member whose annotation is no class, such as a tuple."""
    return member(kind, data, name, place)


class _ReportPlace(Place):
    """The position of a value in the JSON report of an inspection."""


def _finding(value: Any, place: Place) -> Finding:
    data = plain(dict, value, place)
    found = {} if "remedies" in data else {"remedies": _only_text(data, place)}
    finding = dataclass(Finding, data, place, arguments=_arguments(data, place), **found)
    _check_suggestion(finding.suggestion, data, place)
    return finding


def _root_cause(value: Any, place: Place) -> RootCause:
    data = plain(dict, value, place)
    text = () if "remedies" in data else _only_text(data, place)
    cause = dataclass(RootCause, data, place, **({"remedies": (text,)} if text else {}))
    _check_suggestion(cause.suggestion, data, place)
    return cause


def _remedy(value: Any, place: Place) -> Remedy:
    data = plain(dict, value, place)
    return dataclass(Remedy, data, place, arguments=_arguments(data, place))


def _only_text(data: Dict[str, Any], place: Place) -> Tuple[Remedy, ...]:
    """Returns the remedies of early reports, which have their text alone."""
    text = _optional(Optional[str], data, "suggestion", place)
    return () if text is None else (Remedy(text, text=text),)


def _check_suggestion(suggestion: Optional[str], data: Dict[str, Any], place: Place) -> None:
    if data.get("suggestion") != suggestion:
        raise place.at("suggestion").error(data["suggestion"], "the texts of its remedies")


def _arguments(data: Dict[str, Any], place: Place) -> Arguments:
    """Returns the arguments of a template, which must be what it names."""
    read = _optional(Mapping[str, Argument], data, "arguments", place, {})
    problem = mismatch(_optional(str, data, "template", place, ""), read)
    if problem is not None:
        valid = f"what its template names: {problem}"
        raise place.at("arguments").error(data.get("arguments", {}), valid)
    return tuple(read.items())


_ReportPlace.readers = {Finding: _finding, Remedy: _remedy, RootCause: _root_cause}


def _estimate(total: Any, ops: List[Any], place: Place) -> Optional[Estimate]:
    """Returns the estimate; the times of single operators are written with the operators."""
    if total is None:
        return None
    times = {
        str(op["name"]): decode(OpEstimate, op["estimate"], Place("ops", at, "estimate"))
        for at, op in enumerate(ops)
        if op.get("estimate") is not None
    }
    return dataclass(Estimate, total, place, ops=times)


def _target(data: Dict[str, Any], place: Place) -> parts.Target:
    dpu = member(str, data, "family", place)
    engines, of_engines = member(dict, data, "engines", place), place.at("engines")
    for name in ("load", "conv", "save"):
        if name not in engines:
            raise of_engines.missing(name)
    hints = typing.get_type_hints(parts.Target)
    built = {
        name: decode(hints[name], engine, of_engines.at(name))
        for name, engine in engines.items()
        if name in hints
    }
    if "board_uses" not in data:  # as in schema 1.0
        names = _optional(Tuple[str, ...], data, "boards", place, ())
        built["board_uses"] = tuple(map(parts.BoardUse, names))
    return dataclass(
        parts.Target,
        data,
        place,
        dpu=dpu,
        family=dpu[3:].lower() if dpu.startswith("DPU") else dpu.lower(),
        fingerprint=_fingerprint(data, place),
        **built,
    )


def _fingerprint(data: Dict[str, Any], place: Place) -> Optional[int]:
    text = _member(Optional[str], data, "fingerprint", place)
    try:
        return None if text is None else int(text, 16)
    except ValueError:
        valid = "0x and hexadecimal digits, or null"
        raise place.at("fingerprint").error(text, valid) from None


def _agrees(inspection: InspectionData, summary: Dict[str, Any], earlier: bool) -> None:
    """Checks that what the report sums up is what it holds, as its version of the schema counts."""
    names: Dict[str, Set[str]] = {}
    for at, op in enumerate(inspection.ops):
        for value in op.op.inputs:
            if value.op not in names:
                raise Place("ops", at, "inputs").error(value.op, "an operator before it")
            names[value.op].add(op.name)
        names[op.name] = set()
    if len(names) < len(inspection.ops):
        raise ReportError("ops holds two operators of one name.")
    groups = [(part.name, part.ops) for part in inspection.subgraphs]
    groups += [("a root cause", cause.ops) for cause in inspection.root_causes]
    for title, members in groups:
        for name in members:
            if name not in names:
                raise Place("an operator of " + title).error(name, "one that ops holds")
    part_of: Dict[str, Tuple[Optional[str], Device]] = {
        name: (part.name, part.device) for part in inspection.subgraphs for name in part.ops
    }
    for at, op in enumerate(inspection.ops):
        place, readers = Place("ops", at), names[op.name]
        if set(op.consumers) != readers:
            valid = f"{sorted(readers)}, which read it"
            raise place.at("outputs").error(list(op.consumers), valid)
        holder, device = part_of.get(op.name, (None, op.device))
        if op.subgraph != holder:
            raise place.at("subgraph").error(op.subgraph, f"{holder!r}, which holds it")
        if op.device is not device:
            raise place.at("device").error(op.device.value, f"{device.value}, its subgraph's")
    held = schema_1_0.summary(inspection) if earlier else inspection.summary.to_dict()
    for name, figure in held.items():
        if name in summary and summary[name] != figure:
            valid = f"{figure}, as counted from the report"
            raise Place("summary", name).error(summary[name], valid)
