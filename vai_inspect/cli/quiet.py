"""Keeps a framework's native chatter out of standard error while it is loaded.

TensorFlow's C++ part writes a dozen lines of information when it starts, past Python's
`sys.stderr`; between them one clear line of ours is hard to find. Everything else that is
written meanwhile is passed on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from typing import Iterator

_CHATTER = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:\d\d|[IWE]0000 |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|WARNING: All log messages before absl"
    rb"|To enable the following instructions: "
)


@contextlib.contextmanager
def native_chatter_left_out() -> Iterator[None]:
    """Collects what is written to file descriptor 2 and passes it on without the chatter."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as collected:
        os.dup2(collected.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            collected.seek(0)
            lines = [line for line in collected if not _CHATTER.match(line)]
            with contextlib.suppress(OSError):
                os.write(2, b"".join(lines))
