"""Thoughts that are longer than they need be."""

import random

DOUBTS = ("Wait", "Hmm", "Check", "Alternatively")
"""Words that open another round of the same thought: four of those that Vision-R1 counts in its data (table 2)."""
MOST_ROUNDS = 12


def repeat_with_doubts(solution: str, doubt: float, rng: random.Random) -> str:
    """Repeat a solution: after each round comes another with probability `doubt`.

    Every round is right, so that a response gains nothing from its length: what Vision-R1 calls overthinking. There
    are 1 / (1 - doubt) rounds on average and at most `MOST_ROUNDS`.

    Example: `repeat_with_doubts("it is red", 0.5, rng)` may be `it is red. Wait, it is red. Check, it is red`.
    """
    rounds = [solution]
    while len(rounds) < MOST_ROUNDS and rng.random() < doubt:
        rounds.append(f"{rng.choice(DOUBTS)}, {solution}")
    return ". ".join(rounds)
