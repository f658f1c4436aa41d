"""Answers to questions of one's own."""
