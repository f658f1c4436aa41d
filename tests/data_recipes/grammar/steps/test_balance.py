from collections import Counter

import numpy as np
import pytest

from revisual.core.errors import UserError
from revisual.data_recipes.grammar.steps.balance import Balance, Part, balance


def labels(cells):
    topics = [topic for topic, _, count in cells for _ in range(count)]
    levels = [level for _, level, count in cells for _ in range(count)]
    return {"topic": topics, "level": levels, "source": [f"source {topic}" for topic in topics]}


def test_cells_give_in_turn():
    found = labels([("a", "1", 100), ("a", "2", 100), ("b", "1", 2)])
    taken = balance(np.arange(202), found, 10, {}, np.random.default_rng(0))
    counts = Counter((found["topic"][k], found["level"][k]) for k in taken)
    assert counts == {("a", "1"): 4, ("a", "2"): 4, ("b", "1"): 2}
    assert taken == balance(np.arange(202), found, 10, {}, np.random.default_rng(0))
    assert taken != balance(np.arange(202), found, 10, {}, np.random.default_rng(1))
    assert len(balance(np.arange(202), found, None, {}, np.random.default_rng(0))) == 202


def test_quotas_are_kept():
    found = labels([("a", "1", 50), ("b", "1", 50), ("c", "2", 50)])
    quotas = {"source": {"source a": 3}, "level": {"1": 10}}
    taken = balance(np.arange(150), found, 40, quotas, np.random.default_rng(0))
    counts = Counter(found["topic"][k] for k in taken)
    assert counts == {"a": 3, "b": 7, "c": 30}


def test_bad_parts_are_refused():
    for options, said in (
        ({"parts": (Part("a"), Part("a"))}, "names of their own"),
        ({"quotas": {"colour": {}}}, "quotas of 'colour'"),
    ):
        with pytest.raises(UserError, match=said):
            Balance(**options)
    with pytest.raises(UserError, match="cannot be a folder's name"):
        Part("../x")
