import random
import re

import pytest

from revisual.report.html import Element, element, page, section

from .parsing import parse


def test_a_string_is_text_wherever_it_stands():
    attack = "</p><script>alert(1)</script><!-- & \" ' -->"
    tree = parse(element("div", element("p", attack), title=attack))
    assert tree.all("p")[0].words == attack
    assert tree.all("div")[0].attributes == {"title": attack}
    assert not tree.all("script")


@pytest.mark.parametrize("seed", range(40))
def test_every_text_is_read_back_as_it_was_written(seed):
    draw = random.Random(seed)
    pieces = [
        "<",
        ">",
        "&",
        '"',
        "'",
        "&lt;",
        "&#60;",
        "&amp",
        "</p>",
        "<!--",
        "]]>",
        "=",
        "/",
        " ",
        "\n",
        "a",
        "é",
        "漢",
        "😀",
    ]
    text = "".join(draw.choices(pieces, k=draw.randrange(20)))
    tree = parse(element("p", text, title=text))
    assert tree.all("p")[0].words == text
    assert tree.all("p")[0].attributes["title"] == text


def test_characters_that_no_page_may_hold_are_replaced():
    markup = str(element("p", "a\x00b\ud800c\td\n"))
    assert markup == "<p>a\ufffdb\ufffdc\td\n</p>"
    markup.encode("utf-8")


def test_controls_that_turn_text_around_are_shown_as_text():
    """What reads as 12 in a report must not be 21."""
    text = "\u202e21\u202c \u2067a\u2069"
    markup = str(element("p", text, title=text))
    shown = "[U+202E]21[U+202C] [U+2067]a[U+2069]"
    assert markup == f'<p title="{shown}">{shown}</p>'


def test_markup_as_a_string_is_not_markup_again():
    assert str(element("p", str(element("b", "x")))) == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


@pytest.mark.parametrize(
    "tag", ["script", "style", "iframe", "object", "link", "SCRIPT", "p onclick=x", "base", "form"]
)
def test_tags_that_could_run_or_load_something_are_refused(tag):
    with pytest.raises(ValueError, match="not an element"):
        Element(tag)


@pytest.mark.parametrize("name", ["onclick", "onLoad", "style", "srcset", 'x" y', "a b", "a>", "", "xlink:href"])
def test_attributes_that_could_are_refused(name):
    with pytest.raises(ValueError, match="may not have"):
        Element("p", {name: "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("href", "javascript:alert(1)"),
        ("href", "https://example.org"),
        ("href", "//example.org"),
        ("src", "picture.png"),
        ("src", "data:text/html;base64,AAAA"),
        ("src", "data:image/svg+xml;base64,AAAA"),
    ],
)
def test_links_lead_nowhere_outside(name, value):
    with pytest.raises(ValueError, match="inside the file"):
        Element("a" if name == "href" else "img", {name: value})


def test_short_form():
    made = element("line", None, class_="grid", x1=1.0, y1=2.346, stroke_width=3, hidden=True, title=None, open=False)
    assert str(made) == '<line class="grid" x1="1" y1="2.35" stroke-width="3" hidden=""></line>'


def test_a_void_element_has_no_end_and_no_content():
    assert str(element("br")) == "<br>"
    with pytest.raises(ValueError, match="no content"):
        element("br", "x")


def test_page():
    text = page("A < B", section("One", element("p", "1")), section("T&wo", None, "2"), subtitle="C > D")
    tree = parse(text)
    assert text.startswith("<!DOCTYPE html>")
    assert tree.all("title")[0].words == "A < B" == tree.all("h1")[0].words
    assert [node.words for node in tree.all("h2")] == ["One", "T&wo"]
    targets = [node.attributes["href"] for node in tree.all("a")]
    assert targets == ["#" + node.attributes["id"] for node in tree.all("section")]
    assert "default-src 'none'" in text


def test_the_stylesheet_asks_for_nothing_and_defines_all_it_uses():
    style = parse(page("x")).all("style")[0].words
    assert not re.search(r"url\(|@import|https?:", style)
    assert style.count("{") == style.count("}")
    used, defined = set(re.findall(r"var\((--[\w-]+)\)", style)), set(re.findall(r"(--[\w-]+):", style))
    assert used <= defined
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    of_dark = dark.split("* {")[0]
    assert set(re.findall(r"(--[\w-]+):", light)) == set(re.findall(r"(--[\w-]+):", of_dark))
