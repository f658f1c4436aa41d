"""Whether a response that was cut at its limit had given its answer before."""

from revisual.grading.rules.boxes import after_thoughts, find_last_box

_OPEN, _CLOSED = "<answer>", "</answer>"


def has_whole_answer(response: str) -> bool:
    r"""Return whether no thought is open and the last box or answer tag of a response is whole.

    Example: `has_whole_answer(r"So it is \boxed{42}, wh") and not has_whole_answer(r"\boxed{4} or \boxed{42")`
    Example: `not has_whole_answer("The answer is 42. Let me ch")`
    """
    text = after_thoughts(response)
    if text is None:
        return False
    last_box, is_closed = find_last_box(text)
    last_tag = text.rfind(_OPEN)
    if last_box < 0 and last_tag < 0:
        return False
    if last_box > last_tag:
        return is_closed
    return text.find(_CLOSED, last_tag) >= 0
