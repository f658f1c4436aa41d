"""What a sample must be to be collected, a rule per class."""
