"""PyTorch functions and modules as operators of the IR."""
