"""Markup that cannot be unsafe: a report is a tree of elements, and every string in it is text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files

BLOCK_TAGS = {"article", "dd", "details", "div", "dl", "dt", "footer", "header", "hr", "li", "main", "nav", "ol", "p"}
BLOCK_TAGS |= {"figcaption", "figure", "h1", "h2", "h3", "h4", "pre", "section", "summary", "ul"}
INLINE_TAGS = {"a", "b", "br", "code", "em", "img", "small", "span", "strong", "sub", "sup"}
TABLE_TAGS = {"table", "tbody", "td", "tfoot", "th", "thead", "tr"}
DRAWING_TAGS = {"circle", "g", "line", "path", "polyline", "rect", "svg", "text", "title"}
FORMULA_TAGS = {"annotation", "math", "mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "mspace", "msqrt", "mstyle"}
FORMULA_TAGS |= {"semantics", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"}
TAGS = frozenset(BLOCK_TAGS | INLINE_TAGS | TABLE_TAGS | DRAWING_TAGS | FORMULA_TAGS)
"""None of them runs code, loads a file or reads its content as anything but text and elements."""
VOID_TAGS = frozenset({"br", "hr", "img"})
ATTRIBUTE = re.compile(r"(?!on|style$|srcset$)[a-zA-Z][a-zA-Z0-9-]*")
LINKS = {"href": re.compile(r"#[\w-]*"), "src": re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")}
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Controls that turn the text behind them around, in which an answer could look like another one."""
CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def escape_text(text: str) -> str:
    """Return `text` as it stands inside an element or a quoted attribute.

    Characters that no page may hold become U+FFFD, and those that turn text around are shown by their numbers.

    Example: `escape_text('a < "b"') == "a &lt; &quot;b&quot;"`
    """
    shown = TURNING.sub(lambda found: f"[U+{ord(found[0]):04X}]", UNPRINTABLE.sub("\ufffd", text))
    return escape(shown, quote=True)


@dataclass(frozen=True)
class Element:
    """One node: a known tag, checked attributes, and children of which the strings are text, never markup.

    Example: `str(Element("p", {"class": "note"}, ("1 < 2",))) == '<p class="note">1 &lt; 2</p>'`

    Raises:
        ValueError: a tag or an attribute that could run code or reach outside the file.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: "tuple[Element | str, ...]" = ()

    def __post_init__(self) -> None:
        if self.tag not in TAGS:
            raise ValueError(f"<{self.tag}> is not an element of a report")
        if self.children and self.tag in VOID_TAGS:
            raise ValueError(f"<{self.tag}> has no content")
        for name, value in self.attributes.items():
            if not ATTRIBUTE.fullmatch(name):
                raise ValueError(f"<{self.tag}> may not have the attribute {name!r}")
            if name in LINKS and not LINKS[name].fullmatch(value):
                raise ValueError(f"{name} must stay inside the file, not lead to {value[:40]!r}")

    def __str__(self) -> str:
        attributes = "".join(f' {name}="{escape_text(value)}"' for name, value in self.attributes.items())
        opening = f"<{self.tag}{attributes}>"
        if self.tag in VOID_TAGS:
            return opening
        content = "".join(escape_text(child) if isinstance(child, str) else str(child) for child in self.children)
        return f"{opening}{content}</{self.tag}>"


def element(tag: str, *children: Element | str | None, **attributes: str | float | int | bool | None) -> Element:
    """Return an `Element`, in short: `class_` stands for `class`, `_` for `-`; None and False are left out.

    Example: `str(element("text", "x", class_="tick", text_anchor="end")) ==
    '<text class="tick" text-anchor="end">x</text>'`
    """
    named = {
        name.rstrip("_").replace("_", "-"): _attribute(value)
        for name, value in attributes.items()
        if value is not None and value is not False
    }
    return Element(tag, named, tuple(child for child in children if child is not None))


def _attribute(value: str | float | int | bool) -> str:
    if value is True:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


@dataclass(frozen=True)
class Section:
    """A part of a page, with a heading and a place in the page's contents."""

    title: str
    children: tuple[Element | str, ...]


def section(title: str, *children: Element | str | None) -> Section:
    """Return a `Section`, in short; None is left out."""
    return Section(title, tuple(child for child in children if child is not None))


def fold(summary: str, *children: Element | str | None, class_: str = "folded", is_open: bool = False) -> Element:
    """Return a block that shows its summary, and the rest when it is asked for.

    Example: `str(fold("More", "text")) ==
    '<details class="folded"><summary>More</summary>text</details>'`
    """
    return element("details", element("summary", summary), *children, class_=class_, open=is_open)


def hint(text: str) -> Element:
    """Return a line that explains what stands below it."""
    return element("p", text, class_="hint")


def page(title: str, *sections: Section, subtitle: str = "") -> str:
    """Return a whole document: a title, links to its sections, and the sections, under the one stylesheet.

    Example: `page("Evaluation", section("Scores", table(["Model", "Accuracy"], [["base", 0.25]])))`
    """
    entries = [element("a", part.title, href=f"#part-{i}") for i, part in enumerate(sections)]
    header = element(
        "header",
        element("h1", title),
        element("p", subtitle, class_="subtitle") if subtitle else None,
        element("nav", *entries, aria_label="Contents") if len(entries) > 1 else None,
    )
    parts = [
        element("section", element("h2", part.title), *part.children, id=f"part-{i}") for i, part in enumerate(sections)
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape_text(title)}</title><style>\n{stylesheet()}</style></head>\n"
        f"<body>{header}{element('main', *parts)}</body></html>\n"
    )


@cache
def stylesheet() -> str:
    """Return the look of all reports."""
    return files("revisual.report").joinpath("style.css").read_text(encoding="utf-8")
