"""Answering prompts and grading the answers: how every module validates, tests and predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torchmetrics import Metric

from revisual.core.distributed import all_gather_objects
from revisual.core.seeds import stable_seed
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import UNNAMED
from revisual.grading.grader import Grader
from revisual.grading.requirements import EVALUATION
from revisual.rewards.functions import WeightedReward
from revisual.rollout.engine import RolloutEngine, Sampling, draw_completions
from revisual.training.rollouts import decode_and_score
from revisual.training.settings import EvalSampling

MEASURES = ("accuracy", "accuracy_as_evaluated", "undeclared", "reward", "length", "truncated", "invalid")
"""What is measured of every answer, besides each of the configured rewards."""


@dataclass  # not frozen, as Lightning copies predictions field by field
class Answer:
    """One graded answer; the fields are the columns of responses.jsonl."""

    id: str
    source: str
    sampling: str
    index: int
    question: str
    response: str
    answer: str
    extracted: str
    rule: str
    error: str | None
    accuracy: float
    reward: float
    """The weighted sum of `reward_terms`."""
    reward_terms: dict[str, float]
    """Of the configured rewards, before weighting."""
    length: int
    """In tokens, the end token included."""
    truncated: bool
    accuracy_as_evaluated: float = 0.0
    """The score under the requirements that `revisual evaluate` has, which joins a curve with its figures."""
    undeclared: float = 0.0
    """1 for an answer that is right but not declared: what a policy without a closing habit loses of its reward."""

    def measures(self) -> dict[str, float]:
        """Return the numbers to be averaged, by name."""
        values = asdict(self) | {"invalid": self.error is not None}
        return self.reward_terms | {name: float(values[name]) for name in MEASURES}


@dataclass(frozen=True)
class Evaluation:
    """How answers are drawn and graded that are measured.

    Args:
        sampling: how they are drawn.
        grader: decides which are right.
        rewards: what else is measured, by name.
        max_new_tokens: most tokens of an answer.
    """

    sampling: EvalSampling
    grader: Grader
    rewards: Mapping[str, WeightedReward]
    max_new_tokens: int

    def answer(
        self, prompts: Sequence[EncodedPrompt], stage: str, engine: RolloutEngine, encoder: PromptEncoder
    ) -> list[Answer]:
        """Return graded answers, drawn in every way that `stage`, `val` or `test`, measures."""
        return [
            answer
            for name, sampling in self.sampling.of_stage(stage).items()
            for answer in answer_prompts(
                prompts, name, sampling, self.max_new_tokens, engine, encoder, self.grader, self.rewards
            )
        ]


def answer_prompts(
    prompts: Sequence[EncodedPrompt],
    name: str,
    sampling: Sampling,
    max_new_tokens: int,
    engine: RolloutEngine,
    encoder: PromptEncoder,
    grader: Grader,
    rewards: Mapping[str, WeightedReward],
) -> list[Answer]:
    """Answer each prompt `sampling.n` times and grade the answers.

    Seeds depend on the prompt and the answer's index alone: two policies are compared on the same draws.
    """
    seeds = [stable_seed("evaluation", name, p.id, j) for p in prompts for j in range(sampling.n)]
    completions = draw_completions(engine, prompts, sampling, max_new_tokens, seeds)
    responses, scored = decode_and_score(prompts, completions, encoder, grader, rewards)
    lengths = completions.mask.sum(1).tolist()
    samples = [prompt.sample for prompt in prompts for _ in range(sampling.n)]
    return [
        Answer(
            id=sample.id,
            source=sample.source,
            sampling=name,
            index=row % sampling.n,
            question=sample.asked,
            response=responses[row],
            answer=sample.answer,
            extracted=scored.grades[row].extracted,
            rule=scored.grades[row].rule,
            error=scored.grades[row].error,
            accuracy=scored.accuracy[row],
            reward=scored.rewards[row],
            reward_terms={term: scores[row] for term, scores in scored.reward_terms.items()},
            length=lengths[row],
            truncated=bool(completions.truncated[row]),
            accuracy_as_evaluated=EVALUATION.score(scored.grades[row]),
            undeclared=float(scored.grades[row].unmet == ("declared",)),
        )
        for row, sample in enumerate(samples)
    ]


class AnswerMeans(Metric):
    """Means of each measure per (sampling, source) over all ranks, each answer counted once.

    Loaders repeat items to give every rank equally many; answers are told apart by prompt, sampling and index.
    """

    full_state_update = False
    keys: list[Tensor]
    values: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("keys", default=[], dist_reduce_fx="cat")
        self.add_state("values", default=[], dist_reduce_fx="cat")
        self.names: dict[int, tuple[str, str]] = {}
        self.measures: list[str] = []

    def update(self, answers: Sequence[Answer]) -> None:
        """Add answers."""
        groups = [(answer.sampling, answer.source) for answer in answers]
        self.names |= {stable_seed(*group): group for group in groups}
        ids = [[stable_seed(a.id, a.index, *g), stable_seed(*g)] for a, g in zip(answers, groups, strict=True)]
        self.keys.append(torch.tensor(ids, device=self.device))
        numbers = [answer.measures() for answer in answers]
        self.measures = list(numbers[0])
        values = [list(each.values()) for each in numbers]
        self.values.append(torch.tensor(values, dtype=torch.float32, device=self.device))

    def compute(self) -> dict[str, float]:
        """Return `{sampling}/{source}/{measure}` for every source, and `{sampling}/all/{measure}`."""
        if not len(self.keys):
            return {}
        keys, values = join(self.keys).cpu(), join(self.values).cpu().double()
        first = find_first(keys[:, 0])
        groups, values = keys[first, 1], values[first]
        names = {key: name for each in all_gather_objects(self.names) for key, name in each.items()}
        means: dict[str, float] = {}
        for key, (sampling, source) in sorted(names.items(), key=lambda item: item[1]):
            means |= self._name_means(f"{sampling}/{source or UNNAMED}", values[groups == key])
        for sampling in sorted({sampling for sampling, _ in names.values()}):
            members = torch.tensor([key for key, (name, _) in names.items() if name == sampling])
            means |= self._name_means(f"{sampling}/all", values[torch.isin(groups, members)])
        return means

    def _name_means(self, prefix: str, values: Float[Tensor, "M K"]) -> dict[str, float]:
        return {f"{prefix}/{name}": float(values[:, k].mean()) for k, name in enumerate(self.measures)}


def join(state: list[Tensor] | Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
    """Return a metric's list state as one tensor; torchmetrics joins it itself when it syncs."""
    return state if isinstance(state, Tensor) else torch.cat(state)


def find_first(values: Int[Tensor, " K"]) -> Int[Tensor, " U"]:
    """Return where each distinct value stands first."""
    unique, inverse = torch.unique(values, return_inverse=True)
    positions = torch.arange(len(values))
    return torch.full((len(unique),), len(values)).scatter_reduce(0, inverse, positions, reduce="amin")
