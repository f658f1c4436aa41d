"""Evaluation by hand."""

import pytest
import torch

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader
from revisual.rewards.functions import AccuracyReward, WeightedReward
from revisual.rollout.engine import Completions, RolloutEngine, Sampling
from revisual.rollout.hf.engine import HFRollout
from revisual.training.validation import Answer, AnswerMeans, answer_prompts
from training.helpers import KeepNothing, TokenReward, fit, grpo, prompts, sft, some_samples


def answer(id, source="a", sampling="greedy", index=0, **measures):
    defaults = {"accuracy": 0.0, "reward": 0.0, "reward_terms": {"form": 0.25}, "length": 1, "truncated": False}
    texts = {name: "" for name in ("question", "response", "answer", "extracted", "rule")}
    return Answer(
        id=id, source=source, sampling=sampling, index=index, **texts, **({"error": None} | defaults | measures)
    )


def test_means_by_hand():
    means = AnswerMeans()
    means.update([answer("1", accuracy=1.0, length=10), answer("2", accuracy=0.0, length=20, truncated=True)])
    means.update([answer("1", "b", accuracy=0.5, length=60, error="timeout", reward=0.25)])
    means.update([answer("1", sampling="four", index=k, accuracy=float(k)) for k in range(2)])
    result = means.compute()
    assert result["greedy/a/accuracy"] == 0.5 and result["greedy/b/accuracy"] == 0.5
    assert result["greedy/a/length"] == 15 and result["greedy/all/length"] == 30
    assert result["greedy/all/truncated"] == pytest.approx(1 / 3) and result["greedy/all/invalid"] == pytest.approx(
        1 / 3
    )
    assert result["greedy/all/reward"] == pytest.approx(0.25 / 3)
    assert result["greedy/all/form"] == 0.25
    assert result["four/a/accuracy"] == 0.5 == result["four/all/accuracy"]
    assert len(result) == 5 * 8


def test_answers_of_no_source_have_a_name(policy):
    means = AnswerMeans()
    means.update([answer("1", source="", accuracy=1.0)])
    assert means.compute()["greedy/unnamed/accuracy"] == 1.0 and not any("//" in name for name in means.compute())


def test_accuracy_by_what_rewards_and_what_figures_require(policy, encoder):
    """A policy that never declares its answers earns nothing, and the log says why."""
    sample = Sample(id="q", question="What is 40 + 2?", answer="42")
    said = ["Then it will be 42 here", "The answer is 42.", r"\boxed{40 + 2}", "The answer is 41."]
    prompts = [encoder.encode(sample)]
    engine = Says(encoder, said)
    arguments = ("four", Sampling(n=4), 60, engine, encoder, AnswerGrader(), {"a": WeightedReward(AccuracyReward())})
    answers = answer_prompts(prompts, *arguments)
    assert [a.response.strip() for a in answers] == said
    assert [a.accuracy for a in answers] == [a.reward for a in answers] == [0.0, 1.0, 0.0, 0.0]
    assert [a.accuracy_as_evaluated for a in answers] == [1.0, 1.0, 0.0, 0.0]
    assert [a.undeclared for a in answers] == [1.0, 0.0, 0.0, 0.0]
    means = AnswerMeans()
    means.update(answers)
    result = means.compute()
    assert result["four/all/accuracy"] == 0.25 == result["four/all/undeclared"]
    assert result["four/all/accuracy_as_evaluated"] == 0.5


def test_an_answer_counts_once():
    means = AnswerMeans()
    means.update([answer("1", accuracy=1.0), answer("2")])
    means.update([answer("1", accuracy=1.0), answer("1", accuracy=1.0, index=1)])
    assert means.compute()["greedy/all/accuracy"] == pytest.approx(2 / 3)
    means.reset()
    assert means.compute() == {}


def test_no_answers_are_no_means():
    assert AnswerMeans().compute() == {}


def test_answers(policy, encoder, mixed_prompts):
    engine = HFRollout()
    engine.attach(policy, encoder)
    sampling, rewards = Sampling(n=2), {"tokens": WeightedReward(TokenReward(), 0.5)}
    arguments = ("four", sampling, 6, engine, encoder, AnswerGrader(), rewards)
    answers = answer_prompts(mixed_prompts, *arguments)
    assert [(a.id, a.index) for a in answers] == [(p.id, j) for p in mixed_prompts for j in range(2)]
    for each in answers:
        grade = AnswerGrader()(each.response, each.answer)
        assert (each.accuracy, each.extracted, each.rule) == (grade.score, grade.extracted, grade.rule)
        assert each.reward == pytest.approx(0.5 * (sum(map(ord, each.response)) % 7 / 6))
        assert 1 <= each.length <= 6 and (each.truncated or each.length < 7)
    assert answer_prompts(mixed_prompts[::-1], *arguments)[-2:] == answers[:2]  # seeds are the prompt's


class Says(RolloutEngine):
    """An engine that says what it is given."""

    def __init__(self, encoder, texts):
        self.rows = [encoder.processor.tokenizer(text)["input_ids"] for text in texts]

    def attach(self, policy, encoder):
        pass

    def load_weights(self, weights):
        pass

    def generate(self, prompts, sampling, max_new_tokens, seeds):
        width = max(map(len, self.rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in self.rows])
        mask = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in self.rows])
        none = torch.zeros(len(self.rows), dtype=torch.bool)
        return Completions(ids, mask, torch.zeros(ids.shape), none, none)


@pytest.mark.parametrize("kind", ["grpo", "sft"])
def test_the_state_before_step_1_is_logged_at_step_0(policy_folder, tmp_path, kind):
    validation = some_samples(3)
    if kind == "grpo":
        module, data = grpo(policy_folder, advantage_filter=KeepNothing()), prompts(validation=validation)
    else:
        from training.helpers import examples

        module, data = sft(policy_folder), examples(validation=validation)
    run = fit(module, data, tmp_path, 2, num_sanity_val_steps=-1, val_check_interval=2, check_val_every_n_epoch=None)
    logged = [(step, row) for step, row in run.log.rows if "val/greedy/all/accuracy" in row]
    assert [step for step, _ in logged] == [0, 1]
    assert {"val/greedy/arithmetic/accuracy", "val/greedy/shapes/length"} <= logged[0][1].keys()
    if kind == "grpo":  # nothing was learned: the same policy on the same draws
        same = [{k: v for k, v in row.items() if k.startswith("val/")} for _, row in logged]
        assert same[0] == pytest.approx(same[1])


def test_test_and_predict_use_the_tests_samplings(policy_folder, tmp_path):
    from lightning.pytorch import Trainer

    from revisual.data.prompts import PromptDataModule
    from training.helpers import Given

    given = [Given(some_samples(3))]
    data = PromptDataModule(test=given, predict=given, evaluation_batch_size=2)
    module = grpo(policy_folder, test={"two": Sampling(n=2)})
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(accelerator="cpu", devices=1, default_root_dir=tmp_path, inference_mode=False, **quiet)
    (result,) = trainer.test(module, data, verbose=False)
    assert {name.split("/")[1] for name in result} == {"two"}
    answers = [a for batch in trainer.predict(module, data) for a in batch]
    assert len(answers) == 6
    assert result["test/two/all/length"] == pytest.approx(sum(a.length for a in answers) / 6)
