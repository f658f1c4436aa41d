"""The benchmarks' own rules, on cases worked out by reading their code; faults are cases too."""

import pytest


def cases(rule, *rows):
    """The last value of a row is what the rule says to the others."""
    return [pytest.param(rule, row[:-1], row[-1], id=f"{rule.__name__}-{place}") for place, row in enumerate(rows)]
