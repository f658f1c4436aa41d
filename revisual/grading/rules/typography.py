r"""What only changes how an answer looks: colors, sizes, Markdown, brackets of full width. All in linear time."""

import re
import unicodedata

_LETTERS_AND_DIGITS = (*range(0xFF10, 0xFF1B), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_MARKS = {
    "：": ":", "（": "(", "）": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "，": ",", "；": ";", "＝": "=",
    "＋": "+", "－": "-", "／": "/", "％": "%", "＜": "<", "＞": ">", "＃": "#", "＊": "*", "＄": "$", "\u3000": " ",
}  # fmt: skip
_WIDE = str.maketrans({chr(code): chr(code - 0xFEE0) for code in _LETTERS_AND_DIGITS} | _MARKS)
_WIDE_POINT = re.compile(r"(?<=\d)．(?=\d)")
_CIRCLED = re.compile(r"(?<![①-⑳])[①-⑳](?=\s*(?:です|だ|である|となる|번|이다|입니다|项|項|[。.,]|$))")
_HEADING = re.compile(
    r"[【〖\[](?:参考)?(答案|解答|答え|答|正解|正答|정답|답)[】〗\]]\s*:?|[【〖]([^【】〖】\n]{1,80})[】〗]"
)
_STYLE = re.compile(
    r"\\(?:textcolor|colorbox) ?(?:\[[^\[\]{}]*\])? ?\{[^{}]*\}"
    r"|\\fcolorbox ?(?:\[[^\[\]{}]*\])? ?\{[^{}]*\} ?\{[^{}]*\}"
    r"|\\(?:color|pagecolor) ?(?:\[[^\[\]{}]*\])? ?\{[^{}]*\}"
    r"|\\bbox ?(?:\[[^\[\]{}]*\])?(?= ?\{)"
    r"|\\(?:tag\*?|label|[hv]?phantom|vspace\*?|hspace\*?) ?\{[^{}]*\}"
    r"|\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|scriptstyle|scriptscriptstyle"
    r"|normalfont|bfseries|itshape|boldmath|mathstrut|strut|nonumber|notag|relax)(?![A-Za-z])"
    r"|\\(?:bm|pmb|mathtt|mathfrak|mathscr|ensuremath|smash|mathbfit|mathnormal|symbf|symbfit|uline|underline"
    r"|centering)(?![A-Za-z])"
)
_STYLED_TEXT = re.compile(r"\\(?:textsc|textsl|textup|textmd|texttt|emph)(?= ?\{)")
_DIGIT = re.compile(r"\d")
_FIRST_LABEL = re.compile(r"\s*\(?(?:i|a|1)[).]\s")
_ITEM_LABEL = re.compile(r"(?:^|(?<=[\s,;]))\(?(?:([ivx]{1,4}|[a-h])\)|(\d)[).])\s+")
_SEQUENCES = ("i", "ii", "iii", "iv", "v", "vi"), tuple("abcdefgh"), tuple("123456789")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE)
_QUOTE_OR_HEADING = re.compile(r"^[ \t]*(?:(?:>[ \t]?)+|#{1,6}[ \t]+)", re.MULTILINE)
_BULLETS = re.compile(r"(?:[ \t]*[-*+•] +[^\n]+(?:\n+|$)){2,}")
_LONE_BULLET = re.compile(r"(?:[*+•] +[^\n]+|- +\*\*[^\n]+)")
"""One bullet; a lone dash before a number is its sign."""
_LIGHT_EMPHASIS = re.compile(r"([*_])(?=\S)([^*_\n]+)(?<=\S)\1")
_BULLET = re.compile(r"^[ \t]*[-*+•] +", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*\*|\*\*|___|__|`)(?=\S)([^`\n]{1,400}?)(?<=\S)\1")


def prepare(text: str) -> str:
    r"""Remove what changes only the looks of a response, and write its brackets and colons as ASCII does.

    Example: `prepare(r"\textcolor{red}{17}") == "{17}"` and `prepare("故选（B）") == "故选(B)"`
    """
    if not text.isascii():
        text = _WIDE_POINT.sub(".", text).replace("．", ". ").translate(_WIDE)
        text = _CIRCLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = _HEADING.sub(lambda found: f"{found[1]}: " if found[1] else f" {found[2]} ", text)
    if "\\" in text:
        text = _STYLE.sub("", _STYLED_TEXT.sub(r"\\text", text))
    return text


def name_items(text: str) -> str:
    r"""Write a list whose items are lettered or numbered, in order and from the first on, as a list of equations.

    Each label becomes a symbol of its own, so that such a list equals one without labels in the same order.

    Example: `name_items("(i) 3, (ii) 5") == name_items("1. 3\n2. 5") == "N' = 3, N'' = 5"`
    Example: `name_items("(ii) 5") == "(ii) 5"`
    """
    if not _FIRST_LABEL.match(text):
        return text
    found = list(_ITEM_LABEL.finditer(text))
    labels = tuple(match[1] or match[2] for match in found)
    if len(labels) < 2 or not any(labels == sequence[: len(labels)] for sequence in _SEQUENCES):
        return text
    ends = [match.start() for match in found[1:]] + [len(text)]
    items = [text[match.end() : end].strip(" ,;\n") for match, end in zip(found, ends, strict=True)]
    if not all(_DIGIT.search(item) for item in items):
        return text
    return ", ".join("N" + "'" * number + f" = {item}" for number, item in enumerate(items, start=1))


def strip_markdown(text: str) -> str:
    """Remove quotes, headings, fences, bullets and emphasis from a response that is nothing but an answer in Markdown.

    Example: `strip_markdown("#### 58") == strip_markdown("> **58**") == "58"`
    """
    text = _QUOTE_OR_HEADING.sub("", _FENCE.sub("", text))
    if _BULLETS.fullmatch(text.strip() + "\n") or _LONE_BULLET.fullmatch(text.strip()):
        text = _BULLET.sub("", text)
    text = _EMPHASIS.sub(r"\2", text).strip()
    wrapped = _LIGHT_EMPHASIS.fullmatch(text)
    return wrapped[2] if wrapped else text
