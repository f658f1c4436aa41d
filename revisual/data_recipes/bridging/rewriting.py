"""Thoughts about a description become thoughts about the picture that it stood for (Vision-R1, section 3.2)."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

_KIND = "image|picture|figure|diagram|graph|chart|visual|scene|photo"
_WORDS = f"provided|given|detailed|above|text|textual|written|{_KIND}"
_IT = rf"(?:the|this|that|your)(?: (?:{_WORDS})(?:'s)?)* (?:description|caption)(?: of (?:the|this) (?:{_KIND}))?"
_SAYS = "says|states|mentions|notes|indicates|describes|specifies|reads|gives|lists|explains"
_SAID = "said|stated|mentioned|noted|indicated|described|specified|gave|listed|explained"
_SAY = "say|state|mention|note|indicate|describe|specify|give|list|explain"
_ADVERB = "(?P<adverb>clearly |explicitly |also |only |just |specifically )?"

RULES: tuple[tuple[str, str], ...] = (
    (rf"{_IT} {_ADVERB}tells (?:us|me)", "the {noun} {adverb}shows"),
    (rf"{_IT} {_ADVERB}(?:{_SAYS})", "the {noun} {adverb}shows"),
    (rf"{_IT} (?P<no>doesn't|does not|didn't|did not) {_ADVERB}(?:{_SAY})", "the {noun} {no} {adverb}show"),
    (rf"{_IT} {_ADVERB}(?:{_SAID})", "the {noun} {adverb}showed"),
    (rf"as (?:described|stated|mentioned|noted|given|said) (?:in|by) {_IT}", "as shown in the {noun}"),
    (r"as described(?= (?:above|here|earlier)\b|[.,;:)])", "as shown in the {noun}"),
    (rf"(?:described|stated|mentioned|noted|listed|given|said) (?:in|by) {_IT}", "shown in the {noun}"),
    (rf"{_IT}(?! of\b)", "the {noun}"),
    (rf"(?:{_KIND}) (?:description|caption)", "{noun}"),
)
"""Patterns, whatever their case, and what stands in their place; the first that fits counts, in this order."""


class Rewriter(ABC):
    """Rewrites thoughts, before they are filtered."""

    @abstractmethod
    def __call__(self, thoughts: str) -> str:
        """Return the thoughts in other words; those that speak of the picture already stay as they are."""


@dataclass(frozen=True)
class RuleRewriter(Rewriter):
    """Replaces phrases.

    Example: `RuleRewriter()("The description says AB = 3.") == "The image shows AB = 3."`

    Args:
        noun: what the picture is called.
        rules: pairs of a regular expression and its replacement, with `{noun}` and the pattern's named groups.
    """

    noun: str = "image"
    rules: tuple[tuple[str, str], ...] = RULES

    def __call__(self, thoughts: str) -> str:
        """Apply one rule after the other."""
        for pattern, replacement in self.rules:
            thoughts = re.sub(
                rf"\b{pattern}\b", lambda found, new=replacement: self._put(found, new), thoughts, flags=re.I
            )
        return thoughts

    def _put(self, found: re.Match[str], replacement: str) -> str:
        groups = {name: value or "" for name, value in found.groupdict().items()}
        text = replacement.format(noun=self.noun, **groups)
        return text[0].upper() + text[1:] if found[0][0].isupper() else text
