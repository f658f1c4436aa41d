"""One spelling for answers that are written differently and mean the same."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_BETWEEN_CIRCLED = re.compile("(?<=[①-⑳])(?=[①-⑳])")
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_ROOT = re.compile(r"√(\d+|[A-Za-z])")
_SYMBOLS = {
    "⁄": "/",
    "−": "-",
    "–": "-",
    "°": r"^{\circ}",
    "π": r"\pi ",
    "∞": r"\infty ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "±": r"\pm ",
    "×": r"\times ",
    "÷": r"\div ",
    "·": r"\cdot ",
    "∈": r"\in ",
    "√": r"\sqrt",
    "、": ",",
    "。": ".",
}
_SYMBOL = re.compile("|".join(map(re.escape, _SYMBOLS)))
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_RESPELLED = (
    (re.compile(r"(?<=\d),\\! ?(?=\d{3}(?!\d))"), ""),
    (re.compile(r"(?<!\\)\\!|\\(?:left|right|displaystyle)(?![A-Za-z])"), ""),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\frac ?(\d) ?(\d)(?!\d)"), r"\\frac{\1}{\2}"),
    # A second backslash starts a new row of a matrix, whatever follows it.
    (re.compile(r"(?<!\\)\\(?:[,;: ]|q?quad(?![A-Za-z]))|~"), " "),
    (re.compile(r"\{bmatrix\}"), "{pmatrix}"),
    (re.compile(r"\\mathrm ?\{([ei])\}"), r"\1"),
    (re.compile(r"\^ ?\\circ(?![A-Za-z])|\\degree(?![A-Za-z])"), r"^{\\circ}"),
    (re.compile(r"\\leq(?![A-Za-z])"), r"\\le "),
    (re.compile(r"\\geq(?![A-Za-z])"), r"\\ge "),
    (re.compile(r"\\neq(?![A-Za-z])"), r"\\ne "),
)
_TEXT = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|bf|rm)(?![A-Za-z]) ?\{([^{}]*)\}")
_SPACE_BESIDE_SYMBOL = re.compile(r" (?=[^A-Za-z0-9])|(?<=[^A-Za-z0-9]) ")
_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ ,.:;'\"?!-])*")
_ONE_LETTER = re.compile(r"\(([A-Za-z])\)")
_THOUSANDS = re.compile(r"([+-]?)\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def _strip_wrappers(text: str) -> str:
    for opening, closing in _WRAPPERS:
        size = len(opening)
        inside = text[size:-size]
        if len(text) > 2 * size and text.startswith(opening) and text.endswith(closing) and opening not in inside:
            return inside.strip()
    return text


def to_latex(text: str) -> str:
    r"""Unicode mathematics and full-width characters as LaTeX, thin spaces and dollar signs gone.

    Example: `to_latex("$½ √2 x²$") == r"1/2 \sqrt{2} x^{2}"`
    Example: `to_latex(r"\$32,\!348") == "32,348"`
    """
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run[0].translate(_SUPERSCRIPTS) + "}", text.translate(_INVISIBLE))
    text = unicodedata.normalize("NFKC", _VULGAR_FRACTION.sub(" ", _BETWEEN_CIRCLED.sub(",", text)))
    text = _SYMBOL.sub(lambda symbol: _SYMBOLS[symbol[0]], _ROOT.sub(r"\\sqrt{\1}", text))
    text = _strip_wrappers(" ".join(text.replace(r"\$", "").split()))
    for pattern, replacement in _RESPELLED:
        text = pattern.sub(replacement, text)
    return " ".join(text.replace("$", "").split())


def unwrap_text(text: str) -> str:
    r"""Text commands replaced by what they hold.

    Example: `unwrap_text(r"\text{(C)}") == "(C)"`
    """
    return _TEXT.sub(r"\1", text)


def is_words(text: str) -> bool:
    """Whether a text is words rather than mathematics: letters and punctuation, one word of three letters.

    Example: `is_words("no solution") and not is_words("x") and not is_words("2 apples")`
    """
    return _WORDS.fullmatch(text) is not None and re.search(r"[^\W\d_]{3}", text) is not None


def normalized(text: str) -> str:
    r"""The form in which two answers are compared as text; empty if nothing was answered.

    Example: `normalized(r"\text{East}.") == normalized("east")`
    Example: `normalized("1,000") == "1000"` and `normalized("(1,000)") == "(1,000)"`: a pair
    Example: `normalized(r"\left(3, \dfrac12\right)") == r"(3,\frac{1}{2})"`
    """
    text = " ".join(unwrap_text(to_latex(text)).split()).removesuffix(".").strip()
    letter = _ONE_LETTER.fullmatch(text)
    if letter:
        text = letter[1]
    if is_words(text):
        text = text.casefold()
    elif len(text) == 1 and text in "abcdefgh":  # the letter of an option; other letters are variables
        text = text.upper()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return _SPACE_BESIDE_SYMBOL.sub("", text)
