"""LogicVista: eval/extract_accuracy.py of Yijia-Xiao/LogicVista at e5795f1.

Officially GPT-4 names the letters that a response chooses; here they are read from the project's extraction.
"""

import re

_LETTERS = re.compile(r"\(?[A-Za-z0-9]\)?\.?(?:(?: ?, ?(?:and )?| and | & )\(?[A-Za-z0-9]\)?\.?)*|[A-I]{2,9}")
_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")


def letters(extraction: str) -> list[str]:
    r"""Return the options of an extraction, in lower case, sorted; empty (officially "ZZZZZ") if it is not a list.

    Example: `letters("D, B") == letters(r"\text{BD}") == ["b", "d"]` and `letters("I cannot tell") == []`
    """
    plain = _TEXT.sub(r"\1", extraction).strip()
    return sorted(re.findall("[a-z0-9]", plain.replace("and", "").lower())) if _LETTERS.fullmatch(plain) else []


def is_right(extraction: str, gold: str) -> bool:
    """Return whether the same options are named: one missing or one too many is wrong.

    Example: `is_right("B and D", "B, D") and not is_right("B", "B, D")`
    """
    return letters(extraction) == sorted(gold.lower().split(", "))
