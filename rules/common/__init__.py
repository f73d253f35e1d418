"""rules/common."""
