"""Formulas in a text as MathML, which browsers typeset without scripts and without a network."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element as Tree

from latex2mathml.converter import Converter

from revisual.report.html import TURNING, UNPRINTABLE, Element, element

LONGEST_TEXT = 50_000
LONGEST_FORMULA = 1_000
"""In characters. What is longer stays as it was written."""
MOST_FORMULAS = 500
"""In one text; those behind them stay as they were written."""
DEEPEST = 40
"""Elements within each other."""
FORMULA = re.compile(
    rf"""\\\\ | \\\$  # the end of a line, a dollar
    | \$\$ (?P<dollars> [^$]{{1,{LONGEST_FORMULA}}} ) \$\$
    | \\\[ (?P<brackets> .{{1,{LONGEST_FORMULA}}}? ) \\\]
    | \\\( (?P<parentheses> .{{1,{LONGEST_FORMULA}}}? ) \\\)
    | \$ (?!\s) (?P<dollar> (?: [^$\\\n] | \\. | \n(?!\n) ){{1,{LONGEST_FORMULA}}} ) (?<!\s) \$ (?!\d)  # no two prices
    | (?P<box> \\boxed \s? \{{ )""",
    re.DOTALL | re.VERBOSE,
)
BLOCKS = ("dollars", "brackets")
"""These stand on lines of their own."""
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
WORDS = re.compile(r"(?=.*[^\W\d_]{2})[^\\^_{}&$#]+", re.DOTALL)
LATEX = re.compile(r"\\[a-zA-Z]|[\^_]\{?\w")
REFUSED = re.compile(r"\\(?:(?:re|g)?new|provide|[gex]?def|let|Declare|mathchoice|leftroot|uproot)|&#")
"""What defines commands, which may grow without bound, or leaves out a part of what was written."""
ENTITY = re.compile(r"&#x[0-9A-Fa-f]{2,6};")
ESCAPED = re.compile(r"\\([%$&#_{}])")
SPELLINGS = {r"(\\(?:begin|end))\{aligned\}": r"\1{align*}", r"\\not\s*=": r"\\ne "}
"""What the converter knows by another name alone."""
BARS = {"mover": "overlined", "munder": "underlined"}
BAR = "&#x02015;"
"""The converter's, which no font stretches."""
ARITIES = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
SIZE = r"[+-]?[0-2]?(\.\d{1,4})?(em)?|(negative)?(very){0,2}(thin|medium|thick)mathspace"
SWITCHES = ("accent", "displaystyle", "fence", "largeop", "movablelimits", "separator", "stretchy", "symmetric")
VALUES = {
    **dict.fromkeys(SWITCHES, "true|false"),
    **dict.fromkeys(("width", "lspace", "rspace", "minsize", "maxsize"), SIZE),
    "columnalign": "left|center|right",
    "form": "prefix|infix|postfix",
    "linethickness": "0",
    "mathvariant": "[a-z-]{1,30}",
    "scriptlevel": "[0-2]",
}
"""The values that an attribute may have; a formula with another one stays as it was written."""
LEFT_OUT = {"xmlns", "display", "rowspacing", "columnspacing", "columnlines", "rowlines", "linebreak"}
"""Attributes that browsers take no notice of, or that are given anew."""


def typeset(text: str) -> list[Element | str]:
    r"""Return a text with its formulas as MathML: `$...$`, `$$...$$`, `\(...\)`, `\[...\]` and `\boxed{...}`.

    What is no formula, or is broken, too long, too deep or more than mathematics stays as it was written.

    Example: `"".join(map(str, typeset(r"so $x<2$"))).startswith("so <math")`
    """
    parts, end = list[Element | str](), 0
    for begin, stop, source, is_block in _formulas(text) if len(text) <= LONGEST_TEXT else ():
        made = formula(source, is_block)
        if made is not None:
            parts += [text[end:begin], made]
            end = stop
    return [part for part in (*parts, text[end:]) if part != ""]


def typeset_answer(text: str) -> list[Element | str]:
    r"""Return an answer as `typeset` does, or as a whole where it is a formula without delimiters: `\frac{1}{2}`."""
    parts = typeset(text)
    made = formula(text) if parts == [text] and LATEX.search(text) else None
    return parts if made is None else [made]


def _formulas(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield where formulas begin and end, what is in them, and whether they stand alone."""
    place = count = 0
    while count < MOST_FORMULAS and (found := FORMULA.search(text, place)):
        place, kind = found.end(), found.lastgroup
        if kind == "box":
            place = _closing(text, place) or place
            source = text[found.end() : place - 1]
            source = rf"\boxed{{\text{{{source}}}}}" if WORDS.fullmatch(source) else text[found.start() : place]
            yield found.start(), place, source, False
        elif kind is not None:
            yield found.start(), place, found[kind], kind in BLOCKS
        count += kind is not None


def _closing(text: str, begin: int) -> int | None:
    """Return the place behind the brace that closes the one before `begin`; none where there is none nearby."""
    depth = 1
    for found in BRACE.finditer(text, begin, begin + LONGEST_FORMULA):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None


@lru_cache(maxsize=4096)
def formula(source: str, is_block: bool = False) -> Element | None:
    """Return one formula, with its source as what is copied and searched; None where it cannot be typeset.

    Args:
        source: without delimiters.
        is_block: on a line of its own.
    """
    hidden = TURNING.search(source) or UNPRINTABLE.search(source)
    if len(source) > LONGEST_FORMULA or hidden or REFUSED.search(source) or not source.strip():
        return None
    display = "block" if is_block else "inline"
    try:
        row = _checked(Converter(display=display).convert_to_element(_spelled(source))[0])
    except Exception:  # of any kind, as the source is anybody's
        return None
    annotation = element("annotation", source, encoding="application/x-tex")
    return element("math", element("semantics", row, annotation), display=display)


def _spelled(source: str) -> str:
    """Return a formula as the converter spells it."""
    for pattern, spelling in SPELLINGS.items():
        source = re.sub(pattern, spelling, source)
    return source


def _checked(tree: Tree, depth: int = 0) -> Element:
    """Return an element of the converter's as one of a report.

    Raises:
        ValueError: it has what no formula needs, or lacks what it needs.
    """
    children = [_checked(child, depth + 1) for child in tree] if depth < DEEPEST else []
    text = tree.text or ""
    if len(children) != ARITIES.get(tree.tag, len(tree)) or text == "&" or text.startswith("\\"):
        raise ValueError("a part is missing, too deep or unknown")
    if tree.tag == "menclose" and tree.get("notation") == "box":
        return Element("mrow", {"class": "boxed"}, tuple(children))
    if tree.tag in BARS and tree[1].text == BAR:
        return Element("mrow", {"class": BARS[tree.tag]}, (children[0],))
    attributes = {name: value for name, value in tree.items() if name not in LEFT_OUT}
    for name, value in attributes.items():
        if not re.fullmatch(VALUES[name], value):
            raise ValueError(f"{name} is {value}")
    plain = ENTITY.sub(lambda found: unescape(found[0]), text)
    if tree.tag == "mtext":
        plain = ESCAPED.sub(r"\1", plain)
    if tree.tag == "mi" and len(plain) > 1 and plain.isascii():  # a function, such as sin
        return element("mo", plain, lspace="0.1em", rspace="0.17em")
    return Element(tree.tag, attributes, (*([plain] if plain else []), *children))
