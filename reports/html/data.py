"""What the script of the page knows of an inspection, as JSON that can stand in HTML."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from vai_inspect.core.findings import Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.html.estimate import OpTimes
from vai_inspect.reports.html.modules import Module
from vai_inspect.reports.text.causes import ranked
from vai_inspect.reports.text.format import file_name, grounds, size, value, verdict
from vai_inspect.reports.text.lines import plain

Shown = List[Tuple[int, List[int]]]
"""Titles with their values, as numbers of texts."""


class _Texts:
    """Texts by number; what is said of many operators is written once."""

    def __init__(self) -> None:
        self.all: List[str] = []
        self._numbers: Dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(text)
        return self._numbers[text]


def data(inspection: Inspection, tree: Module, times: OpTimes) -> str:
    """Returns the data as JSON without `<`, so that no text can end the element around it.

    Args:
        inspection: what the page is of.
        tree: its modules.
        times: the estimated time of operators.
    """
    texts = _Texts()
    numbers = {op.name: at for at, op in enumerate(inspection.ops)}
    ops = [_op(op, numbers, texts, times) for op in inspection.ops]
    found = {
        "ops": ops,
        "tree": _tree(tree, texts),
        "causes": [[numbers[name] for name in cause.ops] for cause in ranked(inspection)],
        "texts": texts.all,
    }
    return json.dumps(found, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _op(
    op: InspectedOp,
    numbers: Dict[str, int],
    texts: _Texts,
    times: OpTimes,
) -> Dict[str, Any]:
    reads = list(dict.fromkeys(numbers[source.op] for source in op.op.inputs))
    held: Dict[str, Any] = {
        "name": plain(op.name),
        "type": texts.number(plain(op.type)),
        "device": op.device.value,
        "verdict": op.verdict.value,
        "reads": reads,
        "shown": [
            (texts.number(title), [texts.number(one) for one in lines])
            for title, lines in _block(op, times)
            if lines
        ],
    }
    if op.findings:
        held["reasons"] = [_reason(one, numbers, texts) for one in op.findings]
    return held


def _reason(finding: Finding, numbers: Dict[str, int], texts: _Texts) -> Dict[str, int]:
    """Returns a reason; `follows` is the operator whose device it follows from."""
    said: Dict[str, Optional[str]] = {
        "message": finding.message,
        "change": finding.suggestion,
        "verdict": verdict(finding),
        "rule": grounds(finding),
    }
    held = {key: texts.number(plain(text)) for key, text in said.items() if text}
    if finding.follows in numbers:
        held["follows"] = numbers[str(finding.follows)]
    return held


def _block(op: InspectedOp, times: OpTimes) -> Iterator[Tuple[str, Sequence[str]]]:
    """Yields what the text report's block of an operator has, by its titles."""
    yield "output shape", [size(tensor.shape) for tensor in op.op.outputs]
    attributes = op.op.attributes().items()
    yield "op attributes", [f"{plain(key)}: {value(one)}" for key, one in attributes]
    if op.macs:
        yield "multiply-accumulates", [f"{op.macs:,}"]
    elif op.macs_unknown:
        yield "multiply-accumulates", ["unknown: " + plain(op.macs_unknown)]
    if op.name in times:
        yield "estimated time", [times[op.name].description]
    yield "subgraph", [plain(op.subgraph)] if op.subgraph else []
    yield "node messages", [plain(message) for message in op.messages]
    yield "layers", [plain(layer) for layer in op.op.origin.layers]
    yield (
        "source range",
        [
            f"{file_name(frame.file)}:{frame.line} {plain(frame.function)}"
            for frame in op.op.origin.source
        ],
    )


def _tree(module: Module, texts: _Texts) -> List[Any]:
    """Returns a module as its name, its path and its parts: operators' numbers, and modules."""
    parts: List[Union[int, List[Any]]] = [
        _tree(part, texts) if isinstance(part, Module) else part for part in module.parts
    ]
    return [texts.number(module.name), texts.number(plain(module.path)), parts]
