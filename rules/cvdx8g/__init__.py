"""cvdx8g."""
