"""What a gold answer accepts: data sets write notes, labels and whole solutions into it."""

import re

from revisual.grading.rules.boxes import find_boxed, find_tagged
from revisual.grading.rules.finding import find
from revisual.grading.rules.reading import read
from revisual.grading.rules.sentences import find_lead_in
from revisual.grading.rules.spelling import repair_escapes
from revisual.grading.rules.typography import prepare
from revisual.grading.rules.values import Words

LONG = 80
"""Characters from which a gold answer in words may be a solution that ends with its answer."""
_UNCLOSED = re.compile(r"^\s*\$*\\+(?:boxed|fbox)\s*\{")
_PERCENT = re.compile(r"boxed\{[^{}]*\}\$*\s*\$*(?:\\?%|percent)")
_NOTE = re.compile(r"(?i)\s*\(\s*(?:not unique|answers? (?:may|can) vary|approximately|approx)[^()]*\)\.?\s*$")
_ALTERNATIVE = re.compile(r"(?i)\s*\(\s*or (?:fill in )?(.+?)\)\.?\s*$")
_LABELED = re.compile(r"\s*(?:\(([A-J])\)|([A-J])[.):]?)\s+([^\s=+*/^<>-].*)", re.DOTALL)


def list_readings(gold: str) -> list[str]:
    r"""Return the answers that a gold answer accepts, its own text first.

    Example: `list_readings(r"\boxed{42}") == ["42"]`
    Example: `list_readings("35/4 (or fill in 8.75)") [1:] == ["35/4", "8.75"]`
    Example: `list_readings("(D) Alina") == ["(D) Alina", "D", "Alina"]`
    """
    gold = prepare(repair_escapes(gold))
    gold = _UNCLOSED.sub("", gold) if gold.count("{") > gold.count("}") else gold
    box = find_boxed(gold)
    if box is not None and box.text:
        percent = _PERCENT.match(gold, gold.rfind("boxed{"))
        return [box.text, box.text + "%"] if percent and "%" not in box.text else [box.text]
    tag = find_tagged(gold)
    gold = (gold if tag is None else tag).strip()
    alternative = _ALTERNATIVE.search(gold)
    if alternative:
        return [gold, gold[: alternative.start()].strip(), alternative[1]]
    without_note = _NOTE.sub("", gold)
    found = [gold] if without_note == gold else [gold, without_note]
    labeled = _LABELED.fullmatch(without_note)
    if labeled and len(labeled[3]) > 1 and re.match(r"[A-Za-z$\\\d]", labeled[3]):
        found += [labeled[1] or labeled[2], labeled[3].strip()]
    led = find_lead_in(without_note)
    if led and led != without_note:
        found += list_readings(led)
    if len(without_note) > LONG and isinstance(read(without_note), Words):
        final = find(without_note)
        found += [final.text] if final.text and final.rule != "bare" else []
    return found
