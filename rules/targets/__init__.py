"""A target by name, board, fingerprint or arch.json: its figures, and how its bits are read."""
