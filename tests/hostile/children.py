"""Runs code in a process of its own with limits of time, memory and file size.

What the process used is measured, so that a test can say what it may use.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

CLI = "import sys; from vai_inspect.cli import main; main(sys.argv[1:])"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    Attributes:
        code: its exit code, negative for a signal; None where it was stopped for taking too long.
        out: what it wrote to standard output.
        err: what it wrote to standard error.
        seconds: how long it ran.
        megabytes: the most memory that it had at once.
    """

    code: Optional[int]
    out: str
    err: str
    seconds: float
    megabytes: float


def child(
    code: str,
    folder: Path,
    *args: str,
    seconds: float = 60,
    memory: int = 8192,
    disk: int = 64,
    environment: Optional[Dict[str, str]] = None,
) -> Ended:
    """Runs Python code in a process of its own.

    Args:
        code: the code.
        folder: its working folder.
        args: its arguments.
        seconds: how long it may run.
        memory: megabytes of address space; frameworks take some thousand for their libraries.
        disk: megabytes of the largest file that it may write.
        environment: variables besides those of this process.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory * MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk * MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    files = [folder / "child.out", folder / "child.err"]
    start = time.monotonic()
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *args],
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=limit,
            env={**os.environ, **(environment or {})},
        )
        highest = _watched(process, start + seconds)
    texts = [path.read_bytes().decode("utf-8", "replace") for path in files]
    for file in files:
        file.unlink()
    late = time.monotonic() > start + seconds
    return Ended(None if late else process.returncode, *texts, time.monotonic() - start, highest)


def _watched(process: "subprocess.Popen[bytes]", until: float) -> float:
    """Waits for a process, no longer than it may run; returns its highest megabytes."""
    status = Path("/proc/{}/status".format(process.pid))
    highest = 0.0
    while process.poll() is None:
        # What the system reports of an ended process counts this one's, too, as of the fork.
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
            highest = max(highest, float(found.group(1)) / 1024 if found else 0.0)
        if time.monotonic() > until:
            process.kill()
        time.sleep(0.01)
    return highest


def inspect(path: str, folder: Path, *more: str, **limits: Any) -> Ended:
    """Runs `vai-inspect inspect` on a file in a process of its own."""
    args: List[str] = ["inspect", path, "-t", "DPUCZDX8G_ISA1_B4096", "-o", "reports", *more]
    return child(CLI, folder, *args, **limits)


def one_line(ended: Ended) -> str:
    """Returns the one line with which a process said that its input was wrong."""
    said = [line for line in ended.err.splitlines() if not line.startswith("WARNING: All log")]
    assert (ended.code, len(said)) == (2, 1), ended
    assert said[0].startswith("vai-inspect: error: ")
    assert "defect" not in said[0]
    return said[0][len("vai-inspect: error: ") :]
