"""What --help says of MODEL and --trust, for every command that takes them."""

from __future__ import annotations

MODEL_HELP = (
    "A .keras, .h5 or .onnx file, a SavedModel folder, a .pt, .pth or .pt2 file (with --trust), or "
    "package.module:name or file.py:name, where name is a model or a callable that returns one."
)
TRUST_HELP = (
    "Let a framework load MODEL where only it can, which can run code in the file: .pt, .pth, "
    ".pt2, and a Keras file whose config alone does not say its shapes."
)
