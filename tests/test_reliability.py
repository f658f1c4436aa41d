"""What docs/reliability.md promises is shown by tests that are there, and its numbers are the measured ones."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reliability.md").read_text()
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "|---"))]


def named_tests(line):
    """The files that a line names, each with its tests."""
    (_, cell) = line.strip("|").split(" | ")
    return {words[0]: words[1:] for words in (re.findall(r"`([^`]+)`", part) for part in cell.split("; "))}


def test_every_line_is_a_promise_with_tests():
    assert len(LINES) > 40
    for line in LINES:
        assert all(names for names in named_tests(line).values()), line


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:50])
def test_the_tests_of_a_promise_are_there(line):
    for path, names in named_tests(line).items():
        tree = ast.parse((ROOT / path).read_text())
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert path.startswith("tests/") and set(names) <= found, (path, set(names) - found)
        assert all(name.startswith("test_") for name in names)


def test_the_numbers_are_the_measured_ones():
    changed = json.loads((ROOT / "benchmarks/results/config_mutations.json").read_text())
    text = " ".join(PAGE.split())
    assert f"Of {changed['configs']} shipped configs" in text and f"{changed['refused']} are refused" in text
    assert f"and {changed['accepted']} are accepted" in text and not changed["traceback"] + changed["hang"]
    killed = json.loads((ROOT / "benchmarks/results/kills.json").read_text())
    assert killed["kills"] == sum(status == -9 for one in killed["pipelines"] for status in one["exit_statuses"]) == 4
    assert "killed four times" in text and f"its {killed['pipelines'][0]['curves']} curves" in text
    assert all(one["weights_equal"] and not one["unlike_curves"] + one["leftovers"] for one in killed["pipelines"])
