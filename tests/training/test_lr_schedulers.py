"""Learning-rate schedules by hand."""

import math
import re
from contextlib import redirect_stdout
from io import StringIO

import pytest
import torch

from revisual.config.parser import OneLineParser
from revisual.training.grpo import GRPOModule
from revisual.training.lr_schedulers import WarmupCosine


def rates(schedule, optimizer, steps):
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)


def test_values():
    sgd = optimizer()
    seen = rates(WarmupCosine(sgd, warmup_ratio=0.2, total=10), sgd, 12)
    cosine = [1 + math.cos(math.pi * k / 8) for k in range(8)]
    assert seen == pytest.approx([1.0, 2.0, *cosine, 0.0, 0.0], abs=1e-12)


def test_without_warmup_it_starts_at_the_full_rate():
    sgd = optimizer()
    assert rates(WarmupCosine(sgd, warmup_ratio=0.0, total=4), sgd, 1) == [2.0]


def test_the_length_may_come_later():
    sgd, late = optimizer(), optimizer()
    schedule = WarmupCosine(late, warmup_ratio=0.4)
    schedule.total_steps = lambda: 5
    schedule.set_present_rates()
    assert rates(schedule, late, 5) == rates(WarmupCosine(sgd, warmup_ratio=0.4, total=5), sgd, 5)


def test_its_state_holds_plain_numbers_only(tmp_path):
    sgd = optimizer()
    schedule = WarmupCosine(sgd)
    schedule.total_steps = lambda: 7
    schedule.set_present_rates()
    schedule.step()
    torch.save(schedule.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    other = WarmupCosine(optimizer())
    other.load_state_dict(state)
    assert other.last_epoch == 1 and other.total is None


def test_help_names_only_schedules_that_are_whole():
    parser = OneLineParser()
    parser.add_subclass_arguments(GRPOModule, "model")
    with pytest.raises(SystemExit), redirect_stdout(StringIO()) as told:
        parser.parse_args(["--model.help=GRPOModule"])
    names = set(re.findall(r"lr_schedulers\.(\w+)", told.getvalue()))
    assert names == {"WarmupCosine"}
