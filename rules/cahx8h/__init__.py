"""cahx8h."""
