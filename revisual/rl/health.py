"""What a rollout step says of a run that learns little or nothing, and what to change."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from jaxtyping import Float, Int
from torch import Tensor

from revisual.rl.batch import RolloutBatch
from revisual.rl.groups import Groups


@dataclass(frozen=True)
class Finding:
    """One thing that keeps a run from learning.

    Example: `Finding("cut", 1, "20 of 32 answers are cut", "raise max_new_tokens")`
    """

    kind: str
    """What it is about: findings of a kind are compared from step to step."""
    level: int
    """How bad it is, from 1."""
    text: str
    """What was seen, in numbers."""
    advice: str
    """What to change."""

    def __str__(self) -> str:
        return f"{self.text}: {self.advice}"


@dataclass(frozen=True)
class Outcomes:
    """Plain facts of N rollouts, one entry per row, which ranks can exchange without prompts and tokens."""

    prompt: list[int]
    length: list[int]
    truncated: list[bool]
    valid: list[bool]
    accuracy: list[float]
    reward: list[float]
    learned: list[float]
    """Size of the advantage times the row's weight in the selection: 0 where nothing is learned from it."""
    rule: list[str]
    terms: Mapping[str, list[float]]
    """The reward terms that are paid."""

    @classmethod
    def of(cls, batch: RolloutBatch, indices: Int[Tensor, " M"], weights: Float[Tensor, " M"]) -> "Outcomes":
        """Return the outcomes of a batch, of which the filter kept the rows `indices`."""
        drawn = torch.zeros(len(batch), dtype=torch.double)
        drawn.index_add_(0, indices.cpu(), weights.detach().cpu().double())
        advantages = torch.zeros(len(batch)) if batch.advantages is None else batch.advantages.detach().cpu()
        return cls(
            prompt=batch.prompt_index.tolist(),
            length=batch.completion_mask.sum(1).tolist(),
            truncated=batch.truncated.tolist(),
            valid=batch.valid.tolist(),
            accuracy=batch.accuracy.tolist(),
            reward=batch.rewards.tolist(),
            learned=(advantages.double().abs() * drawn).tolist(),
            rule=list(batch.rules) or [""] * len(batch),
            terms={n: v.tolist() for n, v in batch.reward_terms.items() if batch.term_weights.get(n, 1.0) != 0},
        )

    @staticmethod
    def joined(parts: Sequence["Outcomes"]) -> "Outcomes":
        """Return the rows of all parts; prompts of different parts are different ones."""
        prompts, start = list[int](), 0
        for part in parts:
            prompts += [start + prompt for prompt in part.prompt]
            start += 1 + max(part.prompt, default=-1)
        columns = {
            name: [value for part in parts for value in getattr(part, name)]
            for name in ("length", "truncated", "valid", "accuracy", "reward", "learned", "rule")
        }
        terms = {name: [value for part in parts for value in part.terms[name]] for name in parts[0].terms}
        return Outcomes(prompt=prompts, terms=terms, **columns)

    def __len__(self) -> int:
        return len(self.length)


CUT_LEVELS = (1 / 3, 1 / 2, 3 / 4, 0.95)
SPREADLESS_LEVELS = (1 / 2, 3 / 4, 0.95, 1.0)


def reached(share: float, levels: Sequence[float]) -> int:
    """Return how many of the levels a share has come to.

    >>> reached(0.5, (1 / 3, 1 / 2, 3 / 4))
    2
    """
    return sum(share >= level - 1e-9 for level in levels)


def find_cut(seen: Outcomes, limit: int | None = None) -> Finding | None:
    """Find that a third of the answers or more are cut at the limit of tokens, which is `limit` where known."""
    cut = sum(seen.truncated)
    level = reached(cut / len(seen), CUT_LEVELS) if len(seen) else 0
    if not level:
        return None
    ended = [length for length, is_cut in zip(seen.length, seen.truncated, strict=True) if not is_cut]
    rest = (
        f"the others end after {min(ended)} to {max(ended)} tokens (median {median(ended):.0f})"
        if ended
        else "none ends"
    )
    where = f" at {limit} tokens" if limit is not None else ""
    text = f"{cut} of {len(seen)} answers ({cut / len(seen):.0%}) are cut{where}, {rest}"
    return Finding("cut", level, text, "raise sampling.max_new_tokens, or teach shorter answers first")


def find_spreadless(seen: Outcomes) -> Finding | None:
    """Find that half of the groups or more are paid alike, so that no answer of theirs has an advantage."""
    groups, valid = Groups.of(torch.tensor(seen.prompt, dtype=torch.long)), torch.tensor(seen.valid)
    if not groups.number:
        return None
    alike = groups.constant(torch.tensor(seen.reward, dtype=torch.float32), valid)
    accuracy = torch.tensor(seen.accuracy, dtype=torch.float32)
    judged = groups.sum(valid.float()) > 0
    right = alike & judged & (groups.sum((valid & (accuracy < 1)).float()) == 0)
    wrong = alike & judged & (groups.sum((valid & (accuracy > 0)).float()) == 0)
    number, rights, wrongs = int(alike.sum()), int(right.sum()), int(wrong.sum())
    level = reached(number / groups.number, SPREADLESS_LEVELS)
    if not level:
        return None
    text = (
        f"{number} of {groups.number} groups are paid alike ({wrongs} all wrong, {rights} all right), and teach nothing"
    )
    if rights > wrongs:
        advice = "take harder questions, or let mastered ones rest (OnlineDifficulty)"
    elif wrongs:
        advice = "take easier questions (curate by the policy's pass rate), larger groups, or a cold start"
    else:
        advice = "take a reward that tells answers apart"
    return Finding("spreadless", level, text, advice)


def find_constant_terms(seen: Outcomes, wanted: Mapping[str, str] | None = None) -> list[Finding]:
    """Find paid reward terms that have one value for all answers that could be judged.

    Args:
        seen: the rollouts.
        wanted: by the name of a term that pays a form of response, that form in words.
    """
    findings = []
    for name, values in seen.terms.items():
        known = [value for value, valid in zip(values, seen.valid, strict=True) if valid]
        if len(known) < 2 or max(known) > min(known):
            continue
        if known[0] == 0 and (form := (wanted or {}).get(name)):
            text = f"reward {name} is 0 for all {len(known)} answers: none has {form}"
            advice = "ask for that form in system_prompt, or teach it by a cold start"
        else:
            text = f"reward {name} is {known[0]:g} for all {len(known)} answers"
            advice = "it is out of reach as it is" if known[0] == 0 else "it moves nothing as it is"
            advice += "; pay what answers differ in"
        findings.append(Finding(f"constant {name}", 1, text, advice))
    return findings


NOTHING_LEVELS = (1.0, 5.0, 20.0, 100.0)
"""Steps in a row."""


def learns_nothing(seen: Outcomes) -> bool:
    """Return whether no row that the filter kept has an advantage."""
    return not any(seen.learned)


def find_nothing(steps: int) -> Finding | None:
    """Find that there was nothing to learn from, in this rollout step and so many in a row."""
    level = reached(float(steps), NOTHING_LEVELS)
    row = "in this step" if steps == 1 else f"in {steps} steps in a row"
    text = f"no answer with an advantage was kept {row}, so that rewards teach nothing"
    advice = "see what else is said here, and whether advantage_filter keeps too little"
    return Finding("nothing", level, text, advice) if level else None


@dataclass(frozen=True)
class Drift:
    """A number of the run against its own past: a quick mean, a slow one, and how many values both have seen."""

    quick: float = 0.0
    slow: float = 0.0
    count: int = 0

    def add(self, value: float) -> "Drift":
        """Return the means with one value more, as plain means at first; a value that is not finite is left out."""
        if not math.isfinite(value):
            return self
        count = self.count + 1

        def mean(before: float, steps: int) -> float:
            return before + (value - before) / min(count, steps)

        return Drift(mean(self.quick, QUICK), mean(self.slow, SLOW), count)

    def octaves(self, floor: float) -> float:
        """Return how often the quick mean has doubled against the slow one, negative where it has halved.

        Args:
            floor: smaller means count as this.
        """
        return math.log2(max(self.quick, floor) / max(self.slow, floor)) if self.count >= WARM_UP else 0.0


QUICK, SLOW = 4, 50
"""Rollout steps that the two means go over."""
WARM_UP = 8
"""Values before which no drift is judged."""


@dataclass(frozen=True)
class Watched:
    """A number that may run off, and what to do about it."""

    name: str
    format: Callable[[float], str]
    floor: float
    """What is below is as good as this: no doubling counts there."""
    rising: str
    falling: str
    """What to change; empty: no concern."""


WATCHED = (
    Watched(
        "entropy", lambda value: f"{value:.3g} nats", 0.02,
        rising="the policy dissolves; lower the learning rate or entropy_coef",
        falling="the policy stops exploring; lower the learning rate, raise clip_high or entropy_coef",
    ),
    Watched(
        "kl", lambda value: f"{value:.3g} nats per token", 0.05,
        rising="the policy leaves its reference; lower the learning rate or raise kl_coef", falling="",
    ),
    Watched(
        "length", lambda value: f"{value:.0f} tokens", 4.0,
        rising="see whether length is paid for; LengthReward or a smaller max_new_tokens holds it",
        falling="see in rollouts.jsonl whether thoughts are given up; a smaller LengthReward weight holds them",
    ),
)  # fmt: skip


def find_drift(watched: Watched, drift: Drift) -> Finding | None:
    """Find that a number has at least doubled or halved against its own slow mean; each doubling is worse."""
    octaves = drift.octaves(watched.floor)
    advice = watched.rising if octaves > 0 else watched.falling
    level = math.floor(abs(octaves) + 1e-9)
    if not level or not advice:
        return None
    way = "rises" if octaves > 0 else "falls"
    text = f"{watched.name} {way} to {watched.format(drift.quick)} from {watched.format(drift.slow)}"
    return Finding(f"{watched.name} {way}", level, text, advice)


RARE, COMMON = 0.05, 0.5
"""A rule whose share of paid responses goes from under the one to over the other within `JUMP_STEPS` has jumped."""
JUMP_STEPS = 10


def paid_shares(seen: Outcomes) -> dict[str, float]:
    """Return, by the grader's rule, the share of all rollouts that are right by it."""
    rows = zip(seen.rule, seen.accuracy, seen.valid, strict=True)
    paid = Counter(rule for rule, accuracy, valid in rows if valid and accuracy > 0 and rule)
    return {rule: number / len(seen) for rule, number in sorted(paid.items())}


def find_jumps(earlier: Sequence[Mapping[str, float]], now: Mapping[str, float]) -> dict[str, float]:
    """Return the rules whose share has jumped, each with its least share in the last `JUMP_STEPS` steps.

    >>> find_jumps([{"boxed/number": 0.4}, {"boxed/number": 0.3, "bare/number": 0.02}], {"bare/number": 0.8})
    {'bare/number': 0.0}
    """
    window = earlier[-JUMP_STEPS:]
    least = {rule: min((step.get(rule, 0.0) for step in window), default=1.0) for rule in now}
    return {rule: low for rule, low in least.items() if low < RARE and now[rule] > COMMON}
