"""The benchmarks' own scoring rules, as far as they need no language model: pure functions, faults included."""
