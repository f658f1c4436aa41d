"""Every part can be named and set in a configuration file."""

import math

import pytest
from jsonargparse import ArgumentParser

from revisual.rl import advantages, filters, kl, losses, schedules
from revisual.rl.aggregation import ConstantLength, SequenceMean


@pytest.mark.parametrize(
    ("contract", "config", "expected"),
    [
        (schedules.Schedule, {"class_path": "Constant", "init_args": {"value": 1.0}}, schedules.Constant(1.0)),
        (
            schedules.Schedule,
            {"class_path": "ExponentialDecay", "init_args": {"start": 0.02, "decay": 0.985, "warmup": 140}},
            schedules.ExponentialDecay(0.02, 0.985, 140),
        ),
        (advantages.AdvantageEstimator, {"class_path": "LeaveOneOut"}, advantages.LeaveOneOut()),
        (
            filters.AdvantageFilter,
            {"class_path": "PrioritizedAdvantageDistillation", "init_args": {"t_high": math.inf, "ratio": 0.25}},
            filters.PrioritizedAdvantageDistillation(ratio=0.25),
        ),
        (filters.AdvantageFilter, {"class_path": "PowerSampling"}, filters.PowerSampling()),
        (kl.KLEstimator, {"class_path": "K3", "init_args": {"clamp": math.inf}}, kl.K3(clamp=math.inf)),
        (
            losses.PolicyLoss,
            {
                "class_path": "ClippedLoss",
                "init_args": {
                    "clip_high": 0.3,
                    "dual_clip": 3.0,
                    "aggregation": {"class_path": "ConstantLength", "init_args": {"length": 16}},
                    "kl_estimator": {"class_path": "K2"},
                },
            },
            losses.ClippedLoss(clip_high=0.3, dual_clip=3.0, aggregation=ConstantLength(16), kl_estimator=kl.K2()),
        ),
        (losses.PolicyLoss, {"class_path": "SequenceRatioLoss"}, losses.SequenceRatioLoss(aggregation=SequenceMean())),
    ],
)
def test_built_from_a_config_and_dumped_again(contract, config, expected):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--part", type=contract)
    parsed = parser.parse_object({"part": config})
    assert parser.instantiate(parsed).part == expected
    again = parser.parse_string(parser.dump(parsed))
    assert parser.instantiate(again).part == expected
