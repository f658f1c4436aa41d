"""Checks a built site: every relative link and anchor leads somewhere, and nothing is fetched from elsewhere.

    python docs/site/check_links.py out/docs

Prints each fault, and ends with exit status 1 where there is one.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src"}
"""What a browser loads without being asked, besides `link`."""
KINDS_NOT_FETCHED = ("canonical", "next", "prev", "alternate")


@dataclass
class Page(HTMLParser):
    """The links and anchors of a page."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in FETCHED and FETCHED[tag] in given:
            self.loads.append(given[FETCHED[tag]])
        elif tag == "link" and given.get("rel") not in KINDS_NOT_FETCHED:
            self.loads.append(given.get("href", ""))


def faults(site: Path) -> Iterator[str]:
    """Yield each link that leads nowhere and each thing that is loaded from elsewhere, with its page."""
    pages = {path.resolve(): read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":  # its links are of the root of a server
            continue
        yield from (f"{path.name}: loads {one}" for one in page.loads if is_elsewhere(one))
        for link in (*page.links, *page.loads):
            fault = None if is_elsewhere(link) else _fault(path, link, pages)
            if fault is not None:
                yield f"{path.relative_to(site.resolve())}: {link}: {fault}"


def read(path: Path) -> Page:
    """Return a page's links and anchors."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def is_elsewhere(link: str) -> bool:
    """Return whether a link leaves the site."""
    parts = urlsplit(link)
    return bool(parts.netloc) or parts.scheme not in ("", "file")


def _fault(path: Path, link: str, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors and not anchor.startswith("__"):
        return "no such place on the page"
    return None


def main() -> int:
    """Check the site that is named."""
    site = Path(sys.argv[1])
    found = list(faults(site))
    print(*found, f"{len(list(site.rglob('*.html')))} pages, {len(found)} faults", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
