import os
import subprocess
import sys
from hashlib import blake2b

import pytest
import torch

from revisual.core.seeds import stable_seed


def test_the_value_is_part_of_what_a_run_can_be_repeated_from():
    digest = blake2b(b'[0, 17, "geometry/42", 3]', digest_size=8).hexdigest()
    assert stable_seed(0, 17, "geometry/42", 3) == int(digest, 16) // 2


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_equal_in_every_process(hash_seed):
    code = "from revisual.core.seeds import stable_seed; print(stable_seed(3, 'é', 'b'))"
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True
    )
    assert run.stdout.strip() == str(stable_seed(3, "é", "b")), run.stderr


def test_parts_that_read_alike_give_different_seeds():
    parts = [(1, 23), (12, 3), (123,), ("1", 23), ("1,23",), ("1", "23"), ("", "123"), ('1", "23',), (), ("",), (-123,)]
    assert len({stable_seed(*p) for p in parts}) == len(parts)


def test_any_generator_takes_it_and_all_63_bits_are_used():
    seeds = [stable_seed(i) for i in range(300)]
    assert len(set(seeds)) == 300
    assert all(0 <= s < 2**63 for s in seeds)
    for bit in range(63):
        assert 90 < sum(s >> bit & 1 for s in seeds) < 210  # 7 standard deviations of a fair coin
    torch.Generator().manual_seed(max(seeds))
