"""Reads arch.json, the file that the DPU's build and Vitis AI's docker image name a target in.

Known forms: `{"target": "DPUCZDX8G_ISA1_B4096"}` (docker image) and
`{"fingerprint": "0x101000016010407"}` (written by the DPU IP), compact or pretty-printed.
"""

from __future__ import annotations

import json
import os
import stat
from typing import Dict, List, Tuple

from vai_inspect.core.errors import TargetError, quoted

KEYS = ("target", "fingerprint")

MAX_BYTES = 1_000_000

_VALID = 'valid is {"target": NAME} or {"fingerprint": "0x..."}'


def read_arch_json(path: str) -> Dict[str, str]:
    """Returns what an arch.json has under `target` and `fingerprint`.

    Raises:
        TargetError: the file cannot be read, or holds something else.
    """
    label = f"arch.json {quoted(path, 200)}"
    content = _text(_bytes(path, label), label)
    try:
        document = json.loads(content, object_pairs_hook=lambda pairs: _object(pairs, label))
    except json.JSONDecodeError as error:
        raise TargetError(_not_json(content, error, label)) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise TargetError(f"{label} cannot be read: {reason}; {_VALID}.") from None
    if not isinstance(document, dict):
        raise TargetError(
            f"{label} holds {_kind(document)} ({quoted(document)}) where a JSON object is needed; "
            f"{_VALID}."
        )
    return _named(document, label)


def _object(pairs: List[Tuple[str, object]], label: str) -> Dict[str, object]:
    keys = [key for key, _ in pairs]
    for key in KEYS:
        if keys.count(key) > 1:
            raise TargetError(f"{label} has {key} twice; valid is each key once.")
    return dict(pairs)


def _named(document: Dict[str, object], label: str) -> Dict[str, str]:
    named: Dict[str, str] = {}
    for key in KEYS:
        if key not in document:
            continue
        value = document[key]
        if not isinstance(value, str):
            raise TargetError(
                f"{label}: received {quoted(value)} ({_kind(value)}) as {key}; valid is a text in "
                "quotes."
            )
        named[key] = value
    if not named:
        keys = ", ".join(quoted(key, 30) for key in list(document)[:5]) or "no keys"
        raise TargetError(
            f"{label} has neither target nor fingerprint; received {keys}; "
            f"{_VALID}.{_hint(document)}"
        )
    if "dcf" in document and "fingerprint" not in named:
        raise TargetError(
            f"{label} is one of Vitis AI 1.2 or older: it leaves the configuration to a DCF file "
            f"({quoted(document['dcf'])}), which cannot be decoded here; {_VALID}."
        )
    return named


def _hint(document: Dict[str, object]) -> str:
    """Returns what may be meant: a key in another spelling, or the output of `xdputil query`."""
    for key in document:
        if key.lower() in KEYS:
            return f" Did you mean {key.lower()}? Keys are in small letters."
    kernels = document.get("kernels")
    for kernel in kernels if isinstance(kernels, list) else []:
        fingerprint = kernel.get("fingerprint") if isinstance(kernel, dict) else None
        if isinstance(fingerprint, str):
            return (
                f" It is the output of xdputil: give the fingerprint in it, {quoted(fingerprint)}."
            )
    return ""


def _bytes(path: str, label: str) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise TargetError(f"{label} is a folder; valid is the file itself.")
        if not stat.S_ISREG(mode):
            # Reading a pipe or a device might never end.
            raise TargetError(f"{label} is not a regular file.")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise TargetError(
            f"{label} does not exist; valid is a target's name, a fingerprint, a board or the path "
            "of an arch.json; `vai-inspect targets` lists all names."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TargetError(f"{label} cannot be read: {reason}.") from None
    if len(content) > MAX_BYTES:
        raise TargetError(
            f"{label} is larger than {MAX_BYTES} bytes and so not an arch.json; {_VALID}."
        )
    return content


_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS: Tuple[bytes, ...] = (b"\xff\xfe", b"\xfe\xff")


def _text(content: bytes, label: str) -> str:
    if content.startswith(_UTF_8_MARK):
        raise TargetError(
            f"{label} is not JSON: line 1, column 1: it starts with a byte-order mark (BOM); save "
            "it as "
            "UTF-8 without BOM."
        )
    if content.startswith(_UTF_16_MARKS):
        raise TargetError(
            f"{label} is not JSON: line 1, column 1: it starts with the byte-order mark (BOM) of "
            "UTF-16; "
            "save it as UTF-8 without BOM."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TargetError(
            f"{label} is not JSON: byte {error.start} is not UTF-8; save it as UTF-8."
        ) from None


def _not_json(content: str, error: json.JSONDecodeError, label: str) -> str:
    if not content.strip():
        return f"{label} is empty; {_VALID}."
    line, column, reason = error.lineno, error.colno, error.msg
    comma = _trailing_comma(content, error.pos)
    if comma >= 0:
        line = content.count("\n", 0, comma) + 1
        column = comma - content.rfind("\n", 0, comma)
        reason = "a trailing comma, which JSON forbids"
    return f"{label} is not JSON: line {line}, column {column}: {reason}; {_VALID}."


def _trailing_comma(content: str, position: int) -> int:
    """Returns where the comma before a closing bracket stands, or -1.

    Python 3.13 reports the comma itself, older ones the bracket or the place after the comma.
    """
    before = content[: position + 1].rstrip().rstrip("}]").rstrip()
    if before.endswith(",") and content[len(before) :].lstrip()[:1] in ("}", "]"):
        return len(before) - 1
    return -1


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    if value is None:
        return "null"
    return kinds.get(type(value), "a number")
