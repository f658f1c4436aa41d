"""Rollouts as they are trained on."""

import json

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint
from training.helpers import Keep, fit, grpo, prompts

from revisual.callbacks import RolloutLog
from revisual.rl.filters import PrioritizedAdvantageDistillation


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


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


def test_a_resumed_run_writes_no_rollout_twice(policy_folder, tmp_path):
    saved = ModelCheckpoint(tmp_path, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    fit(grpo(policy_folder), prompts(), tmp_path, 3, [RolloutLog(every=1), saved], enable_checkpointing=True)
    path = tmp_path / "rollouts.jsonl"
    straight = path.read_text()
    path.write_text(straight[:-20])  # killed while it wrote
    fit(grpo(policy_folder), prompts(), tmp_path, 3, [RolloutLog(every=1)], tmp_path / "step=1.ckpt")
    assert path.read_text() == straight
    fit(grpo(policy_folder), prompts(), tmp_path, 1, [RolloutLog(every=1)])  # another run, whose file it is too
    assert path.read_text().startswith(straight) and len(path.read_text()) > len(straight)
