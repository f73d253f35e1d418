"""cahx8l."""
