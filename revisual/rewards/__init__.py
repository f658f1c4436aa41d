"""From responses to rewards: extraction of answers, the one grader, reward functions."""
