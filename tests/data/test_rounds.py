"""Rounds over chosen prompts, and where they go on."""

from dataclasses import dataclass, field

import pytest

from revisual.core.errors import UserError
from revisual.data.loader import BatchLoader
from revisual.data.rounds import PromptChooser, RoundLoader
from revisual.data.sample import Sample, prompt_key

from .test_loader import Numbers, seen

SIZE = 14


class Everyone(PromptChooser):
    def active(self, keys, least):
        return list(range(len(keys)))


@dataclass
class Scripted(PromptChooser):
    """Another choice for each round, whatever was seen; notes how many passes there had been."""

    choices: list
    clock: list = field(default_factory=lambda: [0])
    asked: list = field(default_factory=list)

    def active(self, keys, least):
        self.asked.append(self.clock[0])
        return self.choices[(len(self.asked) - 1) % len(self.choices)]


CHOICES = [list(range(14)), list(range(0, 14, 2)), [1, 2, 3, 4, 5], list(range(3, 14))]


def rounds(chooser, size=SIZE, batch_size=2, **options):
    return RoundLoader(Numbers(size), batch_size, chooser, list(range(size)), **options)


def epochs(loader, count):
    found = []
    for epoch in range(count):
        loader.sampler.set_epoch(epoch)
        found += seen(loader)
    return found


@pytest.mark.parametrize(("rank", "world_size"), [(0, 1), (0, 2), (1, 2), (2, 3)])
def test_with_everyone_it_is_the_plain_loader(rank, world_size):
    options = {"repeat": 2, "seed": 5, "rank": rank, "world_size": world_size}
    plain = BatchLoader(Numbers(SIZE), 2, **options)
    chosen = rounds(Everyone(), **options)
    assert len(chosen) == len(plain) and epochs(chosen, 3) == epochs(plain, 3)


def test_a_round_holds_what_was_chosen_once_and_epochs_keep_their_length():
    """Rounds of 7, 3, 2 and 5 batches in epochs of 7."""
    found = [items for items, _ in epochs(rounds(Scripted(CHOICES)), 5)]
    assert len(found) == 35
    lengths, start = [7, 3, 2, 5] * 2, 0
    for number, length in enumerate(lengths):
        items = [item for batch in found[start : start + length] for item in batch]
        start += length
        assert set(items) <= set(CHOICES[number % 4]) and len(set(items)) == len(items) == 2 * length
    assert found[:7] != found[17:24]  # shuffled anew


def test_ranks_share_a_round():
    parts = [
        [i for items, _ in epochs(rounds(Scripted(CHOICES), rank=r, world_size=2), 4) for i in items] for r in (0, 1)
    ]
    whole = [i for items, _ in epochs(rounds(Scripted(CHOICES), batch_size=4), 4) for i in items]
    assert len(parts[0]) == len(parts[1]) == 24 and len(whole) == 48
    for step in range(12):
        mine = [i for part in parts for i in part[2 * step : 2 * step + 2]]
        assert sorted(mine) == sorted(whole[4 * step : 4 * step + 4])


@pytest.mark.parametrize("num_workers", [0, 1])
def test_the_chooser_is_asked_when_the_round_before_is_over(num_workers):
    """Though workers load ahead: in passes, rounds end after 14, 20, 24, 34 and 48."""
    chooser = Scripted(CHOICES)
    loader = rounds(chooser, repeat=2, num_workers=num_workers)
    for _ in range(3):
        for _ in loader:
            chooser.clock[0] += 1
    assert chooser.asked == [0, 14, 20, 24, 34]


@pytest.mark.parametrize("num_workers", [0, 1])
@pytest.mark.parametrize("done", [*range(0, 31), 41, 42])
def test_it_goes_on_where_it_was(done, num_workers):
    """Passes of 3 epochs of 7 batches and 2 passes: a batch that was not finished comes again."""
    if num_workers and done not in (13, 14, 16):
        return
    straight = epochs(rounds(Scripted(CHOICES), repeat=2), 4)
    first, chooser = rounds(Scripted(CHOICES), repeat=2, num_workers=num_workers), Scripted(CHOICES)
    passes = 0
    for _ in range(3):
        iterator = iter(first)
        while passes < done and next(iterator, None) is not None:
            passes += 1
    state = first.state_dict()
    chooser.asked = list(first.chooser.asked)
    second = rounds(chooser, repeat=2, num_workers=num_workers)
    second.load_state_dict(state)
    went_on = epochs(second, 2)
    start = done // 2 * 2
    assert went_on[: len(straight) - start] == straight[start : start + len(went_on)] and len(went_on) >= 14


def test_a_state_of_the_plain_loader_begins_a_round():
    loader = rounds(Everyone())
    loader.load_state_dict({"batches": 5})
    assert len(seen(loader)) == 2


def test_a_state_of_other_data_is_refused():
    loader = rounds(Everyone())
    with pytest.raises(UserError, match="a run on 14 prompts, and here are 16"):
        rounds(Everyone(), size=16).load_state_dict(loader.state_dict())


def test_too_few_prompts_are_one_line():
    with pytest.raises(UserError, match="Scripted: 3 prompts are too few for a batch"):
        seen(rounds(Scripted([[1, 2, 3]]), batch_size=4))


def test_keys_tell_sources_and_ids_apart():
    keys = {prompt_key(Sample(id, source=source)) for source in ("a", "b", "a/b") for id in ("1", "2", "b/1")}
    assert len(keys) == 9
