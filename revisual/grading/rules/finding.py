"""Finds the answer that a response commits to, and says by which rule it was found."""

import re
from dataclasses import dataclass, field

from revisual.grading.rules.boxes import after_thoughts, find_boxed, find_tagged
from revisual.grading.rules.reading import read
from revisual.grading.rules.sentences import (
    MAX_BARE,
    find_alternatives,
    find_complement,
    find_compound,
    find_last_bold,
    find_last_number,
    find_lead_in,
    find_math,
    find_price,
    is_negated,
    split_sentences,
)
from revisual.grading.rules.spelling import repair_escapes
from revisual.grading.rules.typography import name_items, prepare, strip_markdown
from revisual.grading.rules.values import Words
from revisual.grading.rules.words import find_moment

_REASON = re.compile(
    r"(?i),? (?:because|since|as (?:the|it|they)|which|so|where|due to|based on|for (?:the|a)|when|if)\b"
    r"|,(?= [a-z])| \(|, (?:not|and not)\b| non? "
)
_UNIT_AFTER = re.compile(
    r"\s*(?:\\?%|percent|pct|°|(?:degrees?|cm|mm|km|m|units?|meters?|inches|feet)\b)(?: ?\^? ?[²³23])?"
)
_DENIED = re.compile(r"(?i)^not\b|아니|아닙|では(?:な|あり)|じゃない")
_LABEL = re.compile(r"(?:\*\*)?\(?([A-J])(?:\)|[.:](?=\s))(?:\*\*)?\s*")


@dataclass(frozen=True)
class Found:
    """The answer of a response.

    Example: `Found("42", "boxed")`
    """

    text: str
    rule: str
    """boxed, tag, sentence, bare or none."""
    hedged: bool = False
    is_declared: bool = field(default=True, compare=False)
    """Whether it is marked as the answer, behind a closing phrase, or the whole response."""


_FORMULA = re.compile(
    r"\$[^$]*\$|\\(?:begin|end) ?\{\w+\}|\\(?:text|mathrm|textbf|mbox|unit|textnormal)\s*\{[^{}]*\}|\\[A-Za-z]+"
)
_PLAIN_WORD = re.compile(r"\b(?!(?:and|or)\b)[A-Za-z]{2,}")
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"__|\)\(")
_FOREIGN = re.compile(r"[^\W\dA-Za-z_\u0370-\u03ff]")
MAX_FOREIGN = 4
"""Letters outside of the Latin and Greek alphabets that may stand around an answer."""
_SMALL_WORD = re.compile(
    r"(?i)\b(?:is|are|was|the|that|therefore|thus|so|we|it|this|because|which|by|to|have|has|of|for|say|think|guess|maybe|must|should|get|gives)\b"
)
_FINAL = re.compile(r"(?i)\bfinal answer(?: is|:)(?![^\n]{0,40}boxed)")
NONE = Found("", "none")


def is_prose(text: str) -> bool:
    """Return whether a text has a sentence's words outside of its formulas.

    Example: `is_prose("The largest n is 34") and not is_prose("7 goats and 4 sheep")`
    """
    rest = _FORMULA.sub(" ", text)
    return (
        len(_PLAIN_WORD.findall(rest)) > 3
        or _SMALL_WORD.search(rest) is not None
        or len(_FOREIGN.findall(rest)) > MAX_FOREIGN
    )


def is_math(text: str) -> bool:
    """Return whether a text reads as something other than words.

    Example: `is_math("x = 3") and not is_math("the blue car")`
    """
    return bool(text) and not is_prose(text) and not isinstance(read(text), Words)


def find(response: str) -> Found:
    r"""Return the answer that a response commits to after its thoughts.

    The boxes; else the answer tag; else the whole response, if it is short and reads as an answer; else what the last
    "the answer is" introduces; else what the last sentence with a value in it ends with.

    Example: `find(r"<think>\boxed{1}?</think> It is \boxed{42}.") == Found("42", "boxed")`
    Example: `find("So the answer is 42.") == Found("42", "sentence")`
    """
    text = after_thoughts(response)
    if text is None:
        return NONE
    text = prepare(repair_escapes(text))
    box = find_boxed(text)
    if box is not None:
        later = _FINAL.search(text, text.rfind("boxed{")) if "boxed{" in text else None
        final = _find_committed(text) if later else None
        if final and is_math(final):
            return Found(final, "sentence")
        return Found(box.text, "boxed", box.hedged) if box.text else NONE
    tag = find_tagged(text)
    if tag is not None:
        if len(tag) > MAX_BARE and not is_math(tag):
            led = _find_committed(tag)
            return Found(led or _find_in_prose(tag) or tag, "tag", is_declared=led is not None)
        return Found(_find_committed(tag) or tag, "tag")
    text = text.strip()
    if not text:
        return NONE
    plain = strip_markdown(text) if len(text) <= MAX_BARE * 4 else text
    return _find_unmarked(plain if plain and _stands_alone(name_items(plain).replace("\n", "; ")) else text)


def _stands_alone(text: str) -> bool:
    """Return whether a short text is an answer: no sentence, and no price (an odd dollar sign) in some words."""
    if "\n" in text or find_lead_in(text) is not None or not is_math(text):
        return False
    return text.count("$") % 2 == 0 or not _ANY_WORD.search(text)


def _find_unmarked(text: str) -> Found:
    short = text.replace("**", "").strip()
    if len(short) <= MAX_BARE * 4 and _stands_alone(short):
        return Found(short, "bare")
    if len(short) > MAX_BARE and " " not in short[: MAX_BARE * 4] and is_math(short):
        return Found(short, "bare")
    is_led = find_lead_in(short) is not None
    if (not is_led and not _ANY_WORD.search(_FORMULA.sub(" ", short))) or (_CODE.search(short) and not is_prose(short)):
        last = _find_last_value(short) if "$" in short else None
        return Found(last or short, "bare", is_declared=last is None or last == short.strip("$ .\n"))
    opening = _REASON.split(short, maxsplit=1)[0].strip()
    if opening[:1].isdigit() and len(opening) < len(short) and find_lead_in(short) is None and is_math(opening):
        return Found(opening, "bare", is_declared=False)
    led = _find_committed(text)
    if led:
        return Found(led, "sentence")
    passing = _find_in_prose(text)
    if passing:
        return Found(passing, "sentence", is_declared=False)
    return Found(short, "bare") if len(short) <= MAX_BARE else NONE


def _find_in_prose(text: str) -> str | None:
    """Return the value that a text ends with where no closing phrase introduces one."""
    if find_lead_in(text) is None:
        bold = find_last_bold(text)
        if bold and is_math(bold):
            return bold
    for sentence in reversed(split_sentences(text)[-3:]):
        found = find_price(sentence) if sentence.count("$") % 2 else None
        found = found or _find_last_value(sentence)
        if found:
            return found
    return None


def _find_committed(text: str) -> str | None:
    """Return the answer in a text that may say "the answer is" before it."""
    led = find_lead_in(text)
    return _read_phrase(led) if led else None


def _read_phrase(phrase: str) -> str | None:
    """Return the answer at the beginning of what follows "the answer is"."""
    if _DENIED.search(phrase):
        return None
    phrase = phrase.replace("**", "")
    if is_math(phrase):
        return phrase
    cut = _REASON.split(phrase, maxsplit=1)[0].strip(" .,;:")
    if is_math(cut):
        return cut
    spans = find_math(phrase)
    if spans and phrase.startswith(("$", "\\(", "\\[")):
        return _append_unit(phrase, spans[0])
    if _LABEL.match(phrase):
        return phrase if len(phrase) < MAX_BARE else cut
    value = find_complement(phrase)
    if value and is_math(value):
        return value
    if spans:
        return spans[-1]
    number = find_price(phrase) or (find_last_number(phrase) if len(phrase) > 1 else None)
    if number and (len(phrase) > MAX_BARE or re.search(r"\d", cut)):
        return find_price(phrase) or find_last_number(cut) or number
    return cut if cut and re.search(r"\w", cut) else None


def _append_unit(phrase: str, span: str) -> str:
    """Return a formula with the unit that stands behind its closing dollar sign."""
    rest = re.sub(r"^(\$\$?).+?\1|^\\\(.+?\\\)|^\\\[.+?\\\]", "", phrase, count=1)
    unit = _UNIT_AFTER.match(rest)
    return f"{span} {unit[0].strip()}" if unit else span


def _find_last_value(sentence: str) -> str | None:
    """Return the value that a sentence ends with."""
    whole = find_moment(sentence) or find_compound(sentence)
    if whole:
        return whole
    bold = find_last_bold(sentence)
    if bold and is_math(bold):
        return bold
    spans = find_math(sentence)
    if spans:
        last = find_alternatives(sentence) or spans[-1]
        position = sentence.rfind(last)
        behind = find_complement(sentence[position + len(last) :]) or find_last_number(sentence[position + len(last) :])
        if behind and is_math(behind):
            return behind
        if position < 0 or not is_negated(sentence[:position].rstrip("$ ")):
            return last
    value = find_complement(sentence)
    if value and is_math(value):
        return value
    return find_last_number(sentence)
