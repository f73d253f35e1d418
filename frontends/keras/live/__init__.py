"""Reads live models of Keras 2 and 3."""
