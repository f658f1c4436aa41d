"""Only the commands know a terminal: everything else is given a `Progress`, and returns what it found."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXCEPTIONS = {
    "callbacks/stop_on_signal.py": "the last words of a run that was asked to leave",
    "callbacks/watchdog.py": "the stacks of a process that hangs, which may do nothing else any more",
}


def uses(tree):
    """What a file has to do with a terminal."""
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name for name in names if name.partition(".")[0] == "rich")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield "print"
        if isinstance(node, ast.Attribute):
            is_stream = (
                isinstance(node.value, ast.Name) and node.value.id == "sys" and node.attr in ("stdout", "stderr")
            )
            yield from ([f"sys.{node.attr}"] if is_stream else ["isatty"] if node.attr == "isatty" else [])


def of_the_terminal():
    files = [*(ROOT / "revisual").rglob("*.py"), *(ROOT / "callbacks").glob("*.py")]
    names = {path: path.relative_to(ROOT).as_posix() for path in files if "revisual/callbacks" not in path.as_posix()}
    found = {name: set(uses(ast.parse(path.read_text()))) for path, name in names.items()}
    return {name: what for name, what in found.items() if what}


def test_nothing_but_the_commands_knows_a_terminal():
    found = of_the_terminal()
    assert {name: what for name, what in found.items() if not name.startswith("revisual/cli/")}.keys() == set(
        EXCEPTIONS
    )
    assert "rich.console" in found["revisual/cli/progress.py"] and "print" in found["revisual/cli/main.py"]
