"""Imports go downwards: each package of revisual may use those below it, and no other."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "core": "",
    "data": "core",
    "client": "core data",
    "report": "core",
    "grading": "core data",
    "rl": "core data",
    "rewards": "core data client grading",
    "models": "core data rl",
    "rollout": "core data client models",
    "training": "core data grading rl rewards models rollout",
    "callbacks": "core data rl models training",
    "config": "core",
    "evaluation": "core data client report grading models rollout",
    "data_recipes": "core data client report grading evaluation",
    "pipeline": "core report",
    "memory_plan": "core data rl models rollout training config",
    "cli": "core data client report grading models config evaluation data_recipes pipeline memory_plan",
}
"""What a package's files may import of revisual; `revisual/__init__.py` and `__main__.py` are the way in, above all."""

ALLOWED = {package: set(below.split()) for package, below in MAY_IMPORT.items()}


def files(package):
    folder = ROOT / "callbacks" if package == "callbacks" else ROOT / "revisual" / package
    return sorted(folder.rglob("*.py"))


def imported(path):
    """The packages of revisual that a file imports, wherever in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "revisual" and len(parts) > 1 and parts[1] in ALLOWED:
                yield parts[1], node.lineno


def test_every_folder_has_its_arrows():
    found = {path.name for path in (ROOT / "revisual").iterdir() if (path / "__init__.py").is_file()}
    assert found == set(ALLOWED)
    loose = {path.name for path in (ROOT / "revisual").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py"}


def test_no_two_packages_import_each_other():
    """Nor is there a longer circle: the table can be put in an order in which all arrows go down."""
    left = dict(ALLOWED)
    while left:
        bottom = [package for package, below in left.items() if not below & left.keys()]
        assert bottom, f"a circle among {sorted(left)}"
        for package in bottom:
            del left[package]


def test_benchmarks_import_what_is_there():
    """Also within functions, where nothing tells before they are called."""
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "revisual":
                module = import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{path.name}:{node.lineno}: {node.module}.{alias.name}"


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_down(package):
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {target}"
        for path in files(package)
        for target, line in imported(path)
        if target != package and target not in ALLOWED[package]
    ]
    assert files(package) and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", ALLOWED)
def test_no_arrow_is_allowed_that_nothing_uses(package):
    used = {target for path in files(package) for target, _ in imported(path)}
    assert ALLOWED[package] <= used
