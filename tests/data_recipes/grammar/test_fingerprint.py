import pytest

from revisual.data_recipes.grammar.fingerprint import changes
from revisual.data_recipes.grammar.steps.deduplicate import Deduplicate
from revisual.data_recipes.grammar.text.minhash import MinHash

CALLS = []


@pytest.fixture(autouse=True)
def calls():
    CALLS.clear()
    return CALLS


def test_what_changed_is_named():
    before = {"step": {"class": "Deduplicate", "minhash": {"bands": 32}}, "before": "a"}
    now = {"step": {"class": "Deduplicate", "minhash": {"bands": 16}}, "before": "a"}
    assert changes(before, now) == ["step.minhash.bands"]
    assert Deduplicate(minhash=MinHash(bands=16)) != Deduplicate()
