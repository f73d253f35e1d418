"""Model files of PyTorch."""
