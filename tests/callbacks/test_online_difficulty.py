"""Prompts that rest: when, for how long, on how many ranks, and after a resumed run."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from lightning.pytorch import Callback, Trainer
from rl.helpers import prompt, random_batch
from training.difficulty import COUNT, STEPS, kind_of, run
from training.helpers import examples, fit, grpo, prompts, sft, some_samples

from revisual.callbacks import OnlineDifficulty
from revisual.callbacks.online_difficulty import RIGHT, WRONG, Streak, group_verdicts
from revisual.cli.main import main
from revisual.core.errors import UserError
from revisual.data.rounds import PromptChooser
from revisual.data.sample import Sample, prompt_key

FULL = Path(__file__).parents[2] / "configs/revisual_r1/7b/text_rl.yaml"


def batch_of(accuracies, valid=None):
    """Groups of answers, by prompt."""
    rows = [(i, value) for i, group in enumerate(accuracies) for value in group]
    return replace(
        random_batch(0, [1] * len(rows), len(accuracies)),
        prompts=[replace(prompt(str(i)), sample=Sample(str(i), source="s")) for i in range(len(accuracies))],
        prompt_index=torch.tensor([i for i, _ in rows]),
        accuracy=torch.tensor([value for _, value in rows]),
        valid=torch.ones(len(rows), dtype=torch.bool) if valid is None else torch.tensor(valid),
    )


KEYS = [prompt_key(Sample(str(i), source="s")) for i in range(4)]


def test_verdicts():
    batch = batch_of([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert group_verdicts(batch) == dict(zip(KEYS, [RIGHT, WRONG, 0, 0], strict=True))


def test_answers_without_a_verdict_say_nothing():
    """A row that is not valid has accuracy 0, which is not wrong."""
    batch = batch_of([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]], [True, False, False, False, True, True])
    assert group_verdicts(batch) == {KEYS[0]: RIGHT, KEYS[2]: 0}


def visit(callback, step, **verdicts):
    """Prompt p0 is prompt 0; accuracies of its two answers."""
    values = {"right": [1.0, 1.0], "wrong": [0.0, 0.0], "mixed": [1.0, 0.0]}
    chosen = [verdicts.get(f"p{i}") for i in range(4)]
    valid = [verdict is not None for verdict in chosen for _ in range(2)]
    logged = {}
    batch = batch_of([values.get(verdict, [0.0, 0.0]) for verdict in chosen], valid)
    module = SimpleNamespace(rollout_step=step, log_with_update=logged.update)
    trainer = Trainer(accelerator="cpu", barebones=True)
    assert callback.on_rollout(trainer, module, batch) is batch
    return logged["data/resting_prompts"]


def test_a_prompt_rests_and_comes_back():
    callback = OnlineDifficulty(rest_right=5, rest_wrong=3, least_active=0.01)
    assert callback.active(KEYS, 1) == [0, 1, 2, 3]
    assert visit(callback, 0, p0="right", p1="wrong", p2="mixed") == 2
    assert callback.active(KEYS, 1) == [2, 3]
    assert visit(callback, 1, p2="mixed") == 2 and visit(callback, 2, p2="mixed") == 2
    assert visit(callback, 3, p2="mixed") == 1 and callback.active(KEYS, 1) == [1, 2, 3]  # after 3 steps: 1, 2 and 3
    assert visit(callback, 4, p1="mixed") == 1
    assert visit(callback, 5, p2="wrong") == 1 and callback.active(KEYS, 1) == [0, 1, 3]
    assert visit(callback, 6, p0="right") == 2  # no different: it rests again at once


def test_several_visits_in_a_row():
    callback = OnlineDifficulty(visits=3, rest_right=5, rest_wrong=3, least_active=0.01)
    for step, verdict in enumerate(["right", "right", "mixed", "right", "right", "wrong", "wrong"]):
        assert visit(callback, step, p0=verdict) == 0
    assert visit(callback, 7, p0="wrong") == 1
    for step in range(8, 11):
        visit(callback, step)
    assert callback.active(KEYS, 1) == [0, 1, 2, 3]
    assert visit(callback, 11, p0="mixed") == 0 and visit(callback, 12, p0="wrong") == 0


@pytest.mark.parametrize(("least", "share", "expected"), [(1, 0.01, [3]), (2, 0.01, [2, 3]), (1, 0.75, [0, 2, 3])])
def test_too_few_are_filled_up_with_those_that_rest_longest(least, share, expected):
    callback = OnlineDifficulty(rest_right=9, rest_wrong=9, least_active=share)
    for step, name in enumerate(["p2", "p0", "p1"]):
        visit(callback, step, **{name: "right"})
    assert callback.active(KEYS, least) == expected


def test_its_state_is_all_that_it_goes_by(tmp_path):
    """Through a file that holds plain values alone."""
    callback = OnlineDifficulty(rest_right=5)
    visit(callback, 7, p0="right", p1="wrong", p2="mixed")
    torch.save(callback.state_dict(), tmp_path / "state.pt")
    other = OnlineDifficulty(rest_right=5)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert (other.step, other.streaks) == (callback.step, callback.streaks)
    assert other.streaks == {KEYS[0]: Streak(RIGHT, 1, 13), KEYS[1]: Streak(WRONG, 1, 108)}


@pytest.mark.parametrize("options", [{"visits": 0}, {"rest_right": 0}, {"rest_wrong": -1}, {"least_active": 0.0}])
def test_settings_out_of_range(options):
    with pytest.raises(UserError, match="OnlineDifficulty: visits, rest_right and rest_wrong"):
        OnlineDifficulty(**options)


class Everyone(Callback, PromptChooser):
    def active(self, keys, least):
        return list(range(len(keys)))


def test_it_is_for_rollouts_alone(policy_folder, tmp_path):
    with pytest.raises(UserError, match="for a GRPOModule"):
        fit(sft(policy_folder), examples(), tmp_path, 1, [OnlineDifficulty()])
    with pytest.raises(UserError, match="the only one"):
        fit(grpo(policy_folder), prompts(), tmp_path, 1, [Everyone(), OnlineDifficulty()])


@pytest.fixture(scope="module")
def straight(policy_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    return folder, run(policy_folder, folder)


def visits(result):
    """At which steps each prompt was in."""
    found = {}
    for step, ids in enumerate(result["ids"]):
        for id in ids:
            found.setdefault(id, []).append(step)
    return found


def test_a_run_lets_prompts_rest(straight):
    """What is always right comes every 6 steps at most, what is always wrong every 3; the others come more often."""
    found = visits(straight[1])
    ids = [sample.id for sample in some_samples(COUNT)]
    assert set(found) == set(ids) and len(straight[1]["ids"]) == STEPS
    gaps = {kind: [b - a for id in ids if kind_of(id) == kind for a, b in zip(found[id], found[id][1:], strict=False)]
            for kind in range(3)}  # fmt: skip
    assert min(gaps[0]) > 6 and min(gaps[1]) > 3 and gaps[1]
    assert max(straight[1]["resting"]) > 5 and len(straight[1]["resting"]) == STEPS


@pytest.mark.parametrize(("step", "num_workers"), [(1, 0), (4, 0), (7, 0), (6, 1)])
def test_a_resumed_run_is_the_straight_one(policy_folder, straight, tmp_path, step, num_workers):
    """In the middle of a round, at its end and at an epoch's end (every 4 steps)."""
    folder, expected = straight
    resumed = run(policy_folder, tmp_path, ckpt_path=folder / f"step={step}.ckpt", num_workers=num_workers)
    assert resumed["ids"] == expected["ids"][step:] and resumed["state"] == expected["state"]
    assert all(torch.equal(value, expected["weights"][name]) for name, value in resumed["weights"].items())


def start(policy_folder, folder, world, *rest):
    folder.mkdir()
    script = [
        str(Path(__file__).parents[1] / "training/difficulty.py"),
        str(policy_folder),
        str(folder),
        str(world),
        *rest,
    ]
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
    done = subprocess.run([sys.executable, *launch, *script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return [torch.load(folder / f"rank{rank}.pt", weights_only=False) for rank in range(world)]


@pytest.mark.engine
def test_two_ranks_agree_and_resume(policy_folder, tmp_path):
    two = start(policy_folder, tmp_path / "two", 2)
    assert two[0]["state"] == two[1]["state"] and max(two[0]["resting"]) > 5
    assert two[0]["resting"] == two[1]["resting"]
    assert two[0]["watch"] == two[1]["watch"] and len(two[0]["watch"]["paid"]) == 10 and two[0]["watch"]["told"]
    assert all(not set(first) & set(second) for first, second in zip(two[0]["ids"], two[1]["ids"], strict=True))
    both = {"ids": [a + b for a, b in zip(two[0]["ids"], two[1]["ids"], strict=True)]}
    assert set(visits(both)) == {sample.id for sample in some_samples(COUNT)}
    resumed = start(policy_folder, tmp_path / "rest", 2, str(tmp_path / "two/step=5.ckpt"))
    for before, after in zip(two, resumed, strict=True):
        assert after["ids"] == before["ids"][5:] and after["state"] == before["state"]
        assert after["watch"] == before["watch"]


def test_a_config_names_it(tmp_path, capsys):
    overlay = {"trainer": {"callbacks+": [{"class_path": "OnlineDifficulty", "init_args": {"visits": 2}}]}}
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    with pytest.raises(SystemExit) as end:
        main(["fit", f"--config={FULL}", f"--config={tmp_path / 'overlay.yaml'}", "--print_config"])
    assert not end.value.code
    callbacks = yaml.safe_load(capsys.readouterr().out)["trainer"]["callbacks"]
    assert callbacks[-1]["class_path"].endswith("OnlineDifficulty") and callbacks[-1]["init_args"]["visits"] == 2
