r"""One spelling for what is written in many ways: Unicode mathematics, odd spaces, broken and doubled escapes.

Everything here is a substitution over the text, in linear time.
"""

import re
import unicodedata
from functools import cache, lru_cache

from revisual.grading.rules.systems import unfold_systems
from revisual.grading.rules.typography import name_items, prepare
from revisual.grading.rules.unit_phrases import rewrite_units

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₙ", "0123456789n")
_SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉ₙ]+")
_BETWEEN_CIRCLED = re.compile("(?<=[①-⑳])(?=[①-⑳])")
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_ROOT = re.compile(r"√ ?(\d+(?:\.\d+)?|[A-Za-z])")
_SYMBOLS = {
    "⁄": "/", "∕": "/", "−": "-", "–": "-", "—": "-", "‒": "-", "π": r"\pi ", "∞": r"\infty ", "∪": r"\cup ",
    "∩": r"\cap ", "≤": r"\le ", "⩽": r"\le ", "≦": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≧": r"\ge ", "≠": r"\ne ",
    "±": r"\pm ", "∓": r"\mp ", "×": r"\times ", "÷": r"\div ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "∈": r"\in ", "∉": r"\notin ", "√": r"\sqrt ", "∛": r"\sqrt[3]", "、": ",", "。": ".", "≈": r"\approx ",
    "∅": r"\emptyset ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "∠": r"\angle ", "△": r"\triangle ", "⊥": r"\perp ",
    "‖": r"\parallel ", "∥": r"\parallel ", "°": r"\degree ", "º": r"\degree ", "˚": r"\degree ", "′": "'", "’": "'",
    "‘": "'", "“": '"', "”": '"', "€": r"\euro ", "£": r"\pound ", "¥": r"\yuan ", "¢": r"\cent ", "،": ",",
    "٫": ".", "٬": ",", "∣": r"\mid ", "→": r"\to ", "…": "...", "φ": r"\phi ", "θ": r"\theta ", "α": r"\alpha ",
    "₹": r"\rupee ", "₩": r"\won ", "₽": r"\ruble ", "₱": r"\peso ",
    "β": r"\beta ", "γ": r"\gamma ", "λ": r"\lambda ", "∖": r"\setminus ",
}  # fmt: skip
_SYMBOL = re.compile("|".join(map(re.escape, _SYMBOLS)))

# A control character where a backslash and a letter were meant: "\f" + "rac" was "\frac".
_CONTROL_LETTERS = {"\a": "a", "\b": "b", "\t": "t", "\v": "v", "\f": "f", "\r": "r"}
_BROKEN_ESCAPE = re.compile(
    "\a(?=lpha|ngle|pprox|rc(?:sin|cos|tan))|\b(?=oxed|inom|egin|eta(?![a-z])|ar(?![a-z]))"
    "|\t(?=ext|imes|heta|frac|an(?![a-z])|riangle)|\v(?=ec(?![a-z]))|\f(?=rac|box)|\r(?=ight|ho(?![a-z])|m\\{)"
)
_DOUBLED = re.compile(r"(?<!\\)\\{2,}(?=[A-Za-z{}%$()\[\],;!])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_REPEATING = re.compile(
    r"(?<![\d.])(\d{1,12})\.(\d{0,12}?)(?:\\overline ?\{(\d{1,12})\}|\\dot ?\{?(\d)\}?|\((\d{1,12})\)(?=$|[ ,$]))"
)
_ROWS = re.compile(r"(?<!\\)\\begin")

_TRANSPOSED = r"\^ ?\{? ?(?:\\top|\\intercal|\\(?:mathrm|text|mathsf) ?\{ ?T ?\}|T) ?\}?$"
_RESPELLED = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\$\$?[ \n]+\$\$?", ", "),  # two formulas beside each other are two answers
        (r"(?<!\\)\\\$", r"\\dollar "),
        (r"(?<!\\)\\[()\[\]]", " "),
        (r"\$|\\?\"", ""),
        (r"(?<=\d),\\! ?(?=\d{3}(?!\d))|(?<=\d) ?\{, ?\} ?(?=\d{3}(?!\d))|(?<=\d)\\[,:;! ](?=\d{3}(?!\d))", ""),
        (r"\{, ?\}", ","),
        (r"\\sqrt ?\{ ?\}", r"\\sqrt "),
        (r"(?<=[\d)}])(or|and)(?=[A-Z\d\\(])", r" \1 "),
        (r"\\text(?:normal|sf|tt|up|it|bf|rm)|\\mbox|\\hbox|\\textrm|\\operatorname\*?", r"\\text"),
        (r"\\number ?\{([^{}]*)\}", r"\1"),
        (r"\\quantity ?\{([^{}]*)\}", r"\1 \\unit"),
        (r"\\(?:text ?\{ ?\\?(?:degree|circ)s? ?\}|textdegree|degree|circ)(?![A-Za-z])|(?<![A-Za-z])textdegree",
         r"\\degree "),
        (r"(?:\{ ?\})?\^ ?(?:\{ ?\\degree ?\}|\\degree )", r"\\degree "),
        (r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|textstyle|rm|bf|it)(?![A-Za-z])\.?", ""),
        (r"(?<!\\)\\(?:[,;:!> ]|q?quad(?= ))|~|\\(?:q?quad)(?=[^A-Za-z]|$)", " "),
        (r"\\(?:[dtcx]|nice|s|flat)frac(?![A-Za-z])", r"\\frac"),
        (r"\\(?:ldots|cdots|dotsc|dotsb|dotsm|dots)(?![A-Za-z])|\.\.\.+", r"\\dots "),
        (rf"^\[([^\[\]]*,[^\[\]]*)\] ?(?={_TRANSPOSED})", r"(\1)"),
        (rf"(?<=[)\]]) ?{_TRANSPOSED}", ""),
        (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\\leq(?:slant|q)?(?![A-Za-z])|=<|<=", r"\\le "),
        (r"\\geq(?:slant|q)?(?![A-Za-z])|>=", r"\\ge "),
        (r"\\(?:neq|not ?=)(?![A-Za-z])|!=", r"\\ne "),
        (r"\\lt(?![A-Za-z])|&lt;", "<"),
        (r"\\gt(?![A-Za-z])|&gt;", ">"),
        (r"\\%", "%"),
        (r"(?<=\d)[eE]([+-]?\d+)(?![\d.])", r"\\times 10^{\1}"),
        (r"(?<![A-Za-z\\])[CK]_ ?\{?(\d+)\}? ?\^ ?\{?(\d+)\}?", r"\\binom{\1}{\2}"),
        (r"(?<![A-Za-z\\])C\((\d+), ?(\d+)\)", r"\\binom{\1}{\2}"),
        (r"(?<![\d.])(\d+) ?(?:\\text ?\{ ?)?(?:out of|in)(?: ?\})? ?(\d+)(?: chances?)?(?![\d.])", r"\\frac{\1}{\2}"),
        (r"^(\d+) ?(?:\\text ?\{ ?)?to(?: ?\})? ?(\d+)$", r"\1:\2"),
        (r"\*\*(?=[\d({])", "^"),
        (r"\\varnothing", r"\\emptyset "),
        (r"\\(?:\{|lbrace)", r"\\{"),
        (r"\\(?:\}|rbrace)", r"\\}"),
    )
)  # fmt: skip


_SQUARE = re.compile(r"[\[\]]")
_REVERSED = re.compile(r"(?:(?<=\\in)|(?<=\\cup)|(?<=^)|(?<=[\s\[\](=]))([\[\]])([^\[\](),;]+[,;][^\[\](),;]+)([\[\]])")


def _turn_brackets(found: re.Match[str]) -> str:
    """Write an open end of an interval as a round bracket, where it is a square bracket turned away: `]1,3[`."""
    left, right = "(" if found[1] == "]" else "[", ")" if found[3] == "[" else "]"
    return f"{left}{found[2]}{right}"


def _expand_repeating(found: re.Match[str]) -> str:
    whole, once, again = found[1], found[2], found[3] or found[4] or found[5]
    value = int(whole + once + again) - int(whole + once or "0")
    return rf"\frac{{{value}}}{{{10 ** len(once) * (10 ** len(again) - 1)}}}"


def repair_escapes(text: str) -> str:
    r"""Repair escapes that a careless writer broke: a form feed before "rac" was `\frac`.

    Example: `repair_escapes("\frac{1}{2}") == r"\frac{1}{2}"`
    """
    return _BROKEN_ESCAPE.sub(lambda found: "\\" + _CONTROL_LETTERS[found[0]], text)


def replace_characters(text: str) -> str:
    r"""Write digits, letters and symbols of Unicode as ASCII and LaTeX; drop what is invisible.

    Example: `replace_characters("½ √2 x² ٣") == r"1/2 \sqrt{2} x^{2} 3"`
    """
    if text.isascii():
        return text
    text = text.translate(_INVISIBLE)
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run[0].translate(_SUPERSCRIPTS) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda run: "_{" + run[0].translate(_SUBSCRIPTS) + "}", text)
    text = _VULGAR_FRACTION.sub(" ", _BETWEEN_CIRCLED.sub(",", text))
    text = _NOT_ASCII.sub(lambda found: _normalize_character(found[0]), text)
    return _SYMBOL.sub(lambda symbol: _SYMBOLS[symbol[0]], _ROOT.sub(r"\\sqrt{\1}", text))


@cache
def _normalize_character(character: str) -> str:
    """Return a character as its plain equivalent: a full-width letter as a letter, a digit of any script as a digit."""
    if character in _SYMBOLS:
        return character
    if character.isdigit():
        return str(unicodedata.digit(character))
    return unicodedata.normalize("NFKC", character)


@lru_cache(maxsize=64)
def clean(text: str) -> str:
    r"""Return an answer in the one spelling that the reader of formulas knows.

    Example: `clean("$\\dfrac{1}{2}^{\\circ}$") == r"\frac{1}{2}\degree"`
    Example: `clean(r"\$32,\!348") == r"\dollar 32348"`
    """
    text = unfold_systems(replace_characters(name_items(prepare(repair_escapes(text)))))
    if not _ROWS.search(text):
        text = _DOUBLED.sub(r"\\", text)
    text = _REPEATING.sub(_expand_repeating, text)
    text = re.sub(r"\n", " ; ", text.strip()) if "\n" in text.strip() and "\\begin" not in text else text
    for pattern, replacement in _RESPELLED:
        text = pattern.sub(replacement, text)
    text = _REVERSED.sub(_turn_brackets, text) if _SQUARE.search(text) else text
    return " ".join(rewrite_units(" ".join(text.split())).split())
