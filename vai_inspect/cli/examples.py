"""The examples that `--help` shows; a test runs them."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

EXAMPLES: Dict[str, Tuple[str, ...]] = {
    "inspect": (
        "inspect my_model.py:build -t KV260 --image-format svg",
        "inspect keras.applications:ResNet50 --kwargs weights=None -t KV260",
        "inspect net.pt2 --trust -t arch.json",
        "inspect net.py:Net -t KV260 --input-shape 1,3,64,64 --fail-on cpu",
    ),
    "compare": (
        "compare my_model.py:build",
        "compare my_model.py:build -t KV260 -t VCK190 --fail-on cpu",
    ),
    "plan": ("plan my_model.py:build -t KV260",),
    "fix": (
        "fix my_model.py:build -t KV260",
        "fix my_model.py:build -t KV260 --approximate --output fixed.pt2",
    ),
    "estimate": ("estimate my_model.py:build -t KV260",),
    "diff": ("diff before/inspect_DPUCZDX8G_ISA1_B4096.json after.json",),
    "targets": ("targets --family czdx8g", "targets --json"),
    "target": ("target KV260", "target 0x603000b16013831"),
    "rules": ("rules czdx8g", "rules KV260 --json"),
    "explain": ("explain czdx8g.conv.kernel",),
}


def examples(command: str) -> Optional[str]:
    """Returns the examples of a command as the last lines of its help, or None without any.

    Args:
        command: the command's name.
    """
    if command not in EXAMPLES:
        return None
    # \b keeps the lines as they are.
    return "\b\nExamples:\n" + "\n".join("vai-inspect " + one for one in EXAMPLES[command])
