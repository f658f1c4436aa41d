"""Chains training stages, each a command of its own that begins from the folder which the one before exported."""
