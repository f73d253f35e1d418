"""Evaluates nodes that do not depend on the inputs of the model."""
