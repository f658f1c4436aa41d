"""Multiple choice: which options a response commits to. The last commitment counts, never a letter that just occurs."""

import re
from collections.abc import Sequence

from revisual.grading.rules.words import normalize_words, unwrap

MAX_TAIL = 6_000
_LABEL = re.compile(r"\s*(?:\(([A-Z])\)|([A-Z])[.):])\s*")
_IN_QUESTION = re.compile(r"(?:(?<=\s)|^)\(([A-J])\)\s*([^()\n]+?)(?=,?\s*\([A-J]\)|,?\s*\n|$)")
_LISTED = re.compile(r"(?:(?<=\n)|^)[ \t]{0,9}([A-J])[.):：、．][ \t]{0,9}(\S[^\n]*)")
_IN_LINE = re.compile(
    r"((?:(?<=\n)|^|(?<=[?？.。:：;,)}\]$]\s))A|(?<=\s)[B-J])"  # not behind a word: "as in jar A. Jar B"
    r"[.)、．][ \t]{0,9}(\S[^\n]*?)(?=[ \t]{1,9}[A-J][.)、．][ \t]{0,9}\S|\n|$)"
)
_LETTERS = re.compile(r"\(?([A-J])\)?(?:\s*(?:,|;|&|and|/|\s)\s*\(?([A-J])\)?)*")
_LOWER = re.compile(r"\(?[a-j]\)")
_GOLD = re.compile(r"\(?[A-J]\)?(?:\s*(?:,|;|&|and)\s*\(?[A-J]\)?)*\.?")
_RUN = re.compile(r"[A-J]{2,5}")

_LABELED_LINE = re.compile(r"(?m)(?:^|(?<=[{>$:]))[ \t]*\(?([A-J])[).:：][^\n]*$")
_NOT_WORD = re.compile(r"[^\w.°%]+")
_YES_NO = re.compile(
    r"(?i)\s*[\"'*]*(yes|no)\b(?! (?:correct|one|figure|option|answer|solution))"
    r"(?!\W*(?:(?:or|and)\W+)?(?:yes|no)\b)"  # "yes, no" and "yes or no" leave it open
)


def read_options(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    r"""Return the options' texts without letters: those given, else those that the question lists behind letters.

    Example: `read_options("Which? (A) 2 (B) 4", ()) == read_options("Which?\nA. 2\nB. 4", ()) == ("2", "4")`
    Example: `read_options("", ("A. red", "B. blue")) == ("red", "blue")`
    """
    if not choices:
        tail = text[-MAX_TAIL:]
        listings = (pattern.findall(tail) for pattern in (_IN_QUESTION, _LISTED, _IN_LINE))
        found = next((options for options in listings if _is_listing(options)), [])
        return tuple(option.strip(" \t,;.") for _, option in found)
    bare = []
    for index, choice in enumerate(choices):
        label = _LABEL.match(choice)
        if label is None or (label[1] or label[2]) != chr(ord("A") + index):
            return tuple(choices)
        bare.append(choice[label.end() :])
    return tuple(bare)


def _is_listing(options: Sequence[tuple[str, str]]) -> bool:
    """Return whether letters with texts are A, B and so on, two at least."""
    return len(options) > 1 and "".join(letter for letter, _ in options) == "ABCDEFGHIJ"[: len(options)]


def read_letters(text: str) -> frozenset[str]:
    r"""Return the options that an answer consisting of nothing but letters names; empty for anything else.

    Example: `read_letters("B, D") == read_letters("BD") == read_letters(r"\text{(B) and (D)}") == frozenset("BD")`
    Example: `read_letters("Bear") == read_letters("x") == frozenset()`
    """
    plain = " ".join(unwrap(text).replace("$", "").replace("*", "").split()).strip(" .:\"'`{}")
    plain = re.sub(r"(?i)^(?:option|choice|answer)s?\s*:?\s*", "", plain)
    if len(plain) == 1 or _LOWER.fullmatch(plain):
        plain = plain.upper()
    if _RUN.fullmatch(plain):
        return frozenset(plain) if list(plain) == sorted(set(plain)) else frozenset()
    if _LETTERS.fullmatch(plain.rstrip(".:")) and not re.search(r"[A-J] [A-J]", plain):
        return frozenset(re.findall("[A-J]", plain))
    return frozenset()


def read_gold_letters(gold: str, texts: Sequence[str], labeled: bool = False) -> frozenset[str]:
    """Return the options that a gold answer names; empty if it is no multiple choice.

    By text before letter, but where the options came with letters (`labeled`), a letter is one of these.

    Example: `read_gold_letters("blue", ("red", "blue")) == read_gold_letters("(B)", ()) == frozenset("B")`
    Example: `read_gold_letters("A", ("B", "A")) == frozenset("B")`, and with `labeled` it is `frozenset("A")`
    """
    plain = " ".join(unwrap(gold).replace("$", "").split()).strip()
    found = read_letters(plain) if _GOLD.fullmatch(plain) or _RUN.fullmatch(plain) else frozenset()
    exists = all(ord(letter) - ord("A") < len(texts) for letter in found) or not texts
    if labeled and found and exists:
        return found
    by_text = find_by_text(gold, texts)
    if by_text:
        return by_text
    label = re.match(r"\(?([A-J])[).:] ", plain)
    if label and not found:
        return frozenset(label[1])
    return found if exists else frozenset()


def find_by_text(answer: str, texts: Sequence[str]) -> frozenset[str]:
    """Return the options whose text an answer is.

    Example: `find_by_text("Blue.", ("red", "blue")) == frozenset("B")`
    """
    key = normalize_words(answer)
    return frozenset(chr(ord("A") + i) for i, text in enumerate(texts[:26]) if key and normalize_words(text) == key)


def find_named(answer: str, texts: Sequence[str]) -> frozenset[str]:
    r"""Return the options that a short answer names, by letters, by "B. its text", or by text.

    Example: `find_named("(B) blue", ("red", "blue")) == find_named("blue", ("red", "blue")) == frozenset("B")`
    """
    found = read_letters(answer)
    if found:
        return found
    by_text = find_by_text(answer, texts)
    if by_text:
        return by_text
    plain = " ".join(unwrap(answer).replace("$", "").replace("*", "").split())
    label = re.match(r"(?i:(?:option|choice|answer)\s*:?\s*)?(?:\(([A-J])\)|([A-J])[.:)]|([A-J]) (?=[-–:(]))\s*", plain)
    if label is None:
        return frozenset()
    letter = label[1] or label[2] or label[3]
    by_text = find_by_text(plain[label.end() :], texts)
    return frozenset(letter) if not by_text or by_text == frozenset(letter) else frozenset()


def skip_listing(text: str, texts: Sequence[str]) -> str:
    r"""Return the rest of a text behind a list of two or more options, by letter and text or a line each.

    The whole text if there is no such list.

    Example: `skip_listing("(A) red (B) blue. The answer is B", ("red", "blue")) == ". The answer is B"`
    Example: `skip_listing("A: 6 cm\nB: 7 cm\nSo B.", ()) == "\nSo B."`
    """
    lines = list(_LABELED_LINE.finditer(text[-MAX_TAIL:]))
    letters = "".join(line[1] for line in lines)
    if len(lines) > 1 and letters.endswith("ABCDEFGHIJ"[: ord(letters[-1]) - ord("A") + 1]) and letters[-1] > "A":
        return text[-MAX_TAIL:][lines[-1].end() :]
    ends = []
    for index, option in enumerate(texts[:26]):
        label = chr(ord("A") + index)
        found = text.rfind(f"({label})")
        rest = text[found + 3 :].lstrip() if found >= 0 else ""
        if found >= 0 and rest.startswith(option.strip()):
            ends.append(len(text) - len(rest) + len(option.strip()))
    return text[max(ends) :] if len(ends) > 1 else text


def read_yes_or_no(text: str) -> str | None:
    """Return the yes or no that a response begins with.

    Example: `read_yes_or_no("No, it is smaller.") == "no"` and `read_yes_or_no("No one knows") is None`
    """
    found = _YES_NO.match(text)
    return found[1].lower() if found else None


def find_mentioned(sentence: str, texts: Sequence[str]) -> frozenset[str]:
    """Return the one option whose text stands in a sentence as words of its own; empty for none or several.

    Example: `find_mentioned("It must be the blue one", ("red", "blue")) == frozenset("B")`
    """
    key = f" {_NOT_WORD.sub(' ', normalize_words(sentence))} "
    found = []
    for index, text in enumerate(texts[:26]):
        option = _NOT_WORD.sub(" ", normalize_words(text)).strip(" .")
        is_letter = len(option) == 1 and option.isalpha()
        if option and not is_letter and (f" {option} " in key or f" {option}. " in key):
            found.append((chr(ord("A") + index), option))
    longest = [pair for pair in found if not any(pair[1] != other and pair[1] in other for _, other in found)]
    return frozenset(longest[0][0]) if len(longest) == 1 else frozenset()
