"""DynaMath: evaluation/opensource_json_eval.py of DynaMath/DynaMath at 598c3c3."""

import json
import math
from typing import Any

from revisual.evaluation.official.response import visible

_GUIDE = (
    "\n## Answer Instruction Please provide an answer to the question outlined above. Your response should adhere \n"
    "to the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' key can "
    "contain \ndetailed steps needed to solve the question, and the 'short answer' key should provide a concise "
    "response. If the problem is a multiple choice problem, just provide the corresponing choice option, \n"
    "such as 'A', 'B', 'C', or 'D'. If the answer is a numerical value, format it as a three-digit floating-point "
    "number.\n\nExample of expected JSON response format:\n\n"
    '{\n    "solution": "[Detailed step-by-step explanation]",\n    "short answer": "[Concise Answer]"\n}'
)


def prompt(question: str, answer_type: str) -> str:
    """Return the prompt, misprint included."""
    number = "Please answer in a floating-point number." if answer_type == "float" else ""
    return f"## Question\n{question}{number}{_GUIDE}"


def short_answer(response: str) -> str:
    r"""Return the "short answer" of the JSON in a response, else the last line without its last character.

    JSON is what stands from the first brace to the last one, if there are both, without any backslash; the last line
    is taken of that too.

    Example: `short_answer('{"solution": "2 + 3", "short answer": "5.000"}') == "5.000"`
    Example: `short_answer("2 + 3 = 5\nThe answer is 5.") == "The answer is 5"`
    """
    try:
        found = _json(response)
    except (ValueError, RecursionError):
        return _find_braces(response).split("\n")[-1][:-1]
    return str(found.get("short answer")) if isinstance(found, dict) else ""


def unwrap(response: str) -> str:
    """Return the short answer of a response in JSON, as the prompt asks for it; another response as it is.

    Example: `unwrap('{"solution": "2 + 3", "short answer": "5.000"}') == "5.000"`
    """
    try:
        found = _json(visible(response))
    except (ValueError, RecursionError):
        return response
    has_answer = isinstance(found, dict) and "short answer" in found and "boxed{" not in response
    return str(found["short answer"]) if has_answer else response


def _json(response: str) -> Any:
    return json.loads(_find_braces(response), strict=False)


def _find_braces(response: str) -> str:
    start, end = response.find("{"), response.rfind("}")
    return response[start : end + 1].replace("\\", "") if 0 <= start < end else response


def is_right(answer: str, gold: str, answer_type: str) -> bool:
    """Return whether a short answer is right.

    Numbers: within 0.001, of the first word, which may end in π. Multiple choice: the letter, or the gold letter among
    the first three characters. Text: the gold anywhere in the answer.

    Example: `is_right("2.0947", "2.094", "float") and not is_right("2.1", "2.094", "float")`
    Example: `is_right("(B) odd", "B", "multiple choice")`
    Example: `is_right("neither White nor Black", "White", "text")`: a fault of the rule
    """
    if answer_type == "float":
        try:
            return abs(_number(answer) - float(gold)) <= 0.001
        except ValueError:
            return False
    if answer_type == "multiple choice":
        return answer == gold if len(answer) == 1 else gold in answer[:3]
    return gold in answer


def _number(answer: str) -> float:
    if answer.isdigit():
        return float(answer)
    word = answer.split(" ")[0]
    return float(word.split("π")[0]) * math.pi if "π" in word else float(word)
