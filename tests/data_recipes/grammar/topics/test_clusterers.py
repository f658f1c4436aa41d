import numpy as np
import pytest

from revisual.core import packages
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.steps.topics import Topics
from revisual.data_recipes.grammar.topics.clusterers import (
    centres,
    nearest,
    reduce_dimensions,
)
from revisual.data_recipes.grammar.topics.embedders import TfidfEmbedder, unit


def test_at_most_twenty_thousand_points_in_twenty_dimensions():
    for options in ({"sampled": 20_001}, {"dimensions": 21}):
        with pytest.raises(UserError, match="20,000 and 1 <= dimensions <= 20"):
            Topics(**options)


def test_points_go_to_the_nearest_cluster():
    rng = np.random.default_rng(0)
    directions = np.eye(3, dtype=np.float32)
    points = unit(np.repeat(directions, 20, axis=0) + 0.05 * rng.standard_normal((60, 3)))
    labels = np.repeat([0, 1, -1], 20)
    middles = centres(points, labels)
    assert np.allclose(middles, unit(np.stack([points[:20].sum(0), points[20:40].sum(0)])), atol=1e-6)
    assert nearest(points[:40], middles).tolist() == [0] * 20 + [1] * 20
    with pytest.raises(UserError, match="no clusters"):
        centres(points, np.full(60, -1))


def test_reduced_keeps_what_most_points_vary_in():
    rng = np.random.default_rng(1)
    flat = rng.standard_normal((200, 3)) @ rng.standard_normal((3, 50))
    small, projection = reduce_dimensions(flat.astype(np.float32), 3, seed=0)
    assert small.shape == (200, 3) and projection.shape == (50, 3)
    assert np.allclose(
        np.abs(unit(flat @ projection) @ unit(flat @ projection).T), np.abs(unit(flat) @ unit(flat).T), atol=0.05
    )


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'needs the package sklearn: pip install "revisual\[curation\]"'):
        TfidfEmbedder().fit(["a text"], 0)
