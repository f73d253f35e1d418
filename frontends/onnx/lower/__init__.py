"""Lowers ONNX operators to those of XIR; one file per group."""
