"""From ONNX's operators to those of XIR; a file for each group."""
