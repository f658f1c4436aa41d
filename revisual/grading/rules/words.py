"""Answers in words: free text, yes and no, names of numbers, dates and times."""

import re

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
_NUMBER_NAMES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_NUMBERS = {name: str(value) for value, name in enumerate(_NUMBER_NAMES)}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: index + 1 for index, name in enumerate(_MONTH_NAMES)}
_CALENDAR = re.compile(
    r"(?:(january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(monday|tuesday|wednesday|thursday|friday|saturday|sunday))(?![a-z])"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?([ap])?(?:\.? ?m\b\.?)?", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2}) ?([ap])\.? ?m\b\.?", re.IGNORECASE)
_NUMERIC_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_NAMED_DATE = re.compile(
    r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})|(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3})[a-z]*\.?,? (\d{4})"
)


def unwrap(text: str) -> str:
    r"""Text commands replaced by what they hold.

    Example: `unwrap(r"\text{(C)}") == "(C)"`
    """
    previous = ""
    while previous != text and len(text) < 100_000:
        previous, text = text, _TEXT.sub(r"\1", text)
    return text


def normalize_words(text: str) -> str:
    r"""The form in which two answers in words are compared; empty if there are none.

    Example: `normalize_words(r"\text{The East}.") == normalize_words("east") == "east"`
    Example: `normalize_words("Nov") == normalize_words("November")`
    Example: `normalize_words("seven") == normalize_words("7")`
    """
    text = " ".join(_MARKUP.sub(" ", unwrap(text)).split()).casefold()
    text = _EDGE.sub("", _ARTICLE.sub("", text) or text)
    text = _CALENDAR.sub(lambda found: found[0][:3], text)
    text = _SPACE_BESIDE_MARK.sub("", text)
    return _SAME.get(text, _NUMBERS.get(text, text))


def read_number_word(text: str) -> str | None:
    """The digits of a number that is written as one word.

    Example: `read_number_word("Seven") == "7"` and `read_number_word("east") is None`
    """
    return _NUMBERS.get(text.strip(" .").casefold())


def read_moment(text: str) -> str | None:
    """A date or a time of day in one spelling, None for anything else.

    Example: `read_moment("4:05 P.M.") == read_moment("16:05") == "16:05"`
    Example: `read_moment("December 12, 2011") == read_moment("2011-12-12") == "2011-12-12"`
    """
    text = " ".join(unwrap(text).split()).strip(" .").casefold()
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
