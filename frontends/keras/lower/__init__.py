"""Keras layers and operations as operators of the IR."""
