"""The interval of a share by Wilson's score, which has a width at 0 and at 1 too."""

from math import sqrt

Z = 1.959963984540054
"""Of 95 %, on both sides."""


def wilson(right: float | int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Example: at 0 of 24 it reaches to 13.8 %.

    Args:
        right: how many of them are.
        n: how many there are, at least 1.
    """
    share, weight = right / n, Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    reach = Z * sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return (middle - reach if share > 0 else 0.0), (middle + reach if share < 1 else 1.0)
