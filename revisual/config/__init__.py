"""Configs and command lines: how they are parsed, and what is said of mistakes in them."""
