"""Constraints that families share, by operator group. Every figure comes from the target."""
