"""Selects the option that a response commits to, wherever it says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from revisual.grading.rules.boxes import find_boxed, find_tagged
from revisual.grading.rules.choices import (
    find_by_text,
    find_mentioned,
    find_named,
    read_letters,
    read_yes_or_no,
    skip_listing,
)
from revisual.grading.rules.commitments import find_committed, find_referred, refuses
from revisual.grading.rules.sentences import find_last_bold, find_lead_in, split_sentences
from revisual.grading.rules.typography import prepare, strip_markdown

MAX_SHORT = 60
MAX_NUMBERS = 3
"""Behind "the answer is": with more, an option among them is not declared."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Selected:
    """The options that a response chose.

    Example: `Selected(frozenset("B"), "B", "sentence")`
    """

    letters: frozenset[str]
    text: str
    rule: str
    is_declared: bool = field(default=True, compare=False)
    """Whether it is marked as the answer, behind a closing phrase, or the whole response."""


def select(text: str | None, texts: Sequence[str]) -> Selected | None:
    """Return the last choice that a response commits to after its thoughts; None if it names no option.

    Example: `select("So option (B) is correct.", ()) == Selected(frozenset("B"), "B", "sentence")`
    """
    if text is None or not text.strip():
        return None
    text = prepare(text)
    selected = _select_marked(text, texts)
    rest = skip_listing(text, texts)
    if selected is None or rest == text:
        return selected
    behind = _select_marked(rest, texts) if rest.strip(" .,}$") else None
    return behind or replace(selected, is_declared=False)  # options alone declare none of them


def _select_marked(text: str, texts: Sequence[str]) -> Selected | None:
    box = find_boxed(text)
    if box is not None:
        return None if box.hedged else _select_short(box.text, texts, "boxed")
    tag = find_tagged(text)
    if tag is not None:
        return _select_short(tag, texts, "tag") or _select_prose(tag, texts, "tag")
    text = text.strip()
    if len(text) <= MAX_SHORT:
        short = _select_short(text, texts, "bare") or _select_short(strip_markdown(text), texts, "bare")
        if short is not None:
            return short
    return _select_prose(text, texts, "sentence")


def _is_enumeration(phrase: str) -> bool:
    """Return whether a phrase has so many numbers that one of them hits an option by chance."""
    return len(_NUMBER.findall(phrase)) > MAX_NUMBERS


def _make_selected(found: frozenset[str], rule: str, is_declared: bool = True) -> Selected | None:
    return Selected(found, ", ".join(sorted(found)), rule, is_declared) if found else None


def _select_short(text: str, texts: Sequence[str], rule: str) -> Selected | None:
    return _make_selected(find_named(text, texts), rule)


def _select_prose(text: str, texts: Sequence[str], rule: str) -> Selected | None:
    text = text.replace("\u200b", "")
    found = find_committed(text, by_opening=False)
    opening = found or find_committed(text)
    if opening:
        return _make_selected(opening, rule, is_declared=bool(found))
    led = find_lead_in(text)
    if led:
        found = find_named(led, texts)
        mentioned = found or find_mentioned(led, texts)
        if mentioned:
            return _make_selected(mentioned, rule, is_declared=bool(found) or not _is_enumeration(led))
    return _make_selected(_find_in_passing(text, texts), rule, is_declared=False)


def _find_in_passing(text: str, texts: Sequence[str]) -> frozenset[str]:
    """Return the option that a response speaks of in the end without a closing phrase."""
    lines = split_sentences(text)
    last = lines[-1] if lines else ""
    found = read_letters(last) or find_named(last, texts) if len(last) <= MAX_SHORT else frozenset()
    bold = find_last_bold(text)
    found = found or (find_named(bold, texts) if bold else frozenset())
    if not found and not refuses(text):
        found = find_referred(last)
    if not found and texts and not refuses(text):
        answer = read_yes_or_no(text)
        found = find_by_text(answer, texts) if answer else frozenset()
        found = (
            found or find_mentioned(last, texts) or (find_mentioned(lines[0], texts) if len(lines) > 1 else frozenset())
        )
    return found
