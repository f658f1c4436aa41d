r"""MathVision: evaluation/evaluate.py and utils.py of mathllm/MATH-V at a1f5cc3.

Officially both sides are turned into Python by latex2sympy2 and evaluated; here `latex_value` gives their values. What
that does not understand is unequal, as what officially fails is.
"""

import re

from revisual.evaluation.official.latex_value import latex_value

_LEADS = ("the final answer is", "the answer is", "the correct answer is", "the answer should be")
_REMOVED_FIRST = (" ", "\\,")
_REMOVED = (
    *("\n", "\\text", "\\mbox", "\\left", "\\right", "^{\\circ}", "^\\circ", "{m}^3", "m^3"),
    *("{units}", "units", "{km}", "km"),
)
_STRIPPED = ("\n", "\\!", "\\left", "\\right", "^{\\circ}", "^\\circ", "\\$", "$")


def extract(response: str) -> str:
    r"""Return a response's answer: its last box, else what follows a phrase such as "the answer is", else all of it.

    Lower case, without blanks, units and degrees, and of "x = 5" the 5.

    Example: `extract(r"So \boxed{x = \frac{1}{2}}.") == r"\frac{1}{2}"`
    Example: `extract("The answer is (B). It is red.") == "b"`
    """
    answer = response.strip()
    for letter in "ABCDE":
        ends = answer.endswith((f" {letter}.", f" ({letter})."))
        if ends or answer.startswith((f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")):
            answer = letter
    tail = answer.split("is ")[-1].rstrip(".")
    answer = tail if _is_number(tail) else answer
    if "oxed{" not in answer:
        answer = _after_leads(answer)
    elif answer.count("oxed{") > 1:
        answer = "\\boxed{" + answer.split("oxed{")[-1]
    answer = _math_answer(answer)
    for letter in "abcde":
        answer = answer.replace(f"({letter})", letter)
    for letter in "abcde":
        answer = answer.replace(f"{{{letter}}}", letter)
    return answer.rstrip(".").lstrip(":").strip()


def is_equal(answer: str, gold: str) -> bool:
    r"""Return the same text, or tuples of the same values, or the same value, both rounded to two decimals.

    Example: `is_equal("0.33", r"\frac{1}{3}")` and `is_equal("3.14159", r"\pi")`: faults of the rule
    Example: `is_equal("(1,2)", "( 1, 2)") and not is_equal("(1,2)", "(1.0,2.0)")`
    """
    answer, gold = answer.lower(), gold.lower()
    if not answer.replace(" ", "") or not gold.replace(" ", ""):
        return False
    if answer.strip() == gold.strip():
        return True
    answer, gold = _tuple(answer), _tuple(gold)
    if answer == gold:
        return True
    right, value = latex_value(gold), latex_value(answer)
    return right is not None and value is not None and round(right, 2) == round(value, 2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _after_leads(answer: str) -> str:
    for lead in _LEADS:
        for phrase in (lead, lead.replace("the", "The")):
            if phrase in answer:
                answer = answer.split(phrase)[-1].strip().split("\n")[0].split(". ")[0]
            else:
                answer = answer.strip()
    return answer


def _math_answer(text: str) -> str:
    text = text.lower().replace("{}", "")
    start, end = text.find("oxed{") + len("oxed{"), text.rfind("}")
    answer = text[start:end] if len("oxed{") <= start <= end else text
    opening, closing = answer.find("{"), answer.find("}")
    if closing != -1 and (opening == -1 or closing < opening):
        answer = answer.split("}")[0]
    answer = answer.split("=")[-1].split("\\approx")[-1]
    for removed in _REMOVED_FIRST:
        answer = answer.replace(removed, "")
    answer = answer.replace("∞", "\\infty").replace("+\\infty", "\\infty").replace("\\\\", "\\")
    for removed in _REMOVED:
        answer = answer.replace(removed, "")
    return _strip(answer.replace("bmatrix", "pmatrix"))


def _strip(text: str) -> str:
    text = text.replace("\n", "").replace("\\!", "").replace("\\\\", "\\")
    text = text.replace("tfrac", "frac").replace("dfrac", "frac")
    for removed in _STRIPPED:
        text = text.replace(removed, "")
    text = text.split("\\text{ ")[0].replace("\\%", "").replace("{.", "{0.")
    text = f"0{text}" if text.startswith(".") else text
    for sign in ("=", "\\approx"):
        text = text.split(sign)[-1] if text.count(sign) == 1 else text
    text = re.sub(r"\\sqrt(?=[^{])(.)", r"\\sqrt{\1}", text)
    if text == "0.5":
        return "\\frac{1}{2}"
    slashed = re.fullmatch(r"(-?\d+)/(-?\d+)", text)
    return f"\\frac{{{int(slashed[1])}}}{{{int(slashed[2])}}}" if slashed else text


def _tuple(text: str) -> str:
    parts = text[1:-1].split(",")
    if len(parts) < 2 or (text[0], text[-1]) not in (("(", ")"), ("[", "]")):
        return text
    values = [part if "infty" in part or part in ("a", "-a") else _round(part) for part in parts]
    return text if None in values else f"{text[0]}{','.join(filter(None, values))}{text[-1]}"


def _round(text: str) -> str | None:
    if re.fullmatch(r" *-?\d+ *", text):  # an integer stays one in Python, and "2" is not "2.0"
        return str(int(text))
    value = latex_value(text)
    return None if value is None else str(round(value, 2))
