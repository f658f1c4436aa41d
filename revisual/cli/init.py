"""`revisual init`: a folder of one's own to begin with, copied from a shipped config that is tested."""

import re
import shutil
from importlib.resources import files
from pathlib import Path

from revisual.cli.command import FunctionCommand
from revisual.core.errors import UserError
from revisual.core.text import shorten

EXAMPLES = "examples"
"""Below the shipped configs: the folders that go by their own name alone."""


def init(template: str | None = None, out: Path | None = None) -> None:
    """Copy a template, a commented config with the data that it is laid out for, into a folder of your own.

    Without a template, those that there are.

    Args:
        template: its name.
        out: the folder to make; by default one of the template's name in the present folder.
    """
    known = find_templates(shipped_configs())
    if template is None:
        print("".join(f"{name:24} {first_comment(path)}\n" for name, path in known.items()), end="")
        return
    if template not in known:
        raise UserError(f"template: no template {template!r}; there are: {', '.join(known)}")
    folder = out or Path(template.rpartition("/")[2])
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: is there already; name a new folder with --out")
    for path in find_files(known[template], shipped_configs()):
        copy_file(path, known[template], shipped_configs(), folder)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    print("".join(f"next: cd {folder} && {command}\n" for command in commands_of(known[template])[:1]), end="")


def find_files(template: Path, configs: Path) -> list[Path]:
    """Return the files of a template, and the configs elsewhere that these name, and that those name."""
    found = sorted(path for path in template.rglob("*") if path.is_file())
    for path in found:  # which grows
        if path.suffix == ".yaml":
            text = path.read_text(encoding="utf-8")
            named = [configs / name for name in re.findall(r"configs/([\w./-]+\.yaml)", text)]
            named += [(path.parent / name).resolve() for name in re.findall(r"\.\./[\w./-]+\.yaml", text)]
            found += [one for one in dict.fromkeys(named) if one.is_file() and one not in found]
    return found


def copy_file(path: Path, template: Path, configs: Path, out: Path) -> None:
    """Copy a file to its place: an example's lies at the top, all others lie as they do below the shipped configs.

    In comments, commands name configs from where they are now.
    """
    target = out / path.relative_to(template if template.parent.name == EXAMPLES else configs)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".yaml":
        target.write_text(path.read_text(encoding="utf-8").replace("configs/", ""), encoding="utf-8")
    else:
        shutil.copyfile(path, target)


def shipped_configs() -> Path:
    """Return the folder of the shipped configs, in a checkout or in an installed package."""
    package = Path(str(files("revisual")))
    return next(path for path in (package / "configs", package.parent / "configs") if path.is_dir()).resolve()


def find_templates(configs: Path) -> dict[str, Path]:
    """Return the folders below `configs` whose configs say by which command they are run, examples first, by name."""
    folders = sorted({path.parent for path in configs.rglob("*.yaml") if commands_of(path.parent)})
    folders.sort(key=lambda folder: folder.parent.name != EXAMPLES)
    return {str(folder.relative_to(configs)).removeprefix(f"{EXAMPLES}/"): folder for folder in folders}


def first_comment(folder: Path) -> str:
    """Return the first sentence of the comment that a folder's first config begins with; empty without one."""
    for text in _configs(folder):
        comment = re.match(r"(?:#.*\n)+", text)
        if comment:
            told = " ".join(line.lstrip("# ") for line in comment[0].splitlines())
            return shorten(re.split(r"(?<=\.) |(?<=:)  ", told)[0].rstrip(":"), 110)
    return ""


def commands_of(folder: Path) -> list[str]:
    """Return the commands that the comments of a folder's configs name, as they are called in a copy."""
    texts = [text.replace("configs/", "") for text in _configs(folder)]
    return [command for text in texts for command in re.findall(r"^#   (revisual .*)$", text, re.MULTILINE)]


def _configs(folder: Path) -> list[str]:
    """Return the texts of a folder's configs, a pipeline's first."""
    paths = sorted(folder.glob("*.yaml"), key=lambda path: (path.name != "pipeline.yaml", path.name))
    return [path.read_text(encoding="utf-8") for path in paths]


COMMAND = FunctionCommand(init)
