"""Tiny policies, made once for all tests of families."""

from functools import cache

import pytest

from models.families.helpers import Made, tiny_folder


@pytest.fixture(scope="session")
def made(tmp_path_factory, mixed_samples):
    """From a family's name to its tiny policy."""

    @cache
    def make(family):
        deeper = {"layers": 3} if family.startswith("qwen3_vl") else {}  # two of its layers take features of their own
        return Made(tiny_folder(family, tmp_path_factory.mktemp(family) / "tiny", **deeper), mixed_samples)

    return make
