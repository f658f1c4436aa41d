"""Units of more than one word or letter, multipliers, currencies: in the one spelling that the parser knows."""

import re

from revisual.grading.rules.units import NAMES

_ASIAN = {
    "厘米": "cm", "公分": "cm", "毫米": "mm", "分米": "dm", "千米": "km", "公里": "km", "米": "m", "千克": "kg",
    "公斤": "kg", "毫克": "mg", "克": "g", "吨": "ton", "小时": "h", "小時": "h", "分钟": "min", "分鐘": "min",
    "秒": "s", "毫升": "ml", "升": "l", "天": "day", "周": "week", "年": "year", "月": "month", "元": "yuan",
    "牛顿": "n", "牛": "n", "焦耳": "j", "焦": "j", "瓦": "w", "伏": "v", "時間": "h", "시간": "h", "분": "min",
    "초": "s", "日": "day", "センチメートル": "cm", "メートル": "m", "キロメートル": "km", "グラム": "g",
    "キログラム": "kg",
}  # fmt: skip
_ASIAN_UNIT = re.compile(
    r"(?<=[\d})\s/])(平方|立方)?(" + "|".join(sorted(_ASIAN, key=len, reverse=True)) + r")(?![^\W\d_A-Za-z])"
    r"|(?<=[\d})])\s*度(?![^\W\d_A-Za-z])"
)
_BETWEEN_ASIAN = re.compile(r"(?<=[\d])(平方|立方)?(" + "|".join(sorted(_ASIAN, key=len, reverse=True)) + r")(?=\d|/)")
_POWERS = {"平方": "^{2}", "立方": "^{3}"}

_MULTIPLIERS = {
    "thousand": "1000", "million": "10^{6}", "billion": "10^{9}", "trillion": "10^{12}", "dozen": "12",
    "lakh": "10^{5}", "crore": "10^{7}", "hundred": "100",
}  # fmt: skip
_MULTIPLIER = re.compile(
    r"(?<=[\d}])\s*(?:\\text ?\{)?[\s-]*\b(" + "|".join(_MULTIPLIERS) + r")s?\b\s*(\})?", re.IGNORECASE
)
_ROMAN = re.compile(r"\\mathrm(?= ?\{)")
_WHOLE_TEXT = re.compile(r"\\text ?\{ ?([-+]?\d[^{}\\]*)\}")
_CURRENCY = re.compile(r"(?<![A-Za-z])(?:US|USD|CAD|CA|AU|AUD|NZ|HK|SG|[ACS])\s?(?=\\dollar)")
_RUPEES = re.compile(r"(?<![A-Za-z])(?:Rs|INR)\.?\s*(?=\d)")
_MINUTES_OF_ARC = re.compile(
    r"\\degree ?(\d+(?:\.\d+)?) ?(?:\^ ?\{? ?\\prime ?\}?|'(?!'))"
    r"(?: ?(\d+(?:\.\d+)?) ?(?:''|\^ ?\{? ?\\prime ?\\prime ?\}?))?"
)

_UNIT = (
    r"(?:\\text ?\{ ?)?(?:(?P<power>sq(?:uare)?|cu(?:bic)?)\b\.? ?)?(?P<name>" + "|".join(
        sorted(map(re.escape, NAMES), key=len, reverse=True)
    ) + r")(?![A-Za-z])\.?(?: ?\})?(?: ?\^ ?\{? ?(?P<exponent>-?[1-4]) ?\}?)?(?: ?\})?"
)  # fmt: skip
_FIRST = re.compile(r" ?" + _UNIT)
_NEXT = re.compile(
    r" ?(?:\\text ?\{ ?)?(?P<join>/|per\b|a\b|\\cdot|\\times|\*| )(?: ?\})? ?(?P<open>\()? ?" + _UNIT + r"(?: ?\))?"
)
_SIGN_OF_PHRASE = re.compile(r"/|\bper\b|\\cdot|\b(?:sq|square|cu|cubic|mph|kph|kmh)\b")
_SPEEDS = {"mph": r"\text{mile}/\text{h}", "kph": r"\text{km}/\text{h}", "kmh": r"\text{km}/\text{h}"}
_SPEED = re.compile(r"(?<=[\d}) ])(?:\\text ?\{ ?)?(mph|kph|kmh|km/hr)(?: ?\})?$")
_FRACTION = re.compile(
    r"(?<=[\d}]) ?\\frac ?\{ ?((?:\\text ?\{ ?)?[A-Za-z]+ ?\}?(?:\^\{?\d\}?)?) ?\} ?"
    r"\{ ?((?:\\text ?\{ ?)?[A-Za-z]+ ?\}?(?:\^\{?\d\}?)?) ?\}$"
)
_PER = re.compile(r"(?<=\d) ?\bper (?=[a-z]+$)")
_LETTERS = frozenset("mshgLlNJWVACK")
_LETTER_PAIRS = frozenset({
    "m/s", "m/h", "g/L", "g/l", "J/g", "J/K", "N/m", "N/C", "V/m", "W/m", "J/C", "C/s", "J/s", "J/m", "N/s", "V/A",
})  # fmt: skip
_RESISTANCE = re.compile(r"(?<=\d) ?(?:\\ )?\\Omega$")
_BEFORE_UNIT = re.compile(r"[\d)}](?= ?[\\A-Za-z])")
_NESTED = re.compile(r"\\text ?\{((?:[^{}]|\{[^{}]*\})*\{[^{}]*\}(?:[^{}]|\{[^{}]*\})*)\}")
_INNER_NAME = re.compile(r"(?<![\\A-Za-z])([A-Za-z]+)")
MAX_LENGTH = 400
MAX_STARTS = 12
"""Places from which a unit may begin that are tried."""


def rewrite_units(text: str) -> str:
    r"""Write units as single words in text commands, joined by slashes and powers.

    Example: `rewrite_units("5 m/s") == r"5\text{m}/\text{s}"`
    Example: `rewrite_units("12 sq. cm") == r"12\text{cm}^{2}"` and `rewrite_units("3 million") == r"3 \cdot 10^{6} "`
    """
    if len(text) > MAX_LENGTH or not any(character.isalpha() for character in text):
        return text
    text = _ROMAN.sub(r"\\text", text)
    whole = _WHOLE_TEXT.fullmatch(text)
    text = whole[1] if whole else text
    if not text.isascii():
        text = _ASIAN_UNIT.sub(_translate, _BETWEEN_ASIAN.sub(_translate, text))
    text = _MULTIPLIER.sub(_multiply, _RUPEES.sub(r"\\rupee ", _CURRENCY.sub("", text)))
    if r"\degree" in text:
        text = _MINUTES_OF_ARC.sub(_add_minutes, text)
    text = _RESISTANCE.sub(r" \\text{ohm}", text)
    text = _NESTED.sub(_split_nested, text)
    text = _FRACTION.sub(r" \1/\2", text)
    text = _PER.sub(r" units per ", text)
    if not _SIGN_OF_PHRASE.search(text):
        return text
    return _rewrite_phrase(_SPEED.sub(lambda found: _SPEEDS.get(found[1], r"\text{km}/\text{h}"), text))


def _split_nested(found: re.Match[str]) -> str:
    """Return a text command with a product of units and their powers in it, as one command for each unit."""
    return _INNER_NAME.sub(r"\\text{\1}", found[1])


def _translate(found: re.Match[str]) -> str:
    """Return a unit's name in another language as a text command."""
    if found[0].strip() == "度":
        return r"\degree "
    return rf" \text{{{_ASIAN[found[2]]}}}{_POWERS.get(found[1] or '', '')} "


def _multiply(found: re.Match[str]) -> str:
    """Return a multiplier as a factor; what else its text command holds stays in one."""
    has_command = "\\text" in found[0]
    rest = r" \text{" if has_command and not found[2] else " }" if found[2] and not has_command else " "
    return rf" \cdot {_MULTIPLIERS[found[1].casefold()]}{rest}"


def _add_minutes(found: re.Match[str]) -> str:
    """Write minutes and seconds of arc as parts of a degree."""
    seconds = rf" + \frac{{{found[2]}}}{{3600}}\degree " if found[2] else ""
    return rf"\degree + \frac{{{found[1]}}}{{60}}\degree {seconds}"


def _rewrite_phrase(text: str) -> str:
    """Rewrite the unit of several units that a text ends with."""
    for start in [found.end() for found in _BEFORE_UNIT.finditer(text)][-MAX_STARTS:]:
        rewritten = _rewrite_at(text, start)
        if rewritten is not None:
            return text[:start] + rewritten
    return text


def _rewrite_at(text: str, start: int) -> str | None:
    """Return the unit from a position to the text's end; None for anything else and for a single word."""
    found = _FIRST.match(text, start)
    if found is None:
        return None
    pieces, names = [_write(found)], [found["name"]]
    has_power = found["power"] is not None
    is_phrase, is_below = has_power, False
    while (following := _NEXT.match(text, found.end())) is not None:
        found, is_phrase = following, True
        is_below = found["join"] in ("/", "per", "a") or (is_below and found["join"] == " ")
        pieces.append(("/" if is_below else r" \cdot ") + _write(found))
        names.append(("/" if is_below else "*") + found["name"])
    if not is_phrase or text[found.end() :].strip(" .})"):
        return None
    if (
        not has_power
        and all(name.strip("/*") in _LETTERS for name in names)
        and "".join(names[:2]) not in _LETTER_PAIRS
    ):
        return None
    return "".join(pieces)


def _write(found: re.Match[str]) -> str:
    """Return one unit with its power."""
    power = {"s": "2", "c": "3"}.get((found["power"] or " ")[0], found["exponent"])
    return rf"\text{{{found['name']}}}" + (f"^{{{power}}}" if power else "")
