"""Steps that are done once, again, alone, or from where they stopped."""

import json
from dataclasses import dataclass

import pytest
from core.test_progress import Told

from data_recipes.grammar.helpers import collect, items, jsonl, run
from data_recipes.grammar.steps.test_collect import sums
from revisual.core.errors import UserError
from revisual.core.folders import MARK
from revisual.data_recipes.grammar.runner import Runner
from revisual.data_recipes.grammar.step import Outcome, Step
from revisual.data_recipes.grammar.steps.topics import Topics

CALLS = []


@dataclass(frozen=True)
class Halve(Step):
    """Every second item."""

    name: str = "halve"

    def run(self, work):
        CALLS.append(self.name)
        for place in range(1, len(work.items), 2):
            work.drops.count("odd", work.items.key(place)[0])
        return Outcome(work.items.where([place % 2 == 0 for place in range(len(work.items))]))


@pytest.fixture(autouse=True)
def calls():
    CALLS.clear()
    return CALLS


@pytest.fixture
def steps(tmp_path):
    return {"collect": collect(tmp_path, sums(8)), "halve": Halve(), "again": Halve("again")}


def test_finished_steps_are_not_done_again(tmp_path, steps, calls):
    found = run(tmp_path / "out", steps)
    assert run(tmp_path / "out", steps) == found
    assert calls == ["halve", "again"]
    assert [found[name]["after"] for name in steps] == [8, 4, 2]
    assert found["again"]["dropped"] == {"odd": {"text": 2}}


def test_a_changed_step_is_done_again_with_those_after_it(tmp_path, steps, calls):
    run(tmp_path / "out", steps)
    told = Told()
    Runner(tmp_path / "out", steps | {"halve": Halve("other")}, progress=told).run()
    assert calls == ["halve", "again", "other", "again"]
    assert "halve: made again, as this changed: step.name" in told.lines


def test_a_step_is_done_alone(tmp_path, steps, calls):
    run(tmp_path / "out", steps)
    run(tmp_path / "out", steps, only="halve")
    run(tmp_path / "out", steps)
    assert calls == ["halve", "again", "halve"]
    with pytest.raises(UserError, match="only: no step 'mix'"):
        run(tmp_path / "out", steps, only="mix")
    with pytest.raises(
        UserError, match="halve: is not finished with these settings, and so again cannot be done alone"
    ):
        run(tmp_path / "out", steps | {"halve": Halve("other")}, only="again")


def test_a_changed_file_is_read_again(tmp_path, steps):
    run(tmp_path / "out", steps)
    jsonl(tmp_path / "text.jsonl", sums(12))
    assert run(tmp_path / "out", steps)["collect"]["after"] == 12


def test_another_seed_is_another_run(tmp_path, steps, calls):
    run(tmp_path / "out", steps)
    run(tmp_path / "out", steps, seed=1)
    assert len(calls) == 4


def test_a_foreign_folder_is_left_alone(tmp_path, steps):
    (tmp_path / "out/halve").mkdir(parents=True)
    (tmp_path / "out/halve/notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds halve, which this command did not write"):
        run(tmp_path / "out", steps)
    (tmp_path / "out" / MARK).touch()
    with pytest.raises(UserError, match="not from a curation"):
        run(tmp_path / "out", steps)
    assert (tmp_path / "out/halve/notes.txt").read_text() == "mine"
    assert len(items(tmp_path / "out", "collect")) == 8


def test_two_curations_do_not_share_a_folder(tmp_path, steps):
    class Nested(Halve):
        def run(self, work):
            Runner(tmp_path / "out", steps).run()

    with pytest.raises(UserError, match="another curation is running there"):
        run(tmp_path / "out", {"collect": steps["collect"], "nested": Nested()})


@dataclass(frozen=True)
class Demanding(Halve):
    """Needs what is not there."""

    def require(self):
        raise UserError("no such package")


def test_what_a_later_step_needs_is_looked_for_before_the_first(tmp_path, steps, calls):
    with pytest.raises(UserError, match="no such package"):
        run(tmp_path / "out", steps | {"again": Demanding("again")})
    assert not calls and not (tmp_path / "out" / "collect").exists()
    run(tmp_path / "out", steps)
    assert calls == ["halve", "again"]


def test_topics_need_the_extra_package(monkeypatch):
    monkeypatch.setattr("revisual.core.packages.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'topics needs the package sklearn: pip install "revisual\[curation\]"'):
        Topics().require()


def test_the_settings_of_all_steps_and_the_seed_stand_in_one_file(tmp_path, steps):
    Runner(tmp_path / "out", steps, seed=7).run()
    found = json.loads((tmp_path / "out" / "curation.json").read_text())
    assert found["seed"] == 7 and list(found["steps"]) == ["collect", "halve", "again"]
    assert "again" in json.dumps(found["steps"]["again"])
