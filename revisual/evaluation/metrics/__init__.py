"""From graded answers to figures with intervals."""
