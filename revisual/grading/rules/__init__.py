"""The rules that decide whether an answer is right: pure functions on text."""
