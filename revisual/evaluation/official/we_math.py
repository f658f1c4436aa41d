"""We-Math: evaluation/accuracy.py of We-Math/We-Math at a57a0e8."""

import re

from revisual.evaluation.official.response import visible

PROMPT = (
    "Now, we require you to solve a multiple-choice math question. "
    "Please briefly describe your thought process and provide the final answer(option).\n"
    "Question: {question}\n"
    "Option: {option}\n"
    "Regarding the format, please answer following the template below, and be sure to include two <> symbols:\n"
    "<Thought process>: <<your thought process>> <Answer>: <<your option>>"
)
"""Of the paper's appendix, with the lines of lmms-eval; the repository has none."""


def find_choice(response: str) -> str | None:
    """Return the first character behind the last "Answer", if it is a letter from A to H. Marks are skipped.

    Without the word, the first character of the whole response: "Based on ..." chooses B, "According to ..." A.

    Example: `find_choice("<Thought process>: <<6 * 7>> <Answer>: <<C>>") == "C"`
    Example: `find_choice("**Answer**: C") is None`: the asterisks come first
    """
    text = re.sub(r"[><:.]", "", response.split("Answer")[-1].strip()).strip()
    return text[0] if text and text[0] in "ABCDEFGH" else None


def unwrap(response: str) -> str:
    """Return the option alone, of a response in the form that the prompt asks for; another one as it is.

    Example: `unwrap("<Thought process>: <<6 * 7>> <Answer>: <<C. 42>>") == "C. 42"`
    """
    text = visible(response)
    said = text.rpartition("<Answer>")[2].strip(" \n\t:.").strip("<>").strip()
    is_in_form = "<Answer>" in text and "boxed{" not in response and not {"<", ">"} & set(said)
    return said if is_in_form else response
