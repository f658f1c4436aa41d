"""GSM8K: grade_school_math/dataset.py of openai/grade-school-math at 3101c7d."""

import re

from revisual.evaluation.official.response import visible

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
_AT_THE_END = re.compile(r"#### (-?[0-9.,]*[0-9])\.?$")


def number(response: str) -> str | None:
    r"""Return the text behind the first "#### ", without commas; it is compared as text.

    Example: `number("6 * 7 = 42\n#### 1,042") == "1042"` and `number("The answer is 42.") is None`
    """
    match = _ANSWER.search(response)
    return match[1].replace(",", "") if match else None


def unwrap(response: str) -> str:
    """Return the number alone, of a response that ends in the form of the data set's solutions; another one as it is.

    Example: `unwrap("<think>6 * 7</think>#### 1,042") == "1,042"` and `unwrap("#### 1. Add") == "#### 1. Add"`
    """
    found = _AT_THE_END.search(visible(response).rstrip()[-100:])
    return found[1] if found and "boxed{" not in response else response
