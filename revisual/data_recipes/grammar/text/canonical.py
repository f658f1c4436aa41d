r"""A text as tokens that do not depend on case, spacing, the spelling of LaTeX, or digits written as words."""

import re
import unicodedata
from dataclasses import dataclass

from revisual.data_recipes.grammar.text.numbers import with_digits

_SUPERSCRIPTS = str.maketrans({**{a: f"^{b}" for a, b in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)}, "⁻": "-"})
_GREEK = {
    chr(code): f" {unicodedata.name(chr(code)).rpartition(' ')[2].lower()} "
    for code in range(0x391, 0x3CA)
    if unicodedata.name(chr(code), "").startswith("GREEK ")
}
_SYMBOLS = str.maketrans(
    {**_GREEK,
     "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "−": "-", "–": "-", "—": " ",
     "°": " degree ", "≤": " <= ", "⩽": " <= ", "≥": " >= ", "⩾": " >= ", "≠": " != ", "√": " sqrt ", "∞": " infinity ",
     "∠": " angle ", "△": " triangle ", "∪": " cup ", "∩": " cap ", "…": " ", "’": "'", "‘": "'", "“": " ", "”": " "}
)  # fmt: skip
_COMMANDS = {
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "le": " <= ", "leq": " <= ", "leqslant": " <= ", "lt": "<",
    "ge": " >= ", "geq": " >= ", "geqslant": " >= ", "gt": ">", "ne": " != ", "neq": " != ", "circ": " degree ",
    "degree": " degree ", "infty": " infinity ", "to": " to ", "rightarrow": " to ", "over": "/", "mid": "|",
    "vert": "|", "lvert": "|", "rvert": "|", "varepsilon": " epsilon ", "varphi": " phi ", "land": " and ",
}  # fmt: skip
"""Commands with several spellings; others stand for their own name."""
_SILENT = frozenset(
    [
        "left",
        "right",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "displaystyle",
        "textstyle",
        "limits",
        "nolimits",
        "text",
        "textbf",
        "textit",
        "textrm",
        "textnormal",
        "mathrm",
        "mathbf",
        "mathit",
        "mathsf",
        "mathcal",
        "mathbb",
        "mbox",
        "operatorname",
        "boldsymbol",
        "quad",
        "qquad",
        "overline",
        "underline",
        "ldots",
        "dots",
        "cdots",
        "dotsc",
        "dotsb",
        "hspace",
        "vspace",
        "begin",
        "end",
        "array",
        "item",
        "hline",
        "tfrac",
        "dfrac",
        "cfrac",
        "frac",
        "rm",
        "bf",
        "it",
        "sf",
        "mathop",
        "smallskip",
        "medskip",
        "bigskip",
        "noindent",
        "par",
        "newline",
        "allowbreak",
        "thinspace",
        "label",
        "displaylimits",
        "phantom",
        "hphantom",
    ]
)
"""Commands that say how something looks."""
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\w))\s*(?:\{([^{}]*)\}|(\w))")
_DEGREES = re.compile(r"\^\s*\{?\s*\\(?:circ|degree)\b\s*\}?")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{\w+\*?\}")
_SPACING = re.compile(r"\\[,;:!> ]|~|\\\\")
_THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))")
_ESCAPED = re.compile(r"\\(.)")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_END = re.compile(r"[.?!](?=\s|$)")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|<=|>=|!=|[-+*/=<>^|%!,;:.?()]")
_BOUNDARIES = frozenset(",;:.?()")
"""They end a number in words, and are no tokens."""
_SAME_WORD = {"degrees": "degree", "percent": "%"}


@dataclass(frozen=True)
class Canonical:
    """A text in one spelling.

    Example: `Canonical(("what", "is", "6", "*", "7"), sentences=1)`
    """

    tokens: tuple[str, ...]
    sentences: int
    """At least 1."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The tokens that no synonym may stand for: numbers, operators and letters that are names."""
        return tuple(token for token in self.tokens if is_symbol(token))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers, sorted."""
        return tuple(sorted(token for token in self.tokens if token[0].isdigit()))


def is_symbol(token: str) -> bool:
    """Return whether a token is a number, an operator or a one-letter name.

    Example: `[is_symbol(t) for t in ("12", "+", "x", "a", "apples")] == [True, True, True, False, False]`
    """
    return not token.isalpha() or (len(token) == 1 and token not in "ais")


def canonical(text: str) -> Canonical:
    r"""Return a text in one spelling.

    Example: `canonical(r"Compute $\dfrac{1}{2}+X^{2}$.").tokens == ("compute", "1", "/", "2", "+", "x", "^", "2")`
    Example: `canonical("Twenty-five  APPLES").tokens == canonical("25 apples").tokens`
    """
    sentences = max(1, len(_END.findall(text)))
    tokens = with_digits([_SAME_WORD.get(token, token) for token in _TOKEN.findall(_plain(text))])
    return Canonical(tuple(token for token in tokens if token not in _BOUNDARIES), sentences)


def _plain(text: str) -> str:
    """Return a text without LaTeX, in lower case."""
    text = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS)).translate(_SYMBOLS)
    if "\\" in text:
        text = _without_commands(text)
    text = _THOUSANDS.sub("", text).replace("'", "").replace("$", "")
    return _HYPHEN.sub(" ", text).translate(_SYMBOLS).casefold()


def _without_commands(text: str) -> str:
    text = _DEGREES.sub(" degree ", _THOUSANDS.sub("", text))
    before = None
    while before != text:  # from the inside out, as fractions stand in fractions
        before = text
        text = _FRACTION.sub(lambda m: f" {m[1] or m[2] or ''} / {m[3] or m[4] or ''} ", text)
    text = _SPACING.sub(" ", _ENVIRONMENT.sub(" ", text))
    text = _COMMAND.sub(_word_of, text)
    return _ESCAPED.sub(r"\1", text)


def _word_of(command: re.Match[str]) -> str:
    name = command[1]
    return " " if name in _SILENT else _COMMANDS.get(name, f" {name} ")
