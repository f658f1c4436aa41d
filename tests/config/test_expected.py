from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from revisual.config.expected import argument_types, classes_in, expected_classes
from revisual.rewards.functions import AccuracyReward, RewardFunction, WeightedReward
from revisual.rl.schedules import Constant, Schedule


class Shape(ABC):
    @abstractmethod
    def draw(self):
        """Be there."""


@dataclass
class Circle(Shape):
    radius: float
    within: "Sequence[Shape] | None" = None

    def draw(self):
        """Draw."""


def test_classes_in_a_type():
    assert set(classes_in(Sequence[Shape] | dict[str, Circle] | int | None)) == {Shape, Circle}


def test_argument_types():
    assert argument_types(Circle)["radius"] is float

    def unknown(self, a: int, b: "NotThere") -> None:  # noqa: F821
        """Have a type that is not known."""

    assert argument_types(type("Odd", (), {"__init__": unknown})) == {"a": int, "return": None}


def test_told_by_the_types_that_were_tried():
    message = (
        'Parser key "model": Errors: - Parser key "kl": Does not validate against any of the Union subtypes Subtypes: '
        "[<class 'revisual.rl.schedules.Schedule'>, <class 'NoneType'>] Errors: - "
    )
    found = expected_classes(message, None)
    assert Constant in found and Schedule not in found


def test_told_by_what_holds_the_key():
    message = (
        'Parser key "rewards": Does not validate against any of the Union subtypes Subtypes: [collections.abc.Mapping'
        "[str, revisual.rewards.functions.WeightedReward], <class 'NoneType'>] Errors: - Parser key \"function\": - "
    )
    found = expected_classes(message, None)
    assert AccuracyReward in found and RewardFunction not in found and WeightedReward not in found


def test_told_by_the_parser():
    assert expected_classes('Parser key "shapes": ', list[Shape]) == {Circle}
    assert expected_classes('Parser key "shapes": ', None) == set()
