"""Which texts ask the same question, however they are spelled."""
