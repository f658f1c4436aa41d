"""In which language thoughts are written: by their letters and, among languages of one script, their small words."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from revisual.core.errors import UserError
from revisual.core.ranges import Fraction
from revisual.data_recipes.bridging.filters import Candidate, Filter

SMALL_WORDS = {
    "en": "the of and is to that we so this it with are from by which be have then not for on as has if",
    "de": "der die das und ist nicht wir von den mit ein eine auf dem sich zu also auch im",
    "fr": "le la les des et est une dans que nous pour sur du qui avec donc pas au",
    "es": "el la los las es una en que por con para del se como entonces lo su",
    "pt": "os um uma são em que por com para do da se como então não na",
    "it": "il lo gli una di che con del della si come quindi non nel sono dei",
    "nl": "de het een en is van dat we zijn niet met op voor te dus ook aan uit naar",
}
SCRIPTS = {"zh": ("CJK",), "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": ("HANGUL",), "ru": ("CYRILLIC",)}
FORMULAS = ("GREEK", "LATIN")
"""Scripts whose letters any language may hold: those of formulas, names of points and LaTeX."""
_WORDS = re.compile(r"[^\W\d_]+")
LEAST_OWN = 0.2
"""The share of letters that are of the language's script, if that is not Latin; the others are of formulas."""
FEWEST = 8
"""Small words, of all languages together, without which a text says nothing of its language."""


@dataclass(frozen=True)
class Language(Filter):
    """Thoughts in one language.

    Example: `Language("en")(Candidate(sample, "", "Look: 所以 x = 3")) == "letters of another script"`

    Args:
        language: en, de, fr, es, pt, it, nl, zh, ja, ko or ru.
        most_foreign: the share of letters that may be of other scripts than the language's and those of formulas.
    """

    language: str = "en"
    most_foreign: Fraction = 0.01
    is_mendable = True

    def __post_init__(self) -> None:
        super().__post_init__()
        known = [*SMALL_WORDS, *SCRIPTS]
        if self.language not in known:
            raise UserError(f"Language: no language {self.language!r}; there are: {', '.join(known)}")

    def __call__(self, candidate: Candidate) -> str | None:
        """Judge a text by its letters first, then by small words."""
        own = SCRIPTS.get(self.language, ("LATIN",))
        text = unicodedata.normalize("NFKC", candidate.thoughts)  # letters of formulas become plain ones
        scripts = Counter(map(_script, filter(str.isalpha, text)))
        foreign = sum(count for script, count in scripts.items() if script not in own + FORMULAS)
        if foreign > self.most_foreign * scripts.total():
            return "letters of another script"
        if self.language in SCRIPTS:
            written = sum(scripts[script] for script in own)
            return None if written >= LEAST_OWN * scripts.total() else "too few letters of the language's script"
        found = most_likely(candidate.thoughts)
        return None if found in (None, self.language) else f"in {found}"


def most_likely(text: str) -> str | None:
    """Return the language of a text in Latin letters; None if there are too few words to tell.

    Example: `most_likely("Der Winkel ist nicht der, den wir suchen, und das Dreieck ist auch nicht das, das wir kennen.") == "de"`
    """  # noqa: E501
    words = Counter(word.lower() for word in _WORDS.findall(text))
    counts = {name: sum(words[word] for word in small.split()) for name, small in SMALL_WORDS.items()}
    return max(counts, key=counts.__getitem__) if sum(counts.values()) >= FEWEST else None


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]
