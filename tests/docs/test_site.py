"""The parts of the documentation's site: pages made from parsers, and the check of its links."""

import sys
from inspect import signature
from pathlib import Path

import pytest
import yaml

from revisual import GRPOModule, SFTModule
from revisual.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs/site"


@pytest.fixture(autouse=True)
def site(monkeypatch):
    """The site's modules, which mkdocs finds beside its hook."""
    monkeypatch.syspath_prepend(str(SITE))
    yield
    for path in SITE.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_options_are_rows_of_a_table():
    from options import options_table

    seed = {
        "type": "integer",
        "minimum": 0,
        "exclusiveMaximum": 9,
        "default": 0,
        "description": "of the [weights] | <x>",
    }
    section = {"type": "object", "additionalProperties": False, "properties": {"lr": {"type": "number"}}}
    part = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Loss"}]}
    found = options_table(
        {"$schema": {}, "seed": seed, "seed+": seed, "opt": section, "loss": part}, {"Loss": "Loss.md"}
    )
    assert found.splitlines()[2:] == [
        "| `seed` | integer ≥ 0 and < 9 | `0` | of the \\[weights] \\| &lt;x&gt; |",
        "| `opt.lr` | number |  |  |",
        "| `loss` | [Loss](Loss.md) or null |  |  |",
    ]


def test_every_shipped_config_is_a_recipe():
    from recipes import recipes_page

    page = recipes_page()
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "configs").rglob("*.yaml")}
    assert {name for name in shipped if f"| `{name}` |" in page} == shipped
    assert all(page.count(f"| `{name}` |") == 1 for name in shipped)
    assert "All three stages in minutes on a laptop's CPU" in page


def test_links_that_lead_nowhere_are_found(tmp_path):
    from check_links import faults

    (tmp_path / "a.html").write_text(
        '<h1 id="top"></h1><a href="b.html#there">1</a><a href="b.html#gone">2</a><a href="c.html">3</a>'
        '<a href="#top">4</a><a href="https://example.org">5</a>'
        '<script src="https://example.org/x.js"></script><img src="d.png">'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    assert list(faults(tmp_path)) == [
        "a.html: loads https://example.org/x.js",
        "a.html: b.html#gone: no such place on the page",
        "a.html: c.html: no such file",
        "a.html: d.png: no such file",
    ]


def test_every_page_has_its_place():
    """In the navigation, or among those that are said to have none."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    listed = set(str(config["nav"]).replace("'", " ").split()) | set(config["not_in_nav"].split())
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= {one.strip("[]{},") for one in listed}


@pytest.mark.slow
def test_every_command_and_every_key_has_its_page():
    from commands import command_pages
    from config_reference import config_pages

    commands, keys = dict(command_pages()), dict(config_pages())
    assert set(commands) == {"commands/index.md", *(f"commands/{name}.md" for name in COMMANDS)}
    assert all(f"[{name}]({name}.md)" in commands["commands/index.md"] for name in COMMANDS)
    assert "| `--base_url` |" in commands["commands/evaluate.md"]
    assert "| `trainer.max_steps` |" in keys["config/index.md"]
    modules = keys["config/LightningModule.md"]
    for module in (GRPOModule, SFTModule):
        section = modules.partition(f"\n## {module.__name__}\n")[2].partition("\n## ")[0]
        wanted = set(signature(module.__init__).parameters) - {"self"}
        assert {key for key in wanted if f"\n| `{key}` |" in section or f"\n| `{key}." in section} == wanted
