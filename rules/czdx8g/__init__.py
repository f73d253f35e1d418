"""rules/czdx8g."""
