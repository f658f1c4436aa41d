"""What rollouts say of a run that cannot learn: each finding on batches made for it, and none on a sound one."""

import math
from dataclasses import replace

import pytest
import torch

from revisual.rl.health import (
    WATCHED,
    Drift,
    Outcomes,
    find_constant_terms,
    find_cut,
    find_drift,
    find_jumps,
    find_nothing,
    find_spreadless,
    learns_nothing,
    paid_shares,
)

from .helpers import random_batch


def batch_of(accuracy, lengths=None, cut=None, rules=None, valid=None, group=4, weights=None, **terms):
    """Groups of `group` rows whose reward is their accuracy."""
    rows = len(accuracy)
    values = torch.tensor(accuracy, dtype=torch.float64)
    made = random_batch(0, lengths or [3] * rows, prompts=rows // group)
    return replace(
        made,
        prompt_index=torch.arange(rows) // group,
        accuracy=values,
        rewards=values,
        advantages=values - values.reshape(-1, group).mean(1).repeat_interleave(group),
        truncated=torch.tensor(cut or [False] * rows),
        valid=torch.tensor(valid or [True] * rows),
        reward_terms={name: torch.tensor(each, dtype=torch.float64) for name, each in terms.items()},
        term_weights=weights or dict.fromkeys(terms, 1.0),
        rules=rules or ["boxed/number"] * rows,
    )


def outcomes(batch, indices=None):
    indices = torch.arange(len(batch)) if indices is None else torch.tensor(indices, dtype=torch.long)
    return Outcomes.of(batch, indices, torch.ones(len(indices)))


def seen(*args, **options):
    return outcomes(batch_of(*args, **options))


SOUND = [1, 0, 1, 0, 0, 1, 0, 0]


def test_a_sound_step_finds_nothing():
    sound = seen(SOUND, accuracy_term=SOUND, format=[1, 1, 1, 1, 1, 0, 1, 1])
    assert find_cut(sound) is None and find_spreadless(sound) is None and find_constant_terms(sound) == []
    assert not learns_nothing(sound) and find_nothing(0) is None
    assert all(find_drift(each, Drift()) is None for each in WATCHED)


@pytest.mark.parametrize(("cut", "level"), [(2, 0), (3, 1), (4, 1), (5, 2), (7, 3), (9, 4)])
def test_answers_cut_from_a_third_on(cut, level):
    step = seen([1, 0, 0] * 3, [9] * cut + [2, 3, 7, 8, 5, 5, 5][: 9 - cut], [k < cut for k in range(9)], group=3)
    finding = find_cut(step, 9)
    assert (finding.level if finding else 0) == level
    if cut == 5:
        assert finding.text == (
            "5 of 9 answers (56%) are cut at 9 tokens, the others end after 2 to 8 tokens (median 5)"
        )
    if cut == 9:
        assert "none ends" in finding.text
    if finding:
        assert "max_new_tokens" in finding.advice


@pytest.mark.parametrize(("groups", "level", "numbers", "advice"), [
    ([[0, 0], [1, 0], [1, 0]], 0, "", ""),
    ([[0, 0], [0, 0], [1, 0]], 1, "2 of 3 groups are paid alike (2 all wrong, 0 all right)", "easier"),
    ([[1, 1], [1, 1], [0, 0], [1, 0]], 2, "3 of 4 groups are paid alike (1 all wrong, 2 all right)", "harder"),
    ([[0, 0], [0, 0]], 4, "2 of 2 groups are paid alike (2 all wrong, 0 all right)", "easier"),
    ([[0.5, 0.5], [0.5, 0.5]], 4, "2 of 2 groups are paid alike (0 all wrong, 0 all right)", "tells answers apart"),
])  # fmt: skip
def test_groups_without_spread(groups, level, numbers, advice):
    finding = find_spreadless(seen([value for group in groups for value in group], group=2))
    assert (finding.level if finding else 0) == level
    if finding:
        assert finding.text.startswith(numbers) and advice in finding.advice


def test_a_group_that_could_not_be_judged_is_neither_right_nor_wrong():
    finding = find_spreadless(seen([0, 0, 1, 1], valid=[False, False, True, True], group=2))
    assert "2 of 2 groups are paid alike (0 all wrong, 1 all right)" in finding.text


def test_constant_terms():
    step = seen(
        SOUND,
        valid=[True] * 7 + [False],
        accuracy_term=SOUND,
        style=[0.5] * 7 + [0.1],
        format=[0] * 8,
        unpaid=[0] * 8,
        weights={"accuracy_term": 1.0, "style": 0.2, "format": 0.1, "unpaid": 0.0},
    )
    style, form = find_constant_terms(step, {"format": "a box", "accuracy_term": ""})
    assert style.kind == "constant style" and style.text == "reward style is 0.5 for all 7 answers"
    assert form.text == "reward format is 0 for all 7 answers: none has a box" and "system_prompt" in form.advice
    met = seen(SOUND, format=[1] * 8)
    assert "none has" not in find_constant_terms(met, {"format": "a box"})[0].text


def test_nothing_to_learn_from():
    assert learns_nothing(seen([1, 1, 1, 1]))
    assert learns_nothing(outcomes(batch_of(SOUND), indices=[]))
    zero = Outcomes.of(batch_of(SOUND), torch.arange(8), torch.zeros(8))
    assert learns_nothing(zero) and not learns_nothing(outcomes(batch_of(SOUND), indices=[3]))
    assert [find_nothing(n).level for n in (1, 4, 5, 19, 20, 100, 500)] == [1, 1, 2, 2, 3, 4, 4]
    assert "5 steps in a row" in find_nothing(5).text and "advantage_filter" in find_nothing(5).advice


def test_means_of_a_drift():
    drift = Drift()
    values = [3.0, 1.0, 2.0, 6.0]
    for value in [*values, math.nan, math.inf]:
        drift = drift.add(value)
    assert drift.count == 4 and drift.quick == drift.slow == pytest.approx(3.0)
    drift = drift.add(7.0)
    assert drift.quick == pytest.approx(0.75 * 3.0 + 0.25 * 7.0) and drift.slow == pytest.approx(3.8)


def after(value, times, drift=None):
    drift = drift or Drift()
    for _ in range(times):
        drift = drift.add(value)
    return drift


@pytest.mark.parametrize(("name", "before", "then", "found"), [
    ("entropy", 1.0, 0.2, "entropy falls"), ("entropy", 0.5, 5.0, "entropy rises"), ("entropy", 1.0, 0.9, None),
    ("kl", 0.1, 2.0, "kl rises"), ("kl", 1e-5, 0.04, None), ("kl", 2.0, 0.1, None),
    ("length", 100.0, 400.0, "length rises"), ("length", 100.0, 10.0, "length falls"), ("length", 100.0, 120.0, None),
])  # fmt: skip
def test_numbers_that_run_off(name, before, then, found):
    (watched,) = [each for each in WATCHED if each.name == name]
    steady = after(before, 30)
    assert find_drift(watched, steady) is None
    finding = find_drift(watched, after(then, 8, steady))
    assert (finding.kind if finding else None) == found
    assert finding is None or finding.advice


def test_each_doubling_is_a_level_and_a_young_run_is_not_judged():
    (length,) = [each for each in WATCHED if each.name == "length"]
    assert find_drift(length, Drift(quick=99.0, slow=50.0, count=30)) is None
    assert [find_drift(length, Drift(quick, 50.0, 30)).level for quick in (100.0, 199.0, 201.0, 12.0)] == [1, 1, 2, 2]
    assert find_drift(length, Drift(400.0, 50.0, count=7)) is None


def test_shares_by_rule():
    rules = ["boxed/number", "boxed/number", "sentence/number", "none", "boxed/number", "bare/words", "none", "none"]
    step = seen([1, 0, 1, 0, 1, 1, 0, 0], rules=rules, valid=[True] * 5 + [False] + [True] * 2)
    assert paid_shares(step) == {"boxed/number": 2 / 8, "sentence/number": 1 / 8}


def test_a_jump_is_from_rare_to_common_within_ten_steps():
    steps = [{"a": 0.04}] + [{"a": 0.3}] * 9
    assert find_jumps(steps, {"a": 0.51}) == {"a": 0.04}
    assert find_jumps([*steps, {"a": 0.3}], {"a": 0.51}) == {}
    assert find_jumps(steps, {"a": 0.5}) == {} and find_jumps([{"a": 0.05}], {"a": 0.9}) == {}
    assert find_jumps([], {"a": 0.9}) == {}
    assert find_jumps([{}], {"a": 0.9, "b": 0.1}) == {"a": 0.0}


def test_ranks_together_see_what_one_would():
    lengths, cut = [3, 1, 2, 3, 2, 2, 1, 1], [True, False] * 4
    whole = batch_of(SOUND, lengths, cut, rules=[f"r{k}" for k in range(8)], tokens=SOUND)
    parts = [outcomes(whole.rows([0, 1, 2, 3])), outcomes(whole.rows([4, 5, 6, 7]))]
    assert Outcomes.joined(parts) == outcomes(whole)
