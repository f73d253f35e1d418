"""How the command line ends: exit codes, and errors as one line each.

0: done. 1: `--fail-on` fired. 2: the input was wrong. 3: a defect of vai-inspect itself.
130: interrupted or terminated. 141: the reader of the output closed the pipe (as in shells).
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import Any, Iterator, List

import typer

from vai_inspect.cli.error_text import one_line, where
from vai_inspect.core.errors import GraphError, VaiInspectError, message_of
from vai_inspect.reports.text.lines import on_one_line

PROGRAM = "vai-inspect"

DONE, FAILED_ON, WRONG_INPUT, DEFECT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF)
"""Errors of a full device or folder, or of a closed stream."""

TRACEBACK_VARIABLE = "VAI_INSPECT_TRACEBACK"
COMPLETE_VARIABLE = "_VAI_INSPECT_COMPLETE"
"""Set by the scripts of `--show-completion`; the name is derived from the program name."""

# typer does not name this base of all its usage errors, and has it from different packages.
_UsageError: Any = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


def run(app: typer.Typer, args: List[str]) -> int:
    """Runs a typer app and returns the exit code; nothing ends in a traceback."""
    _open_streams()
    command = typer.main.get_command(app)
    if COMPLETE_VARIABLE in os.environ:  # called by a completion script
        command.main(list(args), prog_name=PROGRAM)
    try:
        # Not command.main(): it turns a closed pipe into exit code 1, which means something else.
        with _sigterm_as_interrupt(), command.make_context(PROGRAM, list(args)) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as error:
        return _flushed(int(error.exit_code))
    except BrokenPipeError:
        return _pipe_closed()
    except (KeyboardInterrupt, EOFError, typer.Abort):
        return _interrupted()
    except GraphError as error:
        return _defect(error)
    except VaiInspectError as error:
        return report_wrong(str(error))
    except _UsageError as error:
        return report_wrong(_usage(error))
    except OSError as error:
        return _full(error) if error.errno in _FULL else _defect(error)
    except Exception as error:
        return _defect(error)
    except BaseException as error:
        # A BaseException other than an interrupt comes from the model's code.
        return report_wrong(f"the model's code ended with {one_line(error)}{where(error)}.")
    return DONE


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Handles SIGTERM like Ctrl-C, so that partial output is removed."""
    before = signal.getsignal(signal.SIGTERM)
    if before is not signal.SIG_DFL:
        yield
        return
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # only the main thread may
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _open_streams() -> None:
    """Opens closed standard streams, so that no report file gets their descriptor."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def warn(text: str) -> None:
    """Prints a warning as one line on standard error."""
    say(f"{PROGRAM}: warning: {on_one_line(text)}")


def say(line: str) -> None:
    """Prints a line on standard error, if it accepts one; errors of writing are ignored."""
    with contextlib.suppress(OSError, ValueError):
        typer.echo(line, err=True)


def report_wrong(text: str) -> int:
    """Prints an error of the user's input as one line and returns its exit code."""
    say(f"{PROGRAM}: error: {on_one_line(text)}")
    return WRONG_INPUT


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    text = on_one_line(error.format_message()).replace("Value error, ", "")  # pydantic's words
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f"{text}{stop} `{path} --help` shows what is valid."


def _defect(error: Exception) -> int:
    if os.environ.get(TRACEBACK_VARIABLE):
        import traceback

        traceback.print_exc()
    say(
        f"{PROGRAM}: error: a defect of {PROGRAM}: {type(error).__name__}: "
        f"{on_one_line(message_of(error))}; {TRACEBACK_VARIABLE}=1 shows where."
    )
    return DEFECT


def _interrupted() -> int:
    say(f"{PROGRAM}: interrupted")
    return _flushed(INTERRUPTED)


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_closed()
    except OSError as error:
        return _full(error)
    return code


def _full(error: OSError) -> int:
    _drop_output()
    return report_wrong(
        f"the results cannot be written: {error.strerror or error}; free space, or write elsewhere."
    )


def _pipe_closed() -> int:
    _drop_output()
    return BROKEN_PIPE


def _drop_output() -> None:
    # Python flushes standard output once more at its end, and would complain.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
