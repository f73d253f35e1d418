"""czdi4g."""
