"""GSM8K: grade_school_math/dataset.py of openai/grade-school-math at 3101c7d."""

import re

PROMPT = """Solve the following math problem step by step. The last line of your
response should be of the form "ANSWER: $ANSWER" (without quotes)
where $ANSWER is the answer to the problem.

{question}

Remember to put your answer on its own line at the end in the form
"ANSWER: $ANSWER" (without quotes) where $ANSWER is the answer to
the problem, and you do not need to use a \\boxed command.

Reasoning:"""
"""Of lighteval."""

_ANSWER = re.compile(r"#### (-?[0-9.,]+)")


def number(response: str) -> str | None:
    """What stands behind the first "#### ", without commas; it is compared as text.

    Example: `number("6 * 7 = 42\\n#### 1,042") == "1042"` and `number("The answer is 42.") is None`
    """
    match = _ANSWER.search(response)
    return match[1].replace(",", "") if match else None
