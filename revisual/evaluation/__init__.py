"""Benchmarks: their questions, answers, grades and metrics."""
