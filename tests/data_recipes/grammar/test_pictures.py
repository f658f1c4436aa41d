"""Fingerprints of pictures."""

import random

import numpy as np
import pytest

from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.pictures import (
    ALIKE,
    CROPS,
    SAME,
    alike,
    cropped_fingerprints,
    fingerprint,
    thumbnails,
)

from .helpers import drawing
from .planting import repictured

COUNT = 60


@pytest.fixture(scope="module")
def drawings():
    rng = random.Random(5)
    return [drawing(rng, (rng.randint(150, 400), rng.randint(150, 400))) for _ in range(COUNT)]


def sample(image):
    return Sample("s", images=(image if isinstance(image, ImageSource) else ImageSource(image=image),))


def test_fingerprints_are_correlations(drawings):
    one, other = fingerprint(drawings[0]), fingerprint(drawings[1])
    assert np.isclose(one @ one, 1.0) and np.isclose(one.mean(), 0.0, atol=1e-6)
    assert np.isclose(one @ other, np.corrcoef(one, other)[0, 1], atol=1e-5)
    assert np.allclose(cropped_fingerprints(drawings[0])[0], one)
    assert len(CROPS) == 17


def test_changed_pictures_are_found_and_others_are_not(drawings):
    rng = random.Random(6)
    known = [cropped_fingerprints(image) for image in drawings]
    right = wrong = 0
    for place, image in enumerate(drawings):
        changed = fingerprint(repictured(ImageSource(image=image), rng).load("changed"))
        scores = np.array([(crops @ changed).max() for crops in known])
        right += scores[place] >= SAME
        wrong += int((np.delete(scores, place) >= SAME).sum())
    assert right >= 0.95 * COUNT and wrong == 0


def test_thumbnails_say_the_same(drawings):
    rng = random.Random(7)
    changed = [repictured(ImageSource(image=image), rng) for image in drawings[:20]]
    scores = alike(thumbnails([sample(image) for image in drawings[:20]]), thumbnails([sample(one) for one in changed]))
    assert (np.diag(scores) >= ALIKE).sum() >= 19
    assert (scores - np.diag(np.diag(scores)) < ALIKE).all()
    assert np.allclose(
        np.diag(alike(thumbnails([sample(drawings[0])]), thumbnails([sample(drawings[0])]))), 1.0, atol=1e-5
    )


def test_another_shape_is_another_picture(drawings):
    tall = drawings[0].resize((100, 300))
    wide = drawings[0].resize((300, 100))
    assert alike(thumbnails([sample(tall)]), thumbnails([sample(wide)]))[0, 0] == -1.0
