"""What all packages share: the IR, targets, findings, the inspection and the errors."""
