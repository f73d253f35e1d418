"""`python -m vai_inspect`, for where the console script is not on the path."""

from __future__ import annotations

from vai_inspect.cli import main

main()
