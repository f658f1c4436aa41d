"""Edit distance."""

import numpy as np


def levenshtein(a: str, b: str) -> int:
    """Return the fewest insertions, deletions and replacements that make `b` of `a`. Takes len(a) x len(b) steps.

    Example: `levenshtein("Yes", "yes") == 1`
    """
    short, long = sorted((a, b), key=len)
    letters = np.array([ord(letter) for letter in long], dtype=np.int64)
    columns = np.arange(len(long) + 1)
    row = columns.copy()
    for number, letter in enumerate(short, start=1):
        kept = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        # An insertion comes from the left neighbor, which may have one itself: a running minimum of value - column.
        row = np.minimum.accumulate(np.concatenate(([number], kept)) - columns) + columns
    return int(row[-1])
