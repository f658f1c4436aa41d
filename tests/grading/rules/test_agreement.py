"""Agreement with labeled answers, where the checkout has them beside it."""

import ast
import json
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from revisual.grading.response import judge

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared"
MIN_LITERAL = 12
"""Characters from which a text of a case in the source is taken for a copy of it."""


@cache
def rows(name):
    path = SHARED / "grading" / name
    if not path.exists():
        pytest.skip(f"no labeled answers: {path} is absent")
    with path.open() as lines:
        found = [json.loads(line) for line in lines]
    return [row for row in found if not row.get("label_doubt")]


def boxed(row):
    return row["pred"] if row["form"] == "text" else rf"\boxed{{{row['pred']}}}"


@pytest.mark.parametrize("response", [lambda row: row["pred"], boxed], ids=["verbatim", "boxed"])
@pytest.mark.parametrize(("name", "least"), [("cases.jsonl", 0.98), ("golds.jsonl", 0.998), ("hostile.jsonl", 0.95)])
def test_agreement(name, least, response):
    cases = rows(name)
    agreed = sum((judge(response(row), row["gold"]).score == 1.0) == row["expected"] for row in cases)
    print(f"{name}: {agreed} of {len(cases)} = {agreed / len(cases):.1%}")
    assert agreed >= least * len(cases)


def test_hostile_answers_are_never_paid():
    wrong = [row for row in rows("hostile.jsonl") if not row["expected"]]
    assert [row["source"] for row in wrong if judge(boxed(row), row["gold"]).score != 0.0] == []


def test_reported_answers_are_judged_right():
    assert [
        row for row in rows("reports.jsonl") if (judge(row["pred"], row["gold"]).score == 1.0) != row["expected"]
    ] == []


def value(gold):
    """A gold that is a plain number, by Python's own reading of it."""
    try:
        return float(gold)
    except ValueError:
        return None


def test_golds_refuse_their_neighbors():
    """Another row's gold of the same source is no answer, unless both are numbers of the same value."""
    groups = defaultdict(list)
    for row in rows("golds.jsonl"):
        groups[row["source"]].append(row["gold"])
    accepted, pairs = [], 0
    for golds in groups.values():
        unique = sorted(set(golds))
        for gold, other in zip(unique, unique[1:] + unique[:1], strict=True):
            if gold != other and (value(gold) is None or value(gold) != value(other)):
                pairs += 1
                if judge(rf"\boxed{{{other}}}", gold).score == 1.0:
                    accepted.append((gold, other))
    print(f"{len(accepted)} of {pairs} accepted: {accepted}")
    # Not all are wrong: a unit may be left out, and "36." and 36 are one number.
    assert len(accepted) <= 0.02 * pairs


def literals():
    """Every text in the rules' code, docstrings left out: those are not executed."""
    for path in [*(ROOT / "revisual/grading").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) not in texts and isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_no_case_is_in_the_source():
    """The rules know classes of answers, not rows: no gold or answer of some length stands in their source."""
    source = "\n".join(literals())
    cases = [row for name in ("cases.jsonl", "hostile.jsonl", "golds.jsonl") for row in rows(name)]
    texts = {row[key].strip() for row in cases for key in ("gold", "pred")}
    assert [text for text in texts if len(text) > MIN_LITERAL and text in source] == []
