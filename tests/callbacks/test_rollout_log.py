"""Rollouts as they are trained on."""

import json

import pytest
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
