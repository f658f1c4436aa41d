"""Selects the option that a response commits to, wherever it says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from revisual.grading.rules.boxes import boxed, tagged
from revisual.grading.rules.choices import letters, mentioned, named, named_by_text, yes_or_no
from revisual.grading.rules.commitments import committed, referred, refuses
from revisual.grading.rules.sentences import last_bold, lead_in, sentences

MAX_SHORT = 60


@dataclass(frozen=True)
class Selected:
    """The options that a response chose.

    Example: `Selected(frozenset("B"), "B", "sentence")`
    """

    letters: frozenset[str]
    text: str
    rule: str


def select(text: str | None, texts: Sequence[str]) -> Selected | None:
    """The last choice that a response commits to after its thoughts; None if it names no option.

    Example: `select("So option (B) is correct.", ()) == Selected(frozenset("B"), "B", "sentence")`
    """
    if text is None or not text.strip():
        return None
    box = boxed(text)
    if box is not None:
        return None if box.hedged else _from_short(box.text, texts, "boxed")
    tag = tagged(text)
    if tag is not None:
        return _from_short(tag, texts, "tag") or _from_prose(tag, texts, "tag")
    text = text.strip()
    if len(text) <= MAX_SHORT:
        short = _from_short(text, texts, "bare")
        if short is not None:
            return short
    return _from_prose(text, texts, "sentence")


def _named(found: frozenset[str], rule: str) -> Selected | None:
    return Selected(found, ", ".join(sorted(found)), rule) if found else None


def _from_short(text: str, texts: Sequence[str], rule: str) -> Selected | None:
    return _named(named(text, texts), rule)


def _from_prose(text: str, texts: Sequence[str], rule: str) -> Selected | None:
    text = text.replace("\u200b", "")
    found = committed(text)
    if found:
        return _named(found, rule)
    led = lead_in(text)
    if led:
        found = named(led, texts) or mentioned(led, texts)
        if found:
            return _named(found, rule)
    lines = sentences(text)
    last = lines[-1] if lines else ""
    found = letters(last) or named(last, texts) if len(last) <= MAX_SHORT else frozenset()
    bold = last_bold(text)
    found = found or (named(bold, texts) if bold else frozenset())
    if not found and not refuses(text):
        found = referred(last)
    if not found and texts and not refuses(text):
        answer = yes_or_no(text)
        found = named_by_text(answer, texts) if answer else frozenset()
        found = found or mentioned(last, texts) or (mentioned(lines[0], texts) if len(lines) > 1 else frozenset())
    return _named(found, rule)
