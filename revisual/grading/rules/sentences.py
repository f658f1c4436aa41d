"""The answer of a response that marks none: the last sentence that commits to something.

Phrases are known in English, and the commonest in French, German, Spanish, Chinese, Hindi and Arabic.
"""

import re
from collections import deque
from functools import lru_cache

from revisual.grading.rules.lexer import NUMBER
from revisual.grading.rules.units import is_known

MAX_TAIL = 4_000
"""Characters at the end of a response in which a commitment is looked for."""
MAX_BARE = 120
"""Characters of a response that may be an answer by itself."""

_VERB = (
    r"(?: ?(?:\b|(?='s))(?:is|are|was|be|would be|will be|should be|must be|'s|equals?|becomes|=)"
    r"(?: (?:therefore|thus|then|simply))?)"
)
_SUBJECT = (
    r"(?:(?:final|correct|right|best|required|desired|total|simplified)\s)*(?:answer|result|solution|option|choice)s?"
    r"(?: to (?:the|this) (?:question|problem|equation))?(?: in (?:interval|set) notation)?"
)
_LEAD = re.compile(
    rf"(?i)(?:\b{_SUBJECT}\**\s*(?:{_VERB}\s*:?|\s*:)"
    r"|(?:la |die |el |the |a |het |de )?"
    r"(?:réponse(?: finale| correcte)?|antwort|lösung|respuesta(?: correcta| final)?|resposta(?: correta| final)?"
    r"|risposta(?: corretta| finale)?|ответ|відповідь|đáp (?:án|số)"
    r"|câu trả lời|jawaban(?:nya)?|cevap|odpowiedź|antwoord)"
    r"\s*(?:est|ist|lautet|es|is|é|è|là|adalah|to|jest)?(?![^\W\d_])\s*:?"
    r"|(?:最终|最後)?(?:答案|结果|結果)(?:应为|應為|是|为|為|等于|:)|(?:答え|正解|解答|正答)(?:は|:)"
    r"|(?:정답|답|답안)(?:은|는|:)|उत्तर(?: है)?\s*:?|الإجابة(?: هي)?\s*:?|الجواب(?: هو)?\s*:?"
    r"|####|\banswer\s+(?=\$|\\[(\[]))\s*"
)
_MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<![A-Z\d])[.!?](?=\s|$)|(?<=\d)\.(?=\s|$)|[。！？।]|\n")
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_NUMBER_IN_TEXT = re.compile(
    rf"(?<![A-Za-z\d_\\.])[-−+]?(?>(?:{NUMBER}|\d+)(?:(?<=\d),\d+(?![\d,]))?"
    r"(?: ?/ ?\d+| out of \d+| in \d+(?= chance))?)"
    r"(?: ?(?:\\?%|percent\b|pct\b))?"
    r"(?![A-Z]|[abcdefijknopqrtuvwxyz](?![a-z]))"
)
_COMPOUND = re.compile(r"\d[\d.]* ?[A-Za-z]{1,8}(?:(?:,? and |,? )\d[\d.]* ?[A-Za-z]{1,8}\b)+")
_OTHER = re.compile(rf"({NUMBER})[^\d\n.]{{0,20}}\b(?:or|ou|oder)\b\s*(?:(?:maybe|possibly|perhaps|even)\s+)?[$(*]*$")
_AMOUNT = rf"(\d+,\d{{1,2}}(?!\d)|{NUMBER})"
_PRICE = re.compile(
    rf"(?:[€£¥]|\\?\$) ?{_AMOUNT}(?![^$]{{1,30}}\$)"
    rf"|(?<![$\d,.]){_AMOUNT} ?(?:[€£]|\$(?= ?[A-Za-zà]))"
)
_NEGATED = re.compile(
    r"(?i)(?:\bnot|\bcannot|n't|\bnever|\bnicht|\bpas|不是|\bno(?!\.)|\bminus|\bnegative"
    r"|\b(?:less|more|greater|fewer|larger|smaller) than|\bat (?:least|most))"
    r"\s*(?:be|equal(?: to)?|is)?\s*[$(*]*$"
)
_DENIED_BEHIND = re.compile(r"\s*(?:가|이|은|는|번)? ?(?:아니|아닙)|\s*(?:では|じゃ|で(?:は)?)(?:な|あり)")
_VERB_IN_TEXT = re.compile(rf"(?i){_VERB}\s*:?\s+|[:=≈]\s*|(?:est|ist|是|为|है|هو|هي)\s*:?\s*")
_OR = re.compile(r"\s*,?\s*(?:or|ou|oder|或)\s*(?:(?:maybe|possibly|perhaps|even)\s*)?")
_STRIP = " \t\n*:.,;。،।\"'`"


def split_sentences(text: str) -> list[str]:
    """Return the sentences at the end of a response that are not empty, in order.

    Example: `split_sentences("It is 3.5 m. Good!") == ["It is 3.5 m", "Good"]`
    """
    parts, start = [], 0
    tail = text[-MAX_TAIL:]
    for end in _SENTENCE_END.finditer(tail):
        parts.append(tail[start : end.start()])
        start = end.end()
    return [part.strip() for part in [*parts, tail[start:]] if part.strip(_STRIP)]


def find_lead_in(text: str) -> str | None:
    """Return the text behind the last "the answer is" of a response, up to the end of its sentence.

    Example: `find_lead_in("So the final answer is: 42. Is it?") == "42"`
    """
    return _find_lead_in(text[-MAX_TAIL:])


@lru_cache(maxsize=32)
def _find_lead_in(tail: str) -> str | None:
    last = next(iter(deque(_LEAD.finditer(tail), maxlen=1)), None)
    if last is None:
        return None
    rest = tail[last.end() :].lstrip(_STRIP)
    math = re.match(r"\$\$.+?\$\$|\$[^$]+\$|\\\[.+?\\\]|\\\(.+?\\\)", rest, re.DOTALL)
    end = _SENTENCE_END.search(rest, math.end() if math else 0)
    return rest[: end.start() if end else len(rest)].strip(_STRIP)


def is_denied_behind(text: str) -> bool:
    """Return whether a text denies what stands before it, as Korean and Japanese do.

    Example: `is_denied_behind("가 아니다")`
    """
    return _DENIED_BEHIND.match(text) is not None


def is_negated(text: str) -> bool:
    """Return whether what follows this text is denied by it.

    Example: `is_negated("The answer is not ")`
    """
    return _NEGATED.search(text[-24:]) is not None


def find_math(text: str) -> list[str]:
    r"""Return the formulas between dollar signs or their like.

    Example: `find_math(r"so $x=1$ or \(x=2\)") == ["x=1", "x=2"]`
    """
    found = (next((group for group in match.groups() if group), "") for match in _MATH.finditer(text[-MAX_TAIL:]))
    return [span.strip() for span in found if span.strip()]


def find_last_number(text: str) -> str | None:
    """Return the last number of a text that is no part of a word and is not denied.

    Example: `find_last_number("not 10 but 1,000.99 euros") == "1,000.99"` and `find_last_number("route A2") is None`
    Example: `find_last_number("I'd say 7 or 8") == "7 or 8"`
    """
    tail = text[-MAX_TAIL:]
    found = [
        match
        for match in _NUMBER_IN_TEXT.finditer(tail)
        if not _NEGATED.search(tail[max(match.start() - 16, 0) : match.start()])
        and not is_denied_behind(tail[match.end() : match.end() + 12])
    ]
    if not found:
        return None
    last = found[-1]
    number = last[0]
    other = _OTHER.search(tail[max(last.start() - 60, 0) : last.start()])
    if other:
        return f"{other[1]} or {number.strip()}"
    # A sign stuck to a number or bracket before it is a minus between two numbers.
    if number[0] in "-−+" and re.search(r"[\w)\]]\s*$", tail[: last.start()]):
        number = number[1:]
    return number.strip()


def find_compound(sentence: str) -> str | None:
    """Return the quantity in two or more units that has the last number of a sentence.

    Example: `find_compound("The film lasts 1 hour and 50 minutes.") == "1 hour and 50 minutes"`
    Example: `find_compound("7 goats and 4 sheep") is None`
    """
    for found in reversed(list(_COMPOUND.finditer(sentence[-MAX_TAIL:]))):
        behind = sentence[-MAX_TAIL:][found.end() :]
        units = re.findall(r"[A-Za-z]+", found[0].replace(" and ", " "))
        if not re.search(r"\d", behind) and all(map(is_known, units)):
            return found[0]
    return None


def find_alternatives(text: str) -> str | None:
    """Return the last two formulas of a text, if it leaves open which of them it means.

    Example: `find_alternatives("It is $7$ or $8$.") == "7 or 8"` and `find_alternatives("It is $7$.") is None`
    """
    found = list(_MATH.finditer(text[-MAX_TAIL:]))[-2:]
    if len(found) < 2 or not _OR.fullmatch(text[-MAX_TAIL:][found[0].end() : found[1].start()]):
        return None
    return " or ".join(next(group for group in match.groups() if group).strip() for match in found)


def find_price(text: str) -> str | None:
    """Return the only amount of money in a text.

    Example: `find_price("She still owes $220 after 12 months") == "220"`
    """
    found = _PRICE.findall(text[-MAX_TAIL:])
    return (found[0][0] or found[0][1]) if len(found) == 1 else None


def find_last_bold(text: str) -> str | None:
    """Return the last passage between double asterisks.

    Example: `find_last_bold("So **B** it is") == "B"`
    """
    found = _BOLD.findall(text[-MAX_TAIL:])
    return found[-1].strip(_STRIP) if found else None


def find_complement(sentence: str) -> str | None:
    """Return a sentence's complement: the text after its last verb or equals sign.

    Example: `find_complement("The largest n is 34") == "34"`
    """
    hidden = _MATH.sub(lambda formula: "0" * len(formula[0]), sentence)
    last = next(iter(deque(_VERB_IN_TEXT.finditer(hidden), maxlen=1)), None)
    if (
        last is None
        or is_negated(sentence[: last.end()])
        or is_negated(sentence[last.end() :][:5])
        or re.match(r"(?i)(?:not|n't)\b", sentence[last.end() :])
    ):
        return None
    return sentence[last.end() :].strip(_STRIP) or None
