"""Drawing until enough groups have right and wrong rollouts."""

from dataclasses import dataclass, replace

import pytest
import torch
from rl.helpers import prompt, random_batch

from revisual.core.errors import UserValueError
from revisual.grading.grader import AnswerGrader, Grade
from revisual.rl.batch import RolloutBatch
from revisual.training.dynamic_sampling import draw_until_informative, informative_groups
from revisual.training.settings import RolloutSampling

from .helpers import Keep, fit, grpo, prompts, some_samples


def group(accuracies, seed=0):
    batch = random_batch(seed, [3] * len(accuracies), prompts=1)
    return replace(batch, accuracy=torch.tensor(accuracies).double())


MIXED, RIGHT, WRONG = [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]


def drawn(groups, wanted):
    """What comes of prompts whose groups are these, and the numbers of the prompts that were drawn."""
    asked = []

    def draw(prompts):
        numbers = [int(one.id) for one in prompts]
        asked.extend(numbers)
        batch = RolloutBatch.join([group(groups[n], n) for n in numbers])
        return batch, {"rollout/seconds": 0.5, "rollout/tokens": float(batch.completion_mask.sum()), "other": 7.0}

    batch, stats = draw_until_informative(draw, [prompt(str(n)) for n in range(len(groups))], wanted)
    return batch, stats, asked


@pytest.mark.parametrize(("groups", "wanted", "rounds"), [
    ([MIXED, WRONG, MIXED, RIGHT], 1, 1), ([WRONG, RIGHT, MIXED, MIXED], 1, 3), ([WRONG, MIXED, MIXED, MIXED], 2, 2),
    ([WRONG, RIGHT, WRONG, WRONG], 1, 4), ([MIXED, MIXED, WRONG, WRONG], 2, 1), ([WRONG, MIXED, RIGHT], 2, 2),
])  # fmt: skip
def test_rounds_go_on_until_there_are_enough(groups, wanted, rounds):
    batch, stats, asked = drawn(groups, wanted)
    assert asked == list(range(min(len(groups), rounds * wanted)))
    assert batch.accuracy.tolist() == [value for n in asked for value in groups[n]]
    assert stats["rollout/rounds"] == rounds and stats["other"] == 7.0
    assert stats["rollout/informative_groups"] == sum(groups[n] == MIXED for n in asked)
    assert stats["rollout/seconds"] == 0.5 * rounds and stats["rollout/tokens"] == 6.0 * len(asked)
    assert stats["rollout/tokens_per_second"] == stats["rollout/tokens"] / stats["rollout/seconds"]


def test_what_nobody_could_grade_makes_no_group_informative():
    batch = group([1.0, 0.0, 0.0])
    assert informative_groups(batch) == 1
    assert informative_groups(replace(batch, valid=torch.tensor([False, True, True]))) == 0


@dataclass(frozen=True)
class ByPrompt(AnswerGrader):
    """Some questions are answered wrongly every time, others rightly now and then."""

    never: tuple[str, ...] = ()

    def __call__(self, response, answer, sample=None, truncated=None):
        right = sample.id not in self.never and len(response) % 2 == 0
        return Grade(float(right), response, "test/length")

    def grade_all(self, responses, samples, truncated=None):
        return [self(response, "", sample) for response, sample in zip(responses, samples, strict=True)]


def test_a_run_learns_from_what_was_drawn(policy_folder, tmp_path):
    samples, keep = some_samples(6), Keep()
    sampling = RolloutSampling(6, 4, informative_groups=1)
    never = tuple(sample.id for sample in samples[:4])
    module = grpo(policy_folder, sampling=sampling, grader=ByPrompt(never=never))
    run = fit(module, prompts(samples, batch_size=6), tmp_path, 1, [keep])
    ((batch, _, _),) = keep.kept
    rounds = int(run.log.values("rollout/rounds")[0])
    assert len(batch.prompts) == rounds and len(batch) == 6 * rounds
    ids = [one.sample.id for one in batch.prompts]
    assert all(name in never for name in ids[:-1]) and ids[-1] not in never
    assert run.log.values("rollout/tokens")[0] == float(batch.completion_mask.sum())


def test_it_is_not_drawn_ahead(policy_folder):
    with pytest.raises(UserValueError, match=r"sampling\.informative_groups"):
        grpo(policy_folder, sampling=RolloutSampling(2, 4, informative_groups=1), max_staleness=1)
