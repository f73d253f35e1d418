"""cadf8h."""
