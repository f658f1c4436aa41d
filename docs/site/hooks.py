"""What mkdocs is given besides the pages in docs/: pages made from the code, and links from pages to files."""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from api import api_pages
from commands import command_pages
from config_reference import config_pages
from mkdocs.structure.files import File, Files
from recipes import recipes_page

ROOT = Path(__file__).parents[2]
SECTIONS = {"commands/": command_pages, "config/": config_pages, "api/": api_pages}
LINK = re.compile(r"\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")


@cache
def made_pages() -> dict[str, str]:
    """Return the pages that are made, by their files."""
    warnings.filterwarnings("ignore", message=".*args parameter is intended to run")
    pages = {name: text for make in SECTIONS.values() for name, text in make()}
    return pages | {"recipes.md": recipes_page()} | dict(_pages_of_the_root())


def _pages_of_the_root() -> Iterator[tuple[str, str]]:
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        yield name.lower(), text.replace("](docs/", "](").replace("](CHANGELOG", "](changelog")


def on_config(config: Any) -> Any:
    """Put the pages of made sections into the navigation."""
    for entry in config.nav:
        for title, path in entry.items() if isinstance(entry, dict) else ():
            if isinstance(path, str) and path in SECTIONS:
                entry[title] = [name for name in made_pages() if name.startswith(path)]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the made pages."""
    for name, text in made_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links to files of the repository lead to a page of them, or be their names."""
    return LINK.sub(lambda found: _inside(found, page.file.src_uri, files), markdown)


def _inside(found: re.Match[str], page: str, files: Files) -> str:
    label, target, anchor = found[1], found[2], found[3] or ""
    if target.endswith(".html"):  # a page of both forms
        return f"[{label}]({target.removesuffix('.html')}.md{anchor})"
    path = (ROOT / "docs" / page).parent / target
    if not target.startswith("../") or files.get_file_from_path(target) or not path.resolve().is_file():
        return found[0]
    relative = path.resolve().relative_to(ROOT)
    module = ".".join(relative.with_suffix("").parts)
    package = module.rpartition(".")[0]
    if f"api/{package}.md" in made_pages():
        return f"[{label}]({'../' * page.count('/')}api/{package}.md#{module})"
    made = relative.name.lower()
    return f"[{label}]({made}{anchor})" if made in made_pages() else f"`{relative}`"
