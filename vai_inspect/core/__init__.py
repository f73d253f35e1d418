"""What every room of the house speaks: the IR, targets, findings, the inspection and the errors."""
