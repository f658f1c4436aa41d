"""The exported policy."""

import torch
from training.helpers import fit, grpo, prompts, weights

from revisual.callbacks import HFExport
from revisual.core.manifest import check_export
from revisual.models.policy import PretrainedPolicy


def test_export_at_the_end(policy_folder, tmp_path):
    run = fit(grpo(policy_folder), prompts(), tmp_path, 1, [HFExport("stage")])
    assert check_export(tmp_path / "stage")
    loader = PretrainedPolicy(str(tmp_path / "stage"))
    loaded = dict(loader.load(loader.load_processor()).named_parameters())
    assert all(torch.equal(value, loaded[name]) for name, value in weights(run.module).items())
