"""Callbacks in a Trainer, and rewards by hand."""

import json
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Trainer
from rl.helpers import random_batch
from training.helpers import Given, Keep, KeepNothing, fit, grpo, prompts, some_samples, weights

from revisual.callbacks import HFExport, LengthReward, ResponseLog, RolloutLog
from revisual.core.manifest import check_export
from revisual.data.prompts import PromptDataModule
from revisual.models.policy import PretrainedPolicy
from revisual.rl.callbacks import RewardCallback, add_reward_term
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.rollout.engine import Sampling


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def quiet_trainer(**options):
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    return Trainer(accelerator="cpu", devices=1, inference_mode=False, **quiet, **options)


def test_length_reward_by_hand():
    batch = random_batch(0, [1, 3, 5, 8])
    batch = replace(batch, reward_terms={})
    after = LengthReward(weight=0.5, budget=4.0, alpha=0.2, delta=0.5).on_rollout(quiet_trainer(), None, batch)
    expected = torch.tensor([1.0, 0.7, 0.3, 0.0], dtype=torch.float64)
    torch.testing.assert_close(after.reward_terms["length"], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(after.rewards, batch.rewards + 0.5 * expected, atol=1e-6, rtol=0)


def test_the_default_budget_is_the_runs_limit(policy_folder, tmp_path):
    keep = Keep()
    fit(
        grpo(policy_folder, advantage_filter=KeepNothing()),
        prompts(),
        tmp_path,
        1,
        [LengthReward(1.0, alpha=0.1), keep],
    )
    batch = keep.kept[0][0]
    lengths = batch.completion_mask.sum(1).float()
    torch.testing.assert_close(batch.reward_terms["length"], (0.1 * (6 - lengths) + 0.5).clamp(0, 1))
    torch.testing.assert_close(batch.rewards, batch.reward_terms["tokens"] + batch.reward_terms["length"])


def test_two_terms_of_one_name_are_refused():
    batch = random_batch(0, [1, 2])
    with pytest.raises(ValueError, match="reward term 'length' is there already"):
        add_reward_term(batch, "length", torch.ones(2), 1.0)
    with pytest.raises(ValueError, match="length"):
        LengthReward(budget=4.0).on_rollout(quiet_trainer(), None, batch)


class Vowels(RewardCallback):
    """A user's own: pays for the letter a, and watches the selection."""

    def __init__(self):
        self.selected = []

    def on_rollout(self, trainer, module, batch):
        return add_reward_term(batch, "vowels", torch.tensor([float(r.count("a")) for r in batch.responses]), 2.0)

    def on_selection(self, trainer, module, batch, indices, weights):
        self.selected.append((batch.rewards.clone(), batch.advantages.clone(), indices, weights))


def test_a_users_own_reward_reaches_the_advantages(policy_folder, tmp_path):
    mine, keep = Vowels(), Keep()
    run = fit(grpo(policy_folder), prompts(), tmp_path, 2, [mine, keep])
    assert len(run.log.values("reward/vowels")) == 2
    for (rewards, advantages, _, _), (batch, _, _) in zip(mine.selected, keep.kept, strict=True):
        letters = torch.tensor([float(r.count("a")) for r in batch.responses])
        torch.testing.assert_close(rewards, batch.reward_terms["tokens"] + 2 * letters)
        for group in range(2):
            r = rewards[batch.prompt_index == group]
            expected = (r - r.mean()) / (r.std() + 1e-6)
            torch.testing.assert_close(advantages[batch.prompt_index == group], expected, atol=1e-4, rtol=1e-4)
    assert run.log.values("reward/mean") == pytest.approx([float(r.mean()) for r, *_ in mine.selected], rel=1e-5)


def test_rollout_log(policy_folder, tmp_path):
    keep = Keep()
    module = grpo(policy_folder, advantage_filter=PrioritizedAdvantageDistillation(1e-3, ratio=0.3))
    fit(module, prompts(), tmp_path, 4, [RolloutLog(every=2, most=7), keep])
    records = lines(tmp_path / "rollouts.jsonl")
    assert [r["rollout_step"] for r in records] == [0] * 7 + [2] * 7
    for step in (0, 2):
        batch, indices, row_weights = keep.kept[step]
        drawn = dict(zip(indices.tolist(), row_weights.tolist(), strict=True))
        for row, record in enumerate(r for r in records if r["rollout_step"] == step):
            sample = batch.prompts[int(batch.prompt_index[row])].sample
            assert (record["id"], record["question"], record["answer"]) == (sample.id, sample.question, sample.answer)
            assert record["response"] == batch.responses[row]
            assert record["kept"] == (row in drawn) and record["weight"] == drawn.get(row, 0.0)
            assert record["advantage"] == pytest.approx(float(batch.advantages[row]))
            assert record["reward_terms"] == {"tokens": pytest.approx(float(batch.reward_terms["tokens"][row]))}
            assert record["length"] == int(batch.completion_mask[row].sum()) and record["valid"] is True


def test_response_log(policy_folder, tmp_path):
    given = [Given(some_samples(3))]
    data = PromptDataModule(test=given, predict=given, evaluation_batch_size=2)
    module = grpo(policy_folder, test={"one": Sampling(temperature=0.0), "two": Sampling(n=2)})
    trainer = quiet_trainer(default_root_dir=tmp_path, callbacks=[ResponseLog("answers/responses.jsonl")])
    for _ in range(2):  # a second run starts the file anew
        trainer.test(module, data, verbose=False)
    records = lines(tmp_path / "answers" / "responses.jsonl")
    answers = [a for batch in trainer.predict(module, data) for a in batch]
    assert records == lines(tmp_path / "answers" / "responses.jsonl") and len(records) == 9
    assert sorted((r["id"], r["sampling"], r["index"], r["response"]) for r in records) == sorted(
        (a.id, a.sampling, a.index, a.response) for a in answers
    )
    assert {r["question"] for r in records} == {s.question for s in given[0]()}


def test_export_at_the_end(policy_folder, tmp_path):
    run = fit(grpo(policy_folder), prompts(), tmp_path, 1, [HFExport("stage")])
    assert check_export(tmp_path / "stage")
    loader = PretrainedPolicy(str(tmp_path / "stage"))
    loaded = dict(loader.load(loader.load_processor()).named_parameters())
    assert all(torch.equal(value, loaded[name]) for name, value in weights(run.module).items())
