"""Measures the code's structure: sizes, annotations, docstrings, shapes, tests beside modules, and imports.

    python benchmarks/structure.py [--json FILE] [--other FILE]

Run at the root of a checkout; `--json` writes the figures, and `--other` sets those of another commit beside them. A
function's length is that of its body without the docstring. Tests are left out, but for the share of modules that have
a test module of their name.
"""

import argparse
import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef
TENSORS = ("Tensor", "Float[", "Int[", "Bool[")
SHAPES = ("Float[", "Int[", "Bool[", "Shaped[", "Num[")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--other", type=Path)
    options = parser.parse_args()
    figures = {"commit": commit(), **measure()}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    columns = [json.loads(options.other.read_text())] if options.other else []
    columns.append(figures)
    print("| | " + " | ".join(str(column["commit"]) for column in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in list(figures)[1:]:
        print(f"| {name} | " + " | ".join(str(column.get(name, "-")) for column in columns) + " |")


def commit() -> str:
    """Return the short name of the commit, with a + where there are changes besides."""
    words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def measure() -> dict[str, Any]:
    """Return all figures by name."""
    paths = [*(ROOT / "revisual").rglob("*.py"), *(ROOT / "callbacks").glob("*.py")]
    paths = sorted({path for path in paths if "revisual/callbacks" not in path.as_posix()})
    trees = {path: ast.parse(path.read_text()) for path in paths}
    lines = {path: len(path.read_text().splitlines()) for path in paths}
    functions = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, Function)]
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    public = [node for tree in trees.values() for node in public_functions(tree)]
    sizes = sorted(map(body_lines, functions))
    named_shapes = shape_names(trees.values())
    signatures = [
        spell_out(signature(node), [name for name in names_of(tree) if name in named_shapes])
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]
    tensors = [text for text in signatures if any(word in text for word in TENSORS)]
    modules = [path for path in paths if path.name != "__init__.py" and defines_something(trees[path])]
    named, mirrored = test_names()
    files = [path for path in paths if path.name != "__init__.py"]
    tiny = [path for path in files if lines[path] < 30]
    return {
        "files": len(paths),
        "lines": sum(lines.values()),
        "median file": int(median(lines.values())),
        "largest file": max(lines.values()),
        "files over 300 lines": sum(size > 300 for size in lines.values()),
        "files under 30 lines, %": percent(len(tiny), len(files)),
        "function lines, median": int(median(sizes)),
        "function lines, 90th percentile": int(quantiles(sizes, n=10)[-1]),
        "function lines, longest": sizes[-1],
        "functions fully annotated, %": percent(sum(map(is_annotated, functions)), len(functions)),
        "public functions with a docstring, %": percent(sum(map(is_explained, public)), len(public)),
        "classes with a docstring, %": percent(sum(ast.get_docstring(c) is not None for c in classes), len(classes)),
        "tensor functions that state a shape, %": percent(
            sum(any(word in text for word in SHAPES) for text in tensors), len(tensors)
        ),
        "modules with a same-named test, %": percent(sum(path.stem in named for path in modules), len(modules)),
        "of these in the mirrored folder, %": percent(sum(mirror(path) in mirrored for path in modules), len(modules)),
        "most parameters of a function": max(len(arguments(node)) for node in functions),
        "folders at the top": sum(path.is_dir() for path in (ROOT / "revisual").iterdir() if path.name[0] not in "_."),
        "loose files at the top": sum(path.suffix == ".py" for path in (ROOT / "revisual").iterdir()),
        "packages that import each other": mutual(trees),
    }


def shape_names(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names that modules give to shapes: PerToken = Float[Tensor, "N T"]."""
    given = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]) for node in given if ast.unparse(node.value).startswith(SHAPES)}


def names_of(tree: ast.Module) -> Iterator[str]:
    """Yield what a module has of these: the names that it imports from others or assigns itself."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.targets[0])


def spell_out(text: str, names: Iterable[str]) -> str:
    """Return a signature with a shape where it has the name of one."""
    for name in names:
        text = re.sub(rf"\b{name}\b", "Float[]", text)
    return text


def percent(part: int, whole: int) -> int:
    """Return a rounded percentage."""
    return round(100 * part / whole)


def body_lines(node: Function) -> int:
    """Return the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def arguments(node: Function) -> list[ast.arg]:
    """Return a function's parameters without self."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [each for each in named if each.arg not in ("self", "cls")]


def signature(node: Function) -> str:
    """Return a function's annotations as text."""
    notes = [each.annotation for each in arguments(node)] + [node.returns]
    return " ".join(ast.unparse(note) for note in notes if note is not None)


def is_annotated(node: Function) -> bool:
    """Return whether every parameter and the result have an annotation."""
    return node.returns is not None and all(each.annotation is not None for each in arguments(node))


def public_functions(tree: ast.AST) -> Iterator[Function]:
    """Yield a module's functions and its classes' methods whose names are public."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def is_explained(node: Function) -> bool:
    """Return whether a function has a docstring, or overrides one that has."""
    overrides = any(ast.unparse(each).endswith("override") for each in node.decorator_list)
    return overrides or ast.get_docstring(node) is not None


def defines_something(tree: ast.Module) -> bool:
    """Return whether a module has a function or a class."""
    return any(isinstance(node, Function | ast.ClassDef) for node in tree.body)


def test_names() -> tuple[set[str], set[str]]:
    """Return the names that test modules are for, alone and with their folder."""
    tests = [path for path in (ROOT / "tests").rglob("test_*.py")]
    names = {path.stem.removeprefix("test_") for path in tests}
    return names, {f"{path.relative_to(ROOT / 'tests').parent}/{path.stem.removeprefix('test_')}" for path in tests}


def mirror(path: Path) -> str:
    """Return where the test of a module stands below tests/."""
    base = ROOT if "callbacks" in path.parts else ROOT / "revisual"
    return f"{path.relative_to(base).parent}/{path.stem}"


def mutual(trees: dict[Path, ast.Module]) -> int:
    """Return the number of pairs of packages that import each other."""
    arrows = set()
    for path, tree in trees.items():
        own = path.relative_to(ROOT / "revisual").parts[0] if "callbacks" not in path.parts else "callbacks"
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("revisual."):
                arrows.add((own, str(node.module).split(".")[1]))
    return sum((b, a) in arrows for a, b in arrows if a < b)


if __name__ == "__main__":
    main()
