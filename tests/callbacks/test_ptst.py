"""PTST in a Trainer: what a rollout is like in each stage, resuming within one, and stages that cannot be."""

import pytest
import torch
from lightning.pytorch import Callback
from training.helpers import Keep, examples, fit, grpo, prompts, sft, some_samples
from training.test_resume import assert_equal, every_rollout, full_grpo, state

from revisual.callbacks import PTST, LengthReward, PTSTStage
from revisual.callbacks.ptst import VISION_R1, stage_number
from revisual.cli.main import main
from revisual.core.errors import UserError
from revisual.rollout.hf.engine import HFRollout

STAGES = (PTSTStage(2, 8, 2), PTSTStage(4, 4, 1), PTSTStage(8, 2, 2))
"""Sixteen tokens per prompt, over five rollouts."""


def stage_by_hand(rollout):
    return [1, 1, 2, 3, 3, 3][rollout]


def test_the_papers_stages():
    assert [(s.max_new_tokens, s.group_size, s.steps) for s in PTST().stages] == [
        (4096, 16, 100),
        (8192, 8, 100),
        (16384, 4, 100),
    ]
    assert {stage.tokens for stage in VISION_R1} == {65536}
    at = {0: 1, 99: 1, 100: 2, 199: 2, 200: 3, 299: 3, 5000: 3}
    assert {step: stage_number(VISION_R1, step) for step in at} == at


class Passes(Callback):
    """Counts optimizer steps, and looks at the loader and at the rows of each."""

    def __init__(self):
        self.loader, self.rows, self.updates = set(), [], []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        loader = trainer.train_dataloader
        self.loader.add((len(loader), loader.repeat))
        self.rows.append(sum(len(each.rows) for each in pl_module.update.passes))
        self.updates.append(trainer.global_step)


class AskedEngine(HFRollout):
    """Notes how long answers may be."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        self.asked.append((len(prompts), sampling.n, max_new_tokens))
        return super().generate(prompts, sampling, max_new_tokens, seeds)


def test_rollouts_change_and_updates_do_not(policy_folder, tmp_path):
    keep, passes, engine = Keep(), Passes(), AskedEngine()
    module = grpo(policy_folder, engine=engine, updates_per_rollout=2, max_new_tokens=8, group_size=2)
    run = fit(module, prompts(), tmp_path, 12, [PTST(STAGES), keep, passes])
    assert keep.steps == list(range(6))
    for rollout, (batch, _, _) in enumerate(keep.kept):
        stage = STAGES[stage_by_hand(rollout) - 1]
        assert len(batch) == 2 * stage.group_size
        lengths = batch.completion_mask.sum(1)
        assert batch.truncated.any() and (lengths[batch.truncated] == stage.max_new_tokens).all()
        assert (lengths <= stage.max_new_tokens).all()
    assert engine.asked == [(2, 8, 2)] * 2 + [(2, 4, 4)] + [(2, 2, 8)] * 3
    assert passes.loader == {(6 * 2, 2)} and len(passes.rows) == 6 * 2
    by_rollout = [sum(passes.rows[2 * rollout : 2 * rollout + 2]) for rollout in range(6)]
    assert by_rollout == [16, 16, 8, 4, 4, 4]
    assert passes.updates == list(range(1, 13))
    assert run.log.values("ptst/stage") == [1, 1, 2, 3, 3, 3]
    assert run.log.values("ptst/group_size") == [8, 8, 4, 2, 2, 2]
    assert run.log.values("ptst/max_new_tokens") == [2, 2, 4, 8, 8, 8]


def test_length_reward_without_a_budget_follows(policy_folder, tmp_path):
    keep = Keep()
    callbacks = [PTST(STAGES), LengthReward(1.0, alpha=0.1), keep]
    fit(grpo(policy_folder, max_new_tokens=8), prompts(), tmp_path, 5, callbacks)
    for rollout, (batch, _, _) in enumerate(keep.kept):
        lengths = batch.completion_mask.sum(1).float()
        expected = (0.1 * (STAGES[stage_by_hand(rollout) - 1].max_new_tokens - lengths) + 0.5).clamp(0, 1)
        torch.testing.assert_close(batch.reward_terms["length"], expected)


def ptst_run(policy_folder, folder, stages=STAGES, rollouts=5, ckpt_path=None):
    """Two optimizer steps a rollout, with everything in it that has a state."""
    keep = Keep()
    run = fit(
        full_grpo(policy_folder, max_new_tokens=8),
        prompts(some_samples(4)),
        folder,
        2 * rollouts,
        [PTST(stages), LengthReward(0.2, alpha=0.1), every_rollout(folder, 2), keep],
        ckpt_path,
        enable_checkpointing=True,
    )
    return run, keep


@pytest.fixture(scope="module")
def straight(policy_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    return folder, *ptst_run(policy_folder, folder)


@pytest.mark.parametrize("rollouts", [1, 2, 3, 4])
def test_resumes_exactly_within_and_between_stages(policy_folder, straight, tmp_path, rollouts):
    folder, expected, expected_keep = straight
    run, keep = ptst_run(policy_folder, tmp_path, ckpt_path=folder / f"step={2 * rollouts}.ckpt")
    assert keep.steps == list(range(rollouts, 5))
    for (batch, _, _), (other, _, _) in zip(keep.kept, expected_keep.kept[rollouts:], strict=True):
        assert torch.equal(batch.token_ids, other.token_ids)
    assert_equal(state(run), state(expected))
    assert run.log.values("ptst/stage") == [stage_by_hand(rollout) for rollout in range(rollouts, 5)]


def test_a_checkpoint_holds_the_stage(straight):
    folder, _, _ = straight
    found = [torch.load(folder / f"step={2 * n}.ckpt", weights_only=True)["sampling"] for n in (1, 3, 5)]
    assert [(f["max_new_tokens"], f["group_size"]) for f in found] == [(2, 8), (4, 4), (8, 2)]


def test_a_run_goes_on_with_a_stage_more(policy_folder, straight, tmp_path):
    """As the released model stops before the paper's third stage."""
    folder, _, expected = straight
    more = (*STAGES[:2], PTSTStage(5, 3, 9))
    _, keep = ptst_run(policy_folder, tmp_path, more, ckpt_path=folder / "step=6.ckpt")
    assert [len(batch) for batch, _, _ in keep.kept] == [2 * 3] * 2
    assert [p.id for p in keep.kept[0][0].prompts] == [p.id for p in expected.kept[3][0].prompts]


# Mistakes


@pytest.mark.parametrize("settings", [(0, 4, 1), (8, 1, 1), (8, 0, 1), (8, 4, 0), (8, 4, -1)])
def test_stages_that_cannot_be(settings):
    with pytest.raises(UserError, match=r"^PTSTStage: \w+: expected int in \[[12], "):
        PTSTStage(*settings)


def test_no_stage():
    with pytest.raises(UserError, match="PTST: stages: there is none"):
        PTST([])


def test_a_stage_longer_than_engines_are_made_for(policy_folder, tmp_path):
    with pytest.raises(UserError, match=r"stage 3 has 8 new tokens, more than model\.sampling\.max_new_tokens, 7"):
        fit(grpo(policy_folder, max_new_tokens=7), prompts(), tmp_path, 1, [PTST(STAGES)])


def test_a_module_without_rollouts(policy_folder, tmp_path):
    with pytest.raises(UserError, match="GRPOModule; SFTModule has none"):
        fit(sft(policy_folder), examples(), tmp_path, 1, [PTST(STAGES)])


def test_another_number_of_tokens_per_prompt_is_told(policy_folder, tmp_path):
    stages = [PTSTStage(2, 8, 1), PTSTStage(4, 8, 1)]
    with pytest.warns(UserWarning, match="tokens per prompt differ: 16, 32"):
        run = fit(grpo(policy_folder), prompts(), tmp_path, 1, [PTST(stages)])
    assert run.trainer.global_step == 1  # told, and not refused


def test_a_bad_stage_in_a_config_is_told_in_one_line(policy_folder, tmp_path, capsys):
    config = tmp_path / "stages.yaml"
    config.write_text(
        """
trainer:
  callbacks: [{class_path: PTST, init_args: {stages: [{max_new_tokens: 8, group_size: 1, steps: 3}]}}]
model: {class_path: GRPOModule, init_args: {policy: {class_path: PretrainedPolicy, init_args: {path: POLICY}}}}
data: {class_path: PromptDataModule, init_args: {train: [{class_path: ShapesTask}]}}
""".replace("POLICY", str(policy_folder))
    )
    assert main(["fit", f"--config={config}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual fit: ") and "stages.0.group_size: expected int in [2, 65536], got 1" in line
