"""A run that cannot learn says so: in a Trainer, once and when it gets worse, after a resumed run and by default."""

import json
import logging
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from lightning.pytorch import LightningModule, Trainer
from rl.test_health import SOUND, batch_of
from training.helpers import KeepNothing, TokenReward, fit, grpo, prompts, some_samples
from training.test_resume import every_rollout, full_grpo

from revisual.callbacks import LearningWatch, RolloutLog
from revisual.core.errors import UserError
from revisual.grading.grader import Grade, Grader
from revisual.rewards.functions import FormatReward, RewardFunction, RewardScores, WeightedReward
from revisual.rl.schedules import Constant
from revisual.training.step_log import StepLog


@dataclass(frozen=True)
class OneReward(RewardFunction):
    """Pays everything alike."""

    def __call__(self, responses, grades):
        return RewardScores([1.0] * len(responses), [None] * len(responses))


@dataclass(frozen=True)
class ByLetters(Grader):
    """Right is a response of an even number of letters, by one of two rules."""

    def __call__(self, response, answer, sample=None, truncated=None):
        rule = "boxed/number" if len(response) % 3 else "sentence/words"
        return Grade(float(len(response) % 2 == 0), response, rule)

    def extract(self, response, sample=None):
        return response

    def equal(self, a, b, sample=None):
        return a == b


def lines(caplog):
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("learning:")]


class Steps:
    """Rollout steps as a module would give them to a callback, without a model."""

    def __init__(self, watch):
        self.watch, self.step, self.trainer = watch, 0, Trainer(logger=False, enable_checkpointing=False)
        self.optimizer = torch.optim.SGD([torch.zeros(1)])

    def __call__(self, batch, keep=True, entropy=None, kl=None):
        log = {name: v for name, v in (("policy/entropy", entropy), ("policy/kl", kl)) if v is not None}
        rewards = {name: WeightedReward(OneReward() if name != "form" else FormatReward()) for name in ("form", "x")}
        module: Any = LightningModule()
        module.rollout_step, module.updates_per_batch = self.step, 1
        module.sampling, module.evaluation = SimpleNamespace(max_new_tokens=9), SimpleNamespace(rewards=rewards)
        module.update, module.step_log = SimpleNamespace(count=1.0), StepLog()
        module.step_log.add_sums(log)
        rows = torch.arange(len(batch) if keep else 0)
        self.watch.on_selection(self.trainer, module, batch, rows, torch.ones(len(rows)))
        self.watch.on_before_optimizer_step(self.trainer, module, self.optimizer)
        self.watch.on_train_batch_end(self.trainer, module, None, SimpleNamespace(update=0), self.step)
        self.step += 1


def cut_batch(number):
    return batch_of(SOUND, cut=[k < number for k in range(8)])


def test_a_run_that_cannot_learn_says_so_after_the_first_rollout_step(policy_folder, tmp_path, caplog):
    module = grpo(
        policy_folder,
        max_new_tokens=24,
        rewards={"one": WeightedReward(OneReward()), "format": WeightedReward(FormatReward(), 0.1)},
    )
    with caplog.at_level(logging.WARNING):
        fit(module, prompts(), tmp_path, 3, [LearningWatch()])
    (line,) = lines(caplog)  # it stays as bad as it was
    assert line.startswith("learning: rollout step 1: ") and "\n" not in line
    assert "2 of 2 groups are paid alike" in line and "reward one is 1 for all 8 answers" in line
    assert "reward format is 0 for all 8 answers: none has thoughts" in line
    assert "no answer with an advantage was kept in this step" in line


def test_answers_cut_are_counted_in_a_run(policy_folder, tmp_path, caplog):
    fit(grpo(policy_folder, max_new_tokens=2), prompts(), tmp_path, 2, [LearningWatch(), RolloutLog(every=1)])
    records = [json.loads(row) for row in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    cut = sum(record["truncated"] for record in records if record["rollout_step"] == 0)
    assert cut >= 3 and f"{cut} of 8 answers ({cut / 8:.0%}) are cut at 2 tokens" in lines(caplog)[0]


def test_a_run_that_learns_says_nothing(caplog):
    steps = Steps(LearningWatch())
    for _ in range(12):
        steps(batch_of(SOUND, x=SOUND), entropy=0.5, kl=0.01)
    assert lines(caplog) == []


def test_it_is_said_again_only_when_it_gets_worse(caplog):
    steps = Steps(LearningWatch())
    for number in (3, 3, 2, 3, 5, 4, 8, 8):
        steps(cut_batch(number))
    told = [line.split(" of ")[0] for line in lines(caplog)]
    assert told == [f"learning: rollout step {step}: {cut}" for step, cut in ((1, 3), (5, 5), (7, 8))]


def test_what_was_better_for_long_is_new_again(caplog):
    steps = Steps(LearningWatch())
    for number in [4, *[0] * 19, 4, *[0] * 20, 4]:
        steps(cut_batch(number))
    assert [line.split(":")[1] for line in lines(caplog)] == [" rollout step 1", " rollout step 42"]


def test_entropy_kl_and_length_running_off(caplog):
    steps = Steps(LearningWatch())
    for step in range(36):
        off = step >= 30
        batch = batch_of(SOUND, [40 if off else 5] * 8)
        steps(batch, entropy=0.05 if off else 0.8, kl=1.0 if off else 0.05)
    told = "\n".join(lines(caplog))
    assert "entropy falls to" in told and "kl rises to" in told and "length rises to" in told
    assert all(int(line.split()[3][:-1]) > 30 for line in lines(caplog))


def test_a_rule_that_suddenly_pays_is_told_once_with_examples(caplog):
    steps = Steps(LearningWatch())
    before = batch_of(SOUND, rules=["boxed/number"] * 8)
    after = batch_of([1, 1, 1, 1, 1, 1, 0, 0], rules=["sentence/number"] * 7 + ["none"])
    responses = [f"To solve {k},\nwe can" for k in range(8)]
    for batch in [before] * 4 + [replace(after, responses=responses)] * 3 + [before] * 12 + [after]:
        steps(batch)
    (jump,) = [line for line in lines(caplog) if "sentence/number" in line]
    head, *examples = jump.splitlines()
    assert "rollout step 5: 75 % of all responses are now paid by the rule sentence/number, 0 %" in head
    assert examples == [repr(response) for response in responses[:3]]


def test_an_end_after_so_many_steps_with_nothing_to_learn(policy_folder, tmp_path, caplog):
    module = grpo(policy_folder, advantage_filter=KeepNothing(), updates_per_rollout=2)
    run = fit(module, prompts(), tmp_path, 20, [LearningWatch(stop_when_nothing_to_learn=3)])
    assert run.trainer.global_step == 6  # after the whole batch
    assert lines(caplog)[-1].endswith("nothing to learn from in 3 rollout steps in a row")


def test_a_step_that_teaches_starts_the_count_anew(caplog):
    steps = Steps(LearningWatch(stop_when_nothing_to_learn=3))
    for keep in (False, False, True, False, False):
        steps(batch_of(SOUND), keep)
        assert not steps.trainer.should_stop
    steps(batch_of(SOUND), keep=False)
    assert steps.trainer.should_stop


def test_bad_settings_are_refused():
    with pytest.raises(UserError, match=r"stop_when_nothing_to_learn: expected .*, got 0"):
        LearningWatch(0)


def test_it_resumes_exactly(policy_folder, tmp_path, caplog):
    def start(folder, ckpt_path=None):
        watch = LearningWatch()
        module = full_grpo(policy_folder, grader=ByLetters(), kl_coef=Constant(0.1))
        fit(module, prompts(some_samples(4)), tmp_path / folder, 12, [watch, every_rollout(tmp_path / folder, 2)],
            ckpt_path=ckpt_path, enable_checkpointing=True)  # fmt: skip
        return watch.state_dict()

    whole = start("whole")
    said = lines(caplog)
    caplog.clear()
    assert whole["drifts"]["entropy"][2] == whole["drifts"]["kl"][2] == whole["drifts"]["length"][2] == 6
    assert len(whole["paid"]) == 6 and any(whole["paid"])
    assert start("rest", tmp_path / "whole/step=6.ckpt") == whole
    assert lines(caplog) == [line for line in said if int(line.split()[3][:-1]) > 3]


def test_a_state_survives_the_trip():
    watch = LearningWatch()
    steps = Steps(watch)
    for number in (3, 8, 0):
        steps(cut_batch(number), keep=bool(number), entropy=0.3)
    other = LearningWatch()
    other.load_state_dict(watch.state_dict())
    assert vars(other) | {"_awaits_loss": False} == vars(watch) | {"_awaits_loss": False}


def test_shares_by_rule_are_logged_and_written(policy_folder, tmp_path):
    module = grpo(policy_folder, grader=ByLetters(), rewards={"tokens": WeightedReward(TokenReward())})
    run = fit(module, prompts(batch_size=4), tmp_path, 1, [RolloutLog(every=1)])
    records = [json.loads(row) for row in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    (row,) = [row for _, row in run.log.rows if "reward/mean" in row]
    right = [record for record in records if record["accuracy"] and record["valid"]]
    assert right and {record["rule"] for record in records} <= {"boxed/number", "sentence/words"}
    for family in ("boxed", "tag", "sentence", "bare", "other"):
        share = sum(record["rule"].startswith(family) for record in right) / len(records)
        assert row[f"reward/paid_by/{family}"] == pytest.approx(share)
    assert row["reward/paid_and_cut_fraction"] == pytest.approx(sum(r["truncated"] for r in right) / len(records))
    assert row["rollout/paid_response_length"] == pytest.approx(sum(r["length"] for r in right) / len(right))


@pytest.mark.parametrize("listed", [False, True])
def test_fit_has_one_by_default(policy_folder, tmp_path, caplog, listed):
    from cli.test_fit import Bench

    bench = Bench(tmp_path, policy_folder)
    bench.model = {"sampling": {"group_size": 2, "max_new_tokens": 2}, "eval_sampling": {"max_new_tokens": 4}}
    watch = {"class_path": "LearningWatch", "init_args": {"stop_when_nothing_to_learn": 1}}
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": ".", "name": "logs"}}
    callbacks = [{"class_path": "RolloutLog"}, *([watch] if listed else [])]
    assert bench.run("fit", "GRPOModule", callbacks=callbacks, logger=logger, max_steps=3) == 0
    assert lines(caplog)[0].startswith("learning: rollout step 1: ")
    assert len([line for line in lines(caplog) if "rollout step 1:" in line]) == 1
    assert lines(caplog)[-1].startswith("learning: the run ends") == listed
    config = yaml.safe_load(next((tmp_path / "run").rglob("config.yaml")).read_text())
    names = [callback["class_path"].rpartition(".")[2] for callback in config["trainer"]["callbacks"]]
    assert names == ["RolloutLog", "LearningWatch", "StopOnSignal", "StepStats", "RunSummary"]
