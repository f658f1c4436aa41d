"""Policies: loading, freezing, adapters, tiny ones for tests, and their log-probs."""
