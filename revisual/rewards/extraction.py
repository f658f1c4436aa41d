"""Where in a response its answer stands. Pure functions of text, all in linear time."""

import re
from typing import Literal

Rule = Literal["boxed", "answer_tag", "bare", "none"]
"""Which of `extract_answer`'s rules found the answer."""

MAX_BARE_LENGTH = 100
"""A response without a box or tag is taken for an answer only up to this many characters."""

# An escaped brace (\{) is text, not structure. Two or three backslashes: a response that was escaped once more.
_TOKEN = re.compile(r"(?P<box>\\{1,3}(?:boxed|fbox)\s*\{)|\\.|(?P<open>\{)|(?P<close>\})", re.DOTALL)
_LEAD_IN = re.compile(
    r"(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:final )?answer(?: is\b ?:?| ?:) ?", re.IGNORECASE
)


def after_thoughts(response: str) -> str | None:
    """The text after the last `</think>`, the whole response if it has no thoughts.

    None if the thoughts were opened and never closed: then nothing was answered yet.

    Example: `after_thoughts("<think>6 * 7</think>It is 42.") == "It is 42."`
    """
    end = response.rfind("</think>")
    if response.rfind("<think>") > end:
        return None
    return response if end < 0 else response[end + len("</think>") :]


def _scan_boxes(text: str) -> tuple[list[tuple[int, int]], int]:
    """Spans of the contents of the outermost closed boxes, and how many boxes were never closed."""
    spans: list[tuple[int, int]] = []
    open_braces: list[int | None] = []  # where a box's contents start, None for a brace that is no box
    for token in _TOKEN.finditer(text):
        if token["box"]:
            open_braces.append(token.end())
        elif token["open"]:
            open_braces.append(None)
        elif token["close"] and open_braces:
            start = open_braces.pop()
            if start is not None:
                while spans and spans[-1][0] > start:
                    spans.pop()
                spans.append((start, token.start()))
    return spans, sum(start is not None for start in open_braces)


def boxed_contents(text: str) -> list[str]:
    r"""What stands in each `\boxed{...}` with balanced braces, in order; of nested boxes, the outermost.

    Example: `boxed_contents(r"\boxed{\frac{1}{2}} or \boxed{3}") == [r"\frac{1}{2}", "3"]`
    """
    return [text[start:end] for start, end in _scan_boxes(text)[0]]


def has_unclosed_box(text: str) -> bool:
    r"""Whether a `\boxed{` is never closed.

    Example: `has_unclosed_box(r"\boxed{42")`
    """
    return _scan_boxes(text)[1] > 0


def answer_tag(text: str) -> str | None:
    """What stands in the last `<answer>...</answer>`, None without one.

    Example: `answer_tag("<answer>1</answer> no, <answer> 2 </answer>") == "2"`
    """
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    return None if start < 0 else text[start + len("<answer>") : end].strip()


def _last_box(text: str) -> str | None:
    boxes = boxed_contents(text)
    if not boxes:
        return None
    inner = boxed_contents(boxes[-1])
    # A box that is nothing but a box: \boxed{\boxed{42}}.
    return (inner[-1] if inner else boxes[-1]).strip()


def _bare_answer(text: str) -> str | None:
    text = text.strip()
    if not text or len(text) > MAX_BARE_LENGTH or "\n" in text or has_unclosed_box(text):
        return None
    text = text.replace("**", "")
    lead_in = _LEAD_IN.match(text)
    text = (text[lead_in.end() :] if lead_in else text).strip()
    return text.removesuffix(".").strip() or None


def extract_answer(response: str) -> tuple[str, Rule]:
    r"""The answer that a response commits to after its thoughts, and the rule that found it.

    The last `\boxed{}`, else the last `<answer>` tag, else the whole remaining text if it is one short line.
    A box in the thoughts is no answer.

    Example: `extract_answer(r"<think>\boxed{1}?</think> It is \boxed{42}.") == ("42", "boxed")`
    Example: `extract_answer("The answer is 42.") == ("42", "bare")`
    Example: `extract_answer("<think>Hm, 42") == ("", "none")`
    """
    text = after_thoughts(response)
    if text is None:
        return "", "none"
    boxed = _last_box(text)
    if boxed is not None:
        return boxed, "boxed"
    tagged = answer_tag(text)
    if tagged is not None:
        return tagged, "answer_tag"
    bare = _bare_answer(text)
    return ("", "none") if bare is None else (bare, "bare")


def gold_answer(answer: str) -> str:
    r"""A gold answer without the box or tag that some data sets leave around it.

    Example: `gold_answer(r"\boxed{42}") == gold_answer("<answer>42</answer>") == gold_answer(" 42 ") == "42"`
    """
    boxed = _last_box(answer)
    if boxed is not None:
        return boxed
    tagged = answer_tag(answer)
    return answer.strip() if tagged is None else tagged
