"""Passes over batches, and where they go on."""

import pytest
from torch.utils.data import Dataset

from revisual.data.loader import BatchLoader


class Numbers(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return int(index)


def loader(size=10, batch_size=3, **options):
    return BatchLoader(Numbers(size), batch_size, **options)


def seen(iterator):
    return [(tuple(each.items), each.update) for each in iterator]


def test_every_batch_comes_for_all_its_passes():
    passes = seen(loader(repeat=3, shuffle=False))
    assert passes == [((k, k + 1, k + 2), step) for k in (0, 3, 6) for step in range(3)]
    assert len(loader(repeat=3)) == 9
    assert len(seen(loader(repeat=2, shuffle=False, drop_last=False))) == 8


def test_the_order_is_a_function_of_seed_and_epoch():
    def order(seed, epoch):
        one = loader(seed=seed)
        one.sampler.set_epoch(epoch)
        return seen(one)

    assert order(0, 0) == order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)
    assert order(0, 1) != order(1, 0)


def test_ranks_share_the_items():
    parts = [[i for items, _ in seen(loader(12, 2, rank=r, world_size=3)) for i in items] for r in range(3)]
    assert [len(part) for part in parts] == [4, 4, 4]
    assert sorted(i for part in parts for i in part) == list(range(12))
    whole = [i for items, _ in seen(loader(12, 6)) for i in items]
    assert sorted(parts[0][:2] + parts[1][:2] + parts[2][:2]) == sorted(whole[:6])  # the same global batches


@pytest.mark.parametrize("num_workers", [0, 1])
@pytest.mark.parametrize("done", range(7))
def test_it_goes_on_where_it_was(done, num_workers):
    """7 passes of the 6 of an epoch (3 batches, 2 passes): a batch that was not finished comes again."""
    if num_workers and done != 4:
        return
    first = loader(repeat=2, num_workers=num_workers)
    whole = seen(first)
    first = loader(repeat=2, num_workers=num_workers)
    iterator = iter(first)
    for _ in range(done):
        next(iterator)
    state = first.state_dict()
    assert state == {"batches": done // 2}
    other = loader(repeat=2, num_workers=num_workers)
    other.load_state_dict(state)
    assert seen(other) == (whole[done // 2 * 2 :] if done < 6 else whole)
    assert seen(other) == whole  # the epoch after that is a whole one
    assert other.state_dict() == {"batches": 3}


def test_state_within_a_resumed_epoch_counts_from_its_start():
    one = loader()
    one.load_state_dict({"batches": 1})
    iterator = iter(one)
    next(iterator)
    assert one.state_dict() == {"batches": 2}


class Counted(Numbers):
    """Counts the items that were asked for."""

    asked = 0

    def __getitem__(self, index):
        self.asked += 1
        return super().__getitem__(index)


def test_a_resume_asks_for_no_item_that_it_skips():
    items = Counted(3200)
    loader = BatchLoader(items, 64)
    loader.load_state_dict({"batches": 45})
    first = next(iter(loader))
    straight = [batch.items for batch in BatchLoader(Numbers(3200), 64)]
    assert items.asked == 64 and first.items == straight[45]


@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("updates", [1, 2])
def test_a_batch_that_is_put_back_is_handed_out_again(repeat, updates):
    one, other = (loader(12, 2, repeat=repeat, seed=3) for _ in range(2))
    batches = [batch.items for batch in one if batch.update == 0]
    handed = iter(other)
    for _ in range(2 * repeat + min(updates, repeat)):
        next(handed)
    other.put_back()
    assert other.state_dict() == {"batches": 2}
    again = loader(12, 2, repeat=repeat, seed=3)
    again.load_state_dict(other.state_dict())
    assert next(iter(again)).items == batches[2]
