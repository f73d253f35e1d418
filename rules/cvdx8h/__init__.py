"""cvdx8h."""
