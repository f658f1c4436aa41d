"""Answers in words: free text, yes and no, names of numbers, dates and times."""

import re

from revisual.grading.rules.number_words import read_number_words

_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathit|mathsf|boldsymbol|emph|unit)(?![A-Za-z]) ?\{([^{}]*)\}")
_MARKUP = re.compile(r"\\[,;:! ]|[*`\"$~]|\\(?=[(){}\[\]])")
_ARTICLE = re.compile(r"\b(?:the|a|an)\b ?")
_EDGE = re.compile(r"^[\s.,;:!?'-]+|[\s.,;:!?'-]+$")
_SPACE_BESIDE_MARK = re.compile(r" (?=[^\w\s])|(?<=[^\w\s]) ")
_SAME = {
    "true": "yes", "false": "no", "correct": "yes", "incorrect": "no", "does not exist": "dne", "undefined": "dne",
    "no solutions": "no solution", "no real solutions": "no solution", "no real solution": "no solution",
    "none of above": "none", "cannot be determined": "undetermined", "not enough information": "undetermined",
    "oui": "yes", "non": "no", "是": "yes", "否": "no", "不是": "no",
}  # fmt: skip
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: index + 1 for index, name in enumerate(_MONTH_NAMES)}
_CALENDAR = re.compile(
    r"(?:(january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(monday|tuesday|wednesday|thursday|friday|saturday|sunday))(?![a-z])"
)
_LIST = re.compile(r"\s*(?:[,;&]|\band\b)\s*")
_INTRODUCES = re.compile(
    r"\b(?:is|are|was|were|be|in|on|at|by|called|named|becomes?)(?: (?:definitely|clearly|thus|therefore))? $"
)
_OPEN_OR_DENIED = re.compile(r"\b(?:or|not|never|no|neither|nor|either|except|without|unless|if|maybe|perhaps)\b|n't\b")
MAX_SENTENCE = 200
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?([ap])?(?:\.? ?m\b\.?)?", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2}) ?([ap])\.? ?m\b\.?", re.IGNORECASE)
_IN_SENTENCE = re.compile(
    r"(?i)(?<![\d:])(?:\d{1,2}(?::|\{:\})\d{2}(?::\d{2})?(?: ?[ap]\.? ?m\b\.?)?|\d{1,2} ?[ap]\.? ?m\b\.?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
    r"|\d{1,2}(?:st|nd|rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? \d{4})(?![\d:])"
)
_NUMERIC_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_NAMED_DATE = re.compile(
    r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})|(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3})[a-z]*\.?,? (\d{4})"
)


def unwrap(text: str) -> str:
    r"""Replace text commands by what they hold.

    Example: `unwrap(r"\text{(C)}") == "(C)"`
    """
    previous = ""
    while previous != text and len(text) < 100_000:
        previous, text = text, _TEXT.sub(r"\1", text)
    return text


def normalize_words(text: str) -> str:
    r"""Return the form in which two answers in words are compared; empty if there are none.

    Example: `normalize_words(r"\text{The East}.") == normalize_words("east") == "east"`
    Example: `normalize_words("Nov") == normalize_words("November")`
    Example: `normalize_words("seven") == normalize_words("7")`
    """
    text = " ".join(_MARKUP.sub(" ", unwrap(text)).split()).casefold()
    text = _EDGE.sub("", _ARTICLE.sub("", text) or text)
    text = _CALENDAR.sub(lambda found: found[0][:3], text)
    text = _SPACE_BESIDE_MARK.sub("", text)
    return _SAME.get(text) or read_number_words(text) or text


def read_moment(text: str) -> str | None:
    """Return a date or a time of day in one spelling, None for anything else.

    Example: `read_moment("4:05 P.M.") == read_moment("16:05") == "16:05"`
    Example: `read_moment("December 12, 2011") == read_moment("2011-12-12") == "2011-12-12"`
    """
    text = " ".join(unwrap(text).replace("{:}", ":").split()).strip(" .").casefold()
    if len(text) > 40:
        return None
    found = _TIME.fullmatch(text + "." if text.endswith("m") and "." in text else text) or _TIME.fullmatch(text)
    if found:
        return _format_clock(found[1], found[2], found[3], found[4])
    found = _HOUR.fullmatch(text)
    if found:
        return _format_clock(found[1], "00", None, found[2])
    found = _NUMERIC_DATE.fullmatch(text)
    if found:
        first, last = found[1], found[4]
        if len(first) == 4:
            return f"{first}-{int(found[3]):02}-{int(last):02}"
        return f"{last}-{int(first):02}-{int(found[3]):02}"
    found = _NAMED_DATE.fullmatch(text)
    if found and (found[1] or found[5]) in _MONTHS:
        return f"{found[3] or found[6]}-{_MONTHS[found[1] or found[5]]:02}-{int(found[2] or found[4]):02}"
    return None


def _format_clock(hour: str, minute: str, second: str | None, half: str | None) -> str:
    value = int(hour) % 12 + (12 if half == "p" else 0) if half else int(hour)
    return f"{value:02}:{minute}" + (f":{second}" if second and second != "00" else "")


def lists_same_words(gold: str, answer: str) -> bool:
    """Return whether two normalized lists of names have the same items, in any order.

    Example: `lists_same_words("italy,france", "france and italy")`
    """
    lists = [sorted(filter(None, map(str.strip, _LIST.split(text)))) for text in (gold, answer)]
    return len(lists[0]) > 1 and lists[0] == lists[1]


def ends_with_words(gold: str, answer: str) -> bool:
    """Return whether a sentence says a gold answer in words at its end: behind a verb, an article or a preposition.

    Not where it is denied, or left open by "or".

    Example: `ends_with_words("August", "Sales were highest in August.")`
    Example: `not ends_with_words("August", "It is not August")` and `not ends_with_words("east", "the north-east")`
    """
    key, said = normalize_words(gold), normalize_words(answer)
    if not key or not said.endswith(f" {key}") or len(said) > MAX_SENTENCE:
        return False
    before = said[: -len(key)]
    return _INTRODUCES.search(before) is not None and _OPEN_OR_DENIED.search(before) is None


def find_moment(sentence: str) -> str | None:
    """Return the date or the time of day that is the last number of a sentence, as it is written there.

    Example: `find_moment("It arrives at 14:35") == "14:35"` and `find_moment("At 14:35 it has run 3 km") is None`
    """
    found = list(_IN_SENTENCE.finditer(sentence))
    if not found or re.search(r"\d", sentence[found[-1].end() :]):
        return None
    return found[-1][0] if read_moment(found[-1][0]) is not None else None
