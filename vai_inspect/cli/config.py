"""Defaults for the options: vai-inspect.toml, or [tool.vai-inspect] of a pyproject.toml.

A file is looked for in the working folder, then upwards to the root of the repository. Its keys
are the long names of the options without the dashes; what the command line gives comes first.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

import typer

from vai_inspect.core.errors import ConfigError, did_you_mean

FILE, PYPROJECT = "vai-inspect.toml", "pyproject.toml"
TABLE = "[tool.vai-inspect]"
COMMAND_LINE_ONLY = ("all", "config", "help", "json", "trust")
"""Options that no file can set; least of all what lets code run."""

_PATHS = ("output-dir", "baseline")
"""Keys whose values are relative to the file that holds them; so is a target's arch.json."""


def _set_defaults(context: typer.Context, given: Optional[Path]) -> Optional[Path]:
    """Lays the values of a config under the options of a command.

    Raises:
        ConfigError: the file cannot be read, or a key or value is wrong.
    """
    path = given if given is not None else _nearest()
    table = read(path) if path is not None else {}
    if path is not None and table:
        defaults: Dict[str, Any] = dict(_defaults(context, path, table))
        context.default_map = {**(context.default_map or {}), **defaults}
    return given


CONFIG: Optional[Path] = typer.Option(
    None,
    "--config",
    metavar="FILE.toml",
    is_eager=True,
    callback=_set_defaults,
    help="Defaults for these options [vai-inspect.toml, or [tool.vai-inspect] in pyproject.toml].",
)
"""The option of every command that takes defaults from a file: `config: ... = CONFIG`."""


def is_configured(context: typer.Context, name: str) -> bool:
    """Returns whether a parameter's value comes from a config and not from the command line.

    Args:
        context: of the command.
        name: the parameter's, `fail_on`.
    """
    source = context.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT_MAP"


def _nearest() -> Optional[Path]:
    try:
        return find(Path.cwd())
    except OSError:  # the working folder is gone
        return None


def find(folder: Path) -> Optional[Path]:
    """Returns the config of a folder: its own, or the nearest one above it in its repository.

    Args:
        folder: where to begin.
    """
    above = [folder, *folder.parents]
    root = next((at for at, one in enumerate(above) if os.path.exists(one / ".git")), 0)
    for one in above[: root + 1]:
        for name in (FILE, PYPROJECT):
            path = one / name
            if os.path.isfile(path) and (name == FILE or _names_us(path)):
                return path
    return None


def read(path: Path) -> Dict[str, Any]:
    """Returns the keys and values of a config.

    Args:
        path: a file of TOML; the keys stand in [tool.vai-inspect] in a pyproject.toml, and may
            stand there in any other.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"config {path}: {reason}.") from error
    try:
        whole = _loads()(text)
    except ValueError as error:
        raise ConfigError(f"config {path} is no TOML: {error}.") from error
    tool = whole.get("tool")
    table = tool.get("vai-inspect") if isinstance(tool, dict) else None
    if table is None:
        return {} if path.name == PYPROJECT else whole
    if not isinstance(table, dict):
        raise ConfigError(f"config {path}: {TABLE} is no table.")
    return table


def _loads() -> Callable[[str], Dict[str, Any]]:
    for name in ("tomllib", "tomli"):  # Python's own is of 3.11
        try:
            loads: Callable[[str], Dict[str, Any]] = importlib.import_module(name).loads
        except ImportError:
            continue
        return loads
    raise ConfigError("a config needs Python 3.11, or the package tomli: pip install tomli.")


def _names_us(path: Path) -> bool:
    """Returns whether a pyproject.toml has something for us; others are not even parsed."""
    try:
        return b"vai-inspect" in path.read_bytes() and bool(read(path))
    except OSError:
        return False


def _defaults(
    context: typer.Context, path: Path, table: Mapping[str, Any]
) -> Iterator[Tuple[str, Any]]:
    """Yields the parameters of a command for which a config has a value, and the value."""
    whole: Any = context.parent.command if context.parent is not None else context.command
    own = _options(context.command)
    others = [_options(one) for one in getattr(whole, "commands", {}).values() if _takes_one(one)]
    known = set(own).union(*others)
    for key, value in table.items():
        if key not in known:
            why = (
                f"{key!r} is for the command line only."
                if key in COMMAND_LINE_ONLY
                else f"there is no key {key!r}.{did_you_mean(key, known)}"
            )
            raise ConfigError(f"config {path}: {why} Valid are {', '.join(sorted(known))}.")
        if key in own:
            yield own[key].name, _value(context, path, key, own[key], value)


def _takes_one(command: Any) -> bool:
    return any(param.name == "config" for param in command.params)


def _options(command: Any) -> Dict[str, Any]:
    """Returns the options of a command that a config can set, by their keys."""
    found = {
        name[2:]: param
        for param in command.params
        if param.param_type_name == "option"
        for name in param.opts
        if name.startswith("--")
    }
    return {key: param for key, param in found.items() if key not in COMMAND_LINE_ONLY}


def _value(context: typer.Context, path: Path, key: str, option: Any, value: Any) -> Any:
    """Returns a value as the option takes it from the command line.

    Raises:
        ConfigError: the option takes no such value.
    """
    flag, multiple = getattr(option, "is_flag", False), getattr(option, "multiple", False)
    texts = list(_items(value)) if multiple else [_text(value)]
    if not isinstance(value, bool) if flag else None in texts:
        kind = "true or false" if flag else "a text or number"
        more = ", or a list of them" if multiple else ""
        raise ConfigError(f"config {path}: {key} is {value!r}; valid is {kind}{more}.")
    if key in _PATHS or key == "target":
        texts = [_beside(path, key, one) for one in texts]
    found = value if flag else texts if multiple else texts[0]
    try:
        option.process_value(context, found)
    except Exception as error:
        said = getattr(error, "format_message", None)
        if said is None:
            raise
        raise ConfigError(f"config {path}: {key}: {said().replace('Value error, ', '')}") from error
    return found


def _items(value: Any) -> Iterator[Optional[str]]:
    """Yields the values of an option that is given more than once.

    A list of numbers is one shape, a table KEY=VALUE pairs.
    """
    if isinstance(value, dict):
        yield from (f"{name}={one}" for name, one in value.items())
    elif isinstance(value, list) and not _is_shape(value):
        yield from map(_text, value)
    else:
        yield _text(value)


def _text(value: Any) -> Optional[str]:
    """Returns a value as it is written on the command line; None for what cannot be."""
    if _is_shape(value):
        return ",".join(map(str, value))
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def _is_shape(value: Any) -> bool:
    whole = isinstance(value, list) and bool(value)
    return whole and all(type(one) is int for one in value)


def _beside(path: Path, key: str, value: Optional[str]) -> Optional[str]:
    if value is None or (key == "target" and not value.endswith(".json")):
        return value
    return str(path.parent / value)
