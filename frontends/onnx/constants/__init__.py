"""What depends on no input of the model."""
